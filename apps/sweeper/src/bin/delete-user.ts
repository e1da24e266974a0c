/**
 * Deletes an account: `npm run users:delete -- --email <address>`. Ends its sessions, releases its holds, and removes e-mail, password
 * and name from its row; its bookings stay. If the account has confirmed bookings at future showtimes, it is kept and they are listed.
 * Safe to repeat. Exit code 0: deleted; 1: not deleted.
 */
import { BOOKINGS_LISTED_MAX, type DeletionOutcome, deleteAccount } from "@holdfast/accounts";
import { createRebuilder } from "@holdfast/rebuild";
import { withTools } from "./open-tools.ts";
import { readAccountArgs } from "./read-account-args.ts";

const USAGE = "Usage: npm run users:delete -- --email <address>";

await withTools(async (tools) => {
	const { email } = readAccountArgs(process.argv.slice(2), USAGE);
	const authStore = tools.openAuthStore();
	try {
		const rebuilder = createRebuilder({ ...tools, quarantineMs: null });
		return print(email, await deleteAccount({ ...tools, authStore, rebuilder }, email));
	} finally {
		authStore.close();
	}
});

/** Prints the result and returns the exit code. */
function print(email: string, result: DeletionOutcome): number {
	switch (result.outcome) {
		case "deleted":
			console.log(`Deleted the account ${email} (user ${result.userId}; holds released: ${result.holdsReleased}).`);
			return 0;
		case "unknown_account":
			console.log(`There is no account with the e-mail ${email}. Nothing was changed.`);
			return 1;
		case "not_admin":
			throw new Error("the command of an operator was refused like that of a former admin");
		case "bookings_ahead":
			console.log(`The account ${email} was not deleted: it has confirmed bookings at showtimes that have not ended.`);
			for (const { bookingId, movieTitle, startsAt } of result.bookings)
				console.log(`  ${bookingId}  ${new Date(startsAt).toISOString()}  ${movieTitle}`);
			if (result.isMore) console.log(`  More bookings exist; only the first ${BOOKINGS_LISTED_MAX} are listed.`);
			console.log(
				result.haveSessionsEnded
					? "Its sessions were ended and its holds may have been released; the user can sign in again."
					: "Nothing was changed.",
			);
			console.log("Run the command again after these bookings are cancelled or their showtimes have ended.");
			return 1;
	}
}
