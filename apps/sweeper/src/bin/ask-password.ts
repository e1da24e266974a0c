/** Asks for a new password on a terminal, without showing what is typed. */
import { createInterface } from "node:readline/promises";
import { Writable } from "node:stream";
import { PASSWORD_MAX_CHARS, PASSWORD_MIN_CHARS } from "@holdfast/runtime";

/** The terminal. */
export type Terminal = { readonly input: NodeJS.ReadableStream; readonly output: NodeJS.WritableStream };

/**
 * Asks for the password twice and returns it, or null when it is left empty. Throws with what is wrong when the password does not fit the
 * rules of a registration, when the two differ, or when the user aborts.
 */
export async function askPassword({ input, output }: Terminal): Promise<string | null> {
	const silent = new Writable({ write: (_chunk, _encoding, done) => done() });
	// `terminal` makes readline switch off the echo of the terminal; what readline itself would print goes nowhere.
	const lines = createInterface({ input, output: silent, terminal: true });
	const aborting = new AbortController();
	lines.on("SIGINT", () => aborting.abort());
	lines.on("close", () => aborting.abort());
	const ask = async (question: string): Promise<string> => {
		output.write(question);
		const answer = await lines.question("", { signal: aborting.signal }).catch(() => {
			throw new Error("Aborted. Nothing was changed.");
		});
		output.write("\n");
		return answer;
	};
	try {
		const password = await ask("Password (leave it empty to get a random one): ");
		if (password === "") return null;
		const violation = findPasswordViolation(password);
		if (violation !== null) throw new Error(violation);
		if ((await ask("The same password again: ")) !== password) throw new Error("The two passwords differ. Nothing was changed.");
		return password;
	} finally {
		lines.close();
	}
}

/** Returns why this cannot be a password, by the rules of a registration; null when it can. */
export function findPasswordViolation(password: string): string | null {
	const chars = Array.from(password).length;
	if (chars >= PASSWORD_MIN_CHARS && chars <= PASSWORD_MAX_CHARS) return null;
	return `A password has ${PASSWORD_MIN_CHARS} to ${PASSWORD_MAX_CHARS} characters, and this one has ${chars}. Nothing was changed.`;
}
