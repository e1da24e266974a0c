/**
 * Demotes an admin: `npm run admin:revoke -- --email <address>`. Changes the role to user, ends the sessions, and denies the access tokens.
 * When it returns, no command of this admin can be accepted any more; the person can sign in again, as a user. Safe to repeat. Exit code 0:
 * the account is no admin; 1: it may still be one, or does not exist.
 */
import { setTimeout as delay } from "node:timers/promises";
import { beforeAnyChange, changeRole, DENIAL_WAIT_MS } from "@holdfast/accounts";
import { findAccount, OPERATOR } from "@holdfast/database";
import { withTools } from "./open-tools.ts";
import { readAccountArgs } from "./read-account-args.ts";

const USAGE = "Usage: npm run admin:revoke -- --email <address>";

await withTools(async ({ database, openAuthStore }) => {
	const { email } = readAccountArgs(process.argv.slice(2), USAGE);
	const account = await beforeAnyChange(() => findAccount(database, email));
	const unknown = `There is no account with the e-mail ${email}. Nothing was changed.`;
	if (account === null) throw new Error(unknown);
	const { userId } = account;
	const authStore = openAuthStore();
	try {
		const result = await changeRole({ authStore, database }, { userId, role: "user", origin: OPERATOR });
		if (result.outcome === "unknown_user") throw new Error(unknown);
		// Until every process refuses the tokens, and the requests that were accepted before have ended.
		await delay(DENIAL_WAIT_MS);
		console.log(
			result.outcome === "changed"
				? `The account ${email} (user ${userId}) is no admin any more. Its sessions were ended; the user can sign in again, as a user.`
				: `The account ${email} (user ${userId}) is no admin. Tokens from a time when it was one are refused.`,
		);
		if (result.adminsLeft === 0) console.log("Warning: no admin is left. Create one: npm run admin:create -- --email <address>");
		return 0;
	} finally {
		authStore.close();
	}
});
