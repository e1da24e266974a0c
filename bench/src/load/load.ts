/** A load and its result. Both are sent between processes as JSON. */

/** One POST request. The generator adds the token of the connection. */
export type LoadRequest = { readonly path: string; readonly body?: unknown };
/** One connection, which sends its requests one after the other. */
export type LoadConnection = { readonly token: string; readonly requests: readonly LoadRequest[] };

/** The requests of all connections. */
export type Load = {
	readonly origin: string;
	/** All are open at the same time, and each sends its list once. All lists have the same length. */
	readonly connections: readonly LoadConnection[];
};

/**
 * The number of answers by kind. `ok`: 2xx. `refused`: a 4xx with a problem code. `faults`: a 5xx, a broken connection or a timeout.
 * `byCode` counts each problem code and kind of fault.
 */
export type LoadResult = {
	readonly ok: number;
	readonly refused: number;
	readonly faults: number;
	readonly byCode: Readonly<Record<string, number>>;
	/** When the first connection was opened, in epoch ms. */
	readonly startedAt: number;
	/** When the last answer arrived, in epoch ms. */
	readonly endedAt: number;
	/** Latencies in microseconds, as a compressed HdrHistogram. */
	readonly histogram: string;
	/** The bodies of the 2xx answers, each with the number of its connection. */
	readonly won: readonly { readonly connection: number; readonly body: string }[];
};
