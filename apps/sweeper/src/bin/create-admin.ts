/**
 * Creates an admin: `npm run admin:create -- --email <address>`. Asks for the password on the terminal, or prints a random one when it is left
 * empty or when there is no terminal. An existing user is not changed unless `--promote` is given, which keeps the user's password. Exit code
 * 0: there is an admin with this e-mail; 1: there is none, and nothing was changed.
 */
import { randomBytes } from "node:crypto";
import { beforeAnyChange, changeRole, describeFault } from "@holdfast/accounts";
import { createAdmin, findUserByEmail, OPERATOR, type User } from "@holdfast/database";
import { createPasswords } from "@holdfast/runtime";
import { askPassword } from "./ask-password.ts";
import { type Tools, withTools } from "./open-tools.ts";
import { readAccountArgs } from "./read-account-args.ts";

const USAGE = "Usage: npm run admin:create -- --email <address> [--promote]";
/** As long as the longest e-mail that a registration accepts. */
const EMAIL_MAX_CHARS = 254;
const EMAIL = /^[^\s@\p{Cc}]+@[^\s@.\p{Cc}]+(\.[^\s@.\p{Cc}]+)+$/u;
/** 24 characters. */
const RANDOM_PASSWORD_BYTES = 18;

await withTools(async (tools) => {
	const { email, flags } = readAccountArgs(process.argv.slice(2), USAGE, ["promote"]);
	const found = await beforeAnyChange(() => findUserByEmail(tools.database, email));
	if (found === null) return create(tools, email);
	if (found.user.role === "admin" || flags.has("promote")) return promote(tools, found.user);
	console.log(
		`The account ${email} exists and is not an admin. Nothing was changed. To make it an admin, with its password as it is: ` +
			`npm run admin:create -- --email ${email} --promote`,
	);
	return 1;
});

async function create({ database }: Tools, email: string): Promise<number> {
	if (email.length > EMAIL_MAX_CHARS || !EMAIL.test(email)) throw new Error(`${email} is not an e-mail address. Nothing was changed.`);
	const { stdin: input, stdout: output } = process;
	const typed = input.isTTY && output.isTTY ? await askPassword({ input, output }) : null;
	const password = typed ?? randomBytes(RANDOM_PASSWORD_BYTES).toString("base64url");
	const passwordHash = await createPasswords().hash(password);
	const made = await createAdmin(database, { email, passwordHash, displayName: "Admin", origin: OPERATOR }).catch((error: unknown) => {
		// Without the random password, an admin that was created after all could not be used.
		const hint = typed === null ? ` with the password ${password}` : "";
		throw new Error(`${describeFault(error)} The admin may have been created${hint}. Run the command again to find out.`, { cause: error });
	});
	if (made.outcome === "email_taken") throw new Error(`An account with the e-mail ${email} was created meanwhile. Nothing was changed.`);
	console.log(`Created the admin ${email} (user ${made.userId}).`);
	if (typed === null) console.log(`Password: ${password}`);
	return 0;
}

async function promote({ database, openAuthStore }: Tools, { id, email }: User): Promise<number> {
	const authStore = openAuthStore();
	try {
		const { outcome } = await changeRole({ authStore, database }, { userId: id, role: "admin", origin: OPERATOR });
		switch (outcome) {
			case "changed":
				console.log(`The account ${email} (user ${id}) is an admin now. It keeps its password; sign in again to use the role.`);
				return 0;
			case "unchanged":
				console.log(`The account ${email} (user ${id}) is an admin already. Nothing was changed.`);
				return 0;
			case "unknown_user":
				console.log(`The account ${email} was deleted meanwhile. Nothing was changed.`);
				return 1;
		}
	} finally {
		authStore.close();
	}
}
