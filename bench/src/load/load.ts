/** What a load is, and what came of it. Both travel between processes as JSON. */

/** One request as a generator sends it: `token` is added as its bearer. */
export type LoadRequest = { readonly path: string; readonly body?: unknown };
/** One connection: one person, who sends the requests in order, one after the other. */
export type LoadConnection = { readonly token: string; readonly requests: readonly LoadRequest[] };

export type Load = {
	readonly origin: string;
	/** All open at once; each sends its list once. All lists are equally long. */
	readonly connections: readonly LoadConnection[];
};

/**
 * Answers by what they mean. `ok`: 2xx. A refusal is a coded 4xx. A fault is a 5xx, a broken socket or no answer in
 * time. `byCode` counts each code and kind of fault.
 */
export type LoadResult = {
	readonly ok: number;
	readonly refused: number;
	readonly faults: number;
	readonly byCode: Readonly<Record<string, number>>;
	/** Epoch milliseconds of the first connection and the last answer. */
	readonly startedAt: number;
	readonly endedAt: number;
	/** Latencies in microseconds, an HdrHistogram in its compressed form. */
	readonly histogram: string;
	/** Bodies of the 2xx answers, each with the connection that got it. */
	readonly won: readonly { readonly connection: number; readonly body: string }[];
};
