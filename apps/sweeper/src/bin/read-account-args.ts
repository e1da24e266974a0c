/** Reads the arguments of the commands that name an account by its e-mail. */
import { parseArgs } from "node:util";

/** The arguments: the e-mail, and whether each of the flags was given. */
export type AccountArgs = { readonly email: string; readonly flags: ReadonlySet<string> };

/** Returns the arguments of this process. Throws `usage` when `--email` is missing or another argument is unknown. */
export function readAccountArgs(args: readonly string[], usage: string, flags: readonly string[] = []): AccountArgs {
	const options = Object.fromEntries(flags.map((flag) => [flag, { type: "boolean" as const }]));
	try {
		const { values } = parseArgs({ args: [...args], options: { ...options, email: { type: "string" } } });
		const { email, ...given } = values;
		if (typeof email === "string" && email !== "") return { email, flags: new Set(Object.keys(given)) };
	} catch {
		// An unknown option, or an option without its value.
	}
	throw new Error(usage);
}
