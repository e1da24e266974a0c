/** Switches a test client to its next account before the present account reaches the hourly limit of holds. */
import { DEFAULT_LIMITS } from "@holdfast/domain";

/** Returns the accounts of one person (by number) when `people` persons share the accounts equally. */
export function accountsOf<Account>(accounts: readonly Account[], people: number, person: number): Account[] {
	return accounts.filter((_, place) => place % people === person);
}

/**
 * Returns a rotation over the accounts. `current` returns the account for the next hold, and throws when every account has reached
 * the hourly limit. Call `countHold` after every hold that may have been placed.
 */
export function rotateAccounts<Account>(accounts: readonly Account[]) {
	let placed = 0;
	return {
		current(): Account {
			const account = accounts[Math.floor(placed / DEFAULT_LIMITS.holdsPerHourMax)];
			if (account === undefined) throw new Error(`all ${accounts.length} accounts of a person have reached the hourly limit of holds`);
			return account;
		},
		countHold(): void {
			placed += 1;
		},
	};
}
