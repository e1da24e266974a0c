/**
 * The timeline of a bucket: the number of its history in the seat store. A new one starts when the seat store is proven to have
 * lost part of the history that it had acknowledged.
 */

/** What the ledger has of a bucket: its timeline, and the highest counter that was settled. */
export type LedgerTimeline = {
	readonly timeline: number;
	readonly seq: number;
	/** When that counter was settled, epoch ms; null when nothing was. */
	readonly recordedAt: number | null;
};

/** What the seat store has of the bucket once it has adopted the ledger's timeline, or has started a new one. */
export type AdoptedTimeline = {
	/** Never below the ledger's. */
	readonly timeline: number;
	/** Whether loss is proven: the seat store lacks part of what the ledger has recorded. */
	readonly lost: boolean;
	/** The seat store's counter now. Its next event gets the number after it. */
	readonly seq: number;
};
