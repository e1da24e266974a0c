/** People who go on under another account before the hourly limit of holds stops the one that they use. */
import { DEFAULT_LIMITS } from "@holdfast/domain";

/** `person` of so many `people`, each with an equal share of the accounts: the first of everyone, the second of everyone, ... */
export function accountsOf<Account>(accounts: readonly Account[], people: number, person: number): Account[] {
	return accounts.filter((_, place) => place % people === person);
}

/**
 * Gives the account to use for the next hold. Count each hold that may have been placed; throws when every account has as many as
 * an account may place in an hour.
 */
export function rotateAccounts<Account>(accounts: readonly Account[]) {
	let placed = 0;
	return {
		current(): Account {
			const account = accounts[Math.floor(placed / DEFAULT_LIMITS.holdsPerHourMax)];
			if (account === undefined) throw new Error(`a person needs more than ${accounts.length} accounts`);
			return account;
		},
		countHold(): void {
			placed += 1;
		},
	};
}
