/**
 * The world of the protocol model: one seat, two bookings, a Redis primary A with its replica B, two sweepers, two
 * rebuilders and the ledger. Small enough to visit every state, large enough for every race of the protocol that needs
 * no more than one seat and one failover. Once B is promoted it has a healthy replica of its own, which is not shown.
 */

/** Everything there are two of is told apart by this: bookings, servers (0 is A, 1 is B), sweepers, rebuilders. */
export type Which = 0 | 1;
export type Pair<T> = readonly [T, T];
export const BOTH: Pair<Which> = [0, 1];

/** Version of a booking. */
export const VERSION = { none: 0, held: 1, confirmed: 2, cancelled: 3 } as const;

export type Entry = { readonly booking: Which; readonly version: number };

/** What one Redis server knows. */
export type Redis = {
	/** The booking that owns the seat. */
	readonly owner: Which | null;
	/** The version of each booking's record. */
	readonly versions: Pair<number>;
	/** Whether the showtime carries the server's replication id, and not another or, since a claim was made, none. */
	readonly isOpen: boolean;
	/** The epoch the showtime was last installed under. */
	readonly epoch: number;
	/** The rebuilder whose claim is the last one made under the server's present replication id. */
	readonly claim: Which | null;
	/** Events that nobody has acknowledged yet, oldest first. */
	readonly outbox: readonly Entry[];
};

export type Ledger = {
	readonly epoch: number;
	readonly owner: Which | null;
	readonly versions: Pair<number>;
	/** Bookings that found their seat taken. */
	readonly conflicts: Pair<boolean>;
};

/** The person behind a booking: the last answer they got, or `cancelling` once they have asked for the end. */
export type Client = {
	readonly lastAnswer: "nothing" | "confirmed" | "cancelling" | "cancelled";
	/** Whether an answer of A is still waiting for the replica. */
	readonly waits: boolean;
};

/** A sweeper between its read and its COMMIT. */
export type Sweep = { readonly entry: Entry; readonly epoch: number };

export type Rebuild =
	/** It has read the epoch, then made its claim; `wasOpen` is what the claim has ended and giving it back restores. */
	| {
			readonly phase: "claimed";
			readonly server: Which;
			readonly seen: number;
			readonly wasOpen: boolean;
			readonly isReplicated: boolean;
	  }
	/** It has raised the epoch and read the ledger. */
	| { readonly phase: "raised"; readonly server: Which; readonly wasOpen: boolean; readonly snapshot: Ledger };

export type State = {
	readonly servers: Pair<Redis>;
	/** Whether A is a primary. Once B is promoted, A goes on as one until it is brought back as B's replica. */
	readonly isPrimaryA: boolean;
	readonly replica: "none" | "attached" | "promoted";
	readonly ledger: Ledger;
	readonly clients: Pair<Client>;
	/** One at each server. */
	readonly sweeps: Pair<Sweep | null>;
	readonly rebuilds: Pair<Rebuild | null>;
};

export const FRESH_REDIS: Redis = {
	owner: null,
	versions: [VERSION.none, VERSION.none],
	isOpen: true,
	epoch: 1,
	claim: null,
	outbox: [],
};

export function startState(hasReplica: boolean): State {
	const client: Client = { lastAnswer: "nothing", waits: false };
	return {
		servers: [FRESH_REDIS, FRESH_REDIS],
		isPrimaryA: true,
		replica: hasReplica ? "attached" : "none",
		ledger: { epoch: 1, owner: null, versions: [VERSION.none, VERSION.none], conflicts: [false, false] },
		clients: [client, client],
		sweeps: [null, null],
		rebuilds: [null, null],
	};
}

/** What happened, in words, and the state it led to. */
export type Step = readonly [label: string, next: State];

export function replace<T>(pair: Pair<T>, which: Which, value: T): Pair<T> {
	return which === 0 ? [value, pair[1]] : [pair[0], value];
}

export function otherThan(which: Which): Which {
	return which === 0 ? 1 : 0;
}

export function withServer(state: State, server: Which, change: Partial<Redis>): State {
	return { ...state, servers: replace(state.servers, server, { ...state.servers[server], ...change }) };
}

export function isPrimary(state: State, server: Which): boolean {
	return server === 0 ? state.isPrimaryA : state.replica === "promoted";
}

export function nameOf(server: Which): string {
	return server === 0 ? "A" : "B";
}

export function isSameEntry(a: Entry, b: Entry): boolean {
	return a.booking === b.booking && a.version === b.version;
}
