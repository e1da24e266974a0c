/**
 * The safeguards that keep a seat from being sold twice or lost. Each is a switch, so that the model can show the violation that
 * follows without it. A safeguard whose absence causes no violation would not be needed.
 */
export type Safeguards = {
	/** Confirm and cancel are acknowledged only when a replica has their writes. */
	readonly wait: boolean;
	/** No script changes a seat unless the server still has the replication id under which the showtime was installed. */
	readonly fence: boolean;
	/** The ledger refuses entries that were read under an older epoch than its own. */
	readonly epoch: boolean;
	/** An install keeps the higher version of each booking: the ledger's or the one in Redis. */
	readonly version: boolean;
	/** The claim of a rebuild reaches a replica before the epoch is raised, so a primary without a replica cannot raise it. */
	readonly claim: boolean;
	/** The epoch is raised only if it still has the value that the rebuilder read before it made its claim. */
	readonly compareAndSet: boolean;
	/** The sweeper reads entries and their epoch in one call, not from two servers with a failover in between. */
	readonly atomicRead: boolean;
	/** The ledger writes only versions of a booking that are newer than the one it has. */
	readonly settleOnce: boolean;
	/** After an install, a booking whose latest version is cancelled owns no seat. */
	readonly cancelledOwnNothing: boolean;
};

/** The protocol as it is: every safeguard is on. */
export const ALL_SAFEGUARDS: Safeguards = {
	wait: true,
	fence: true,
	epoch: true,
	version: true,
	claim: true,
	compareAndSet: true,
	atomicRead: true,
	settleOnce: true,
	cancelledOwnNothing: true,
};
