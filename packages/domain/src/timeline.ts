/**
 * The timeline of a bucket: the number of its history in the seat store. A new timeline starts when the seat store is proven to have
 * lost events that it had acknowledged.
 */

/** What the ledger knows of a bucket: its timeline, and the highest sequence number that was settled. */
export type LedgerTimeline = {
	readonly timeline: number;
	readonly seq: number;
	/** When the event with that number was settled, in epoch ms; null if nothing was settled yet. */
	readonly recordedAt: number | null;
};

/** What the seat store has of a bucket after it has adopted the ledger's timeline or started a new one. */
export type AdoptedTimeline = {
	/** At least the ledger's timeline. */
	readonly timeline: number;
	/** Whether loss is proven: the seat store lacks events that the ledger has recorded. */
	readonly lost: boolean;
	/** The last sequence number that the seat store gave to an event. The next event gets the next number. */
	readonly seq: number;
};
