/**
 * Delete an account: `npm run users:delete -- --email <address>`. Ends its sessions, releases its holds, and takes e-mail, password
 * and name out of its row; its bookings stay. Keeps an account that has confirmed bookings ahead, and lists them. May be repeated.
 */
import { parseArgs } from "node:util";
import { BOOKINGS_LISTED_MAX, type DeletionOutcome, deleteAccount } from "@holdfast/accounts";
import { createRebuilder } from "@holdfast/rebuild";
import { withTools } from "./open-tools.ts";

const USAGE = "Usage: npm run users:delete -- --email <address>";

await withTools(async (tools) => {
	const email = readEmail(process.argv.slice(2));
	const authStore = tools.openAuthStore();
	try {
		const rebuilder = createRebuilder({ ...tools, quarantineMs: null });
		return print(email, await deleteAccount({ ...tools, authStore, rebuilder }, email));
	} finally {
		authStore.close();
	}
});

function readEmail(args: string[]): string {
	try {
		const { email } = parseArgs({ args, options: { email: { type: "string" } } }).values;
		if (email) return email;
	} catch {
		// An unknown option, or one without its value.
	}
	throw new Error(USAGE);
}

/** Gives the exit code. */
function print(email: string, result: DeletionOutcome): number {
	switch (result.outcome) {
		case "deleted":
			console.log(`${email} is deleted (user ${result.userId}; holds released: ${result.holdsReleased}).`);
			return 0;
		case "unknown_account":
			console.log(`There is no account with the e-mail ${email}. Nothing was done.`);
			return 1;
		case "bookings_ahead":
			console.log(`${email} is kept: it has confirmed bookings of showtimes that are not over.`);
			for (const { bookingId, movieTitle, startsAt } of result.bookings)
				console.log(`  ${bookingId}  ${new Date(startsAt).toISOString()}  ${movieTitle}`);
			if (result.isMore) console.log(`  and more than these ${BOOKINGS_LISTED_MAX}`);
			console.log(result.haveSessionsEnded ? "Its sessions have ended; it can sign in again." : "Nothing was done.");
			return 1;
	}
}
