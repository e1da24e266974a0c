/**
 * The rules that keep a seat from being sold twice or lost, each a switch: what the model leaves out, it must be able to
 * break. A rule whose absence breaks nothing would be a rule nobody needs.
 */
export type Safeguards = {
	/** Confirm and cancel answer only once a replica has what they wrote. */
	readonly wait: boolean;
	/** No script touches a seat under another replication id than the one its showtime was installed under. */
	readonly fence: boolean;
	/** The ledger refuses entries that were read under an older epoch than its own. */
	readonly epoch: boolean;
	/** An install keeps the higher version of each booking, the ledger's or that of Redis. */
	readonly version: boolean;
	/** The claim of a rebuild reaches a replica before the epoch is raised: a primary that is alone cannot raise it. */
	readonly claim: boolean;
	/** The epoch is raised only from the one that the rebuilder saw before it made its claim. Seeing it later is not seeing it. */
	readonly compareAndSet: boolean;
	/** The sweeper reads entries and their epoch in one go, not from two servers with a failover in between. */
	readonly atomicRead: boolean;
	/** The ledger takes only versions of a booking that are newer than its own. */
	readonly settleOnce: boolean;
	/** A booking whose kept version is cancelled owns nothing after an install. */
	readonly deadOwnNothing: boolean;
};

export const ALL_SAFEGUARDS: Safeguards = {
	wait: true,
	fence: true,
	epoch: true,
	version: true,
	claim: true,
	compareAndSet: true,
	atomicRead: true,
	settleOnce: true,
	deadOwnNothing: true,
};
