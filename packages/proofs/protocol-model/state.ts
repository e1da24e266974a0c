/**
 * The state of the protocol model: one seat, two bookings, a Redis primary A with its replica B, two sweepers, two rebuilders and the
 * ledger. It is small enough to visit every state, and large enough for every race of the protocol that needs one seat and one
 * failover. After its promotion B has a healthy replica, which the model does not show.
 */

/** The number of a booking, a server (0 is A, 1 is B), a sweeper or a rebuilder: there are two of each. */
export type Which = 0 | 1;
/** One value for each of the two. */
export type Pair<T> = readonly [T, T];
/** Both numbers, to iterate over. */
export const BOTH: Pair<Which> = [0, 1];

/** The versions of a booking by its status. */
export const VERSION = { none: 0, held: 1, confirmed: 2, cancelled: 3 } as const;

/** An outbox entry: the event that gave the booking this version. */
export type Entry = { readonly booking: Which; readonly version: number };

/** The data of one Redis server. */
export type Redis = {
	/** The booking that owns the seat. */
	readonly owner: Which | null;
	/** The version of each booking's record. */
	readonly versions: Pair<number>;
	/** Whether the showtime is installed under the server's present replication id. A claim closes the showtime. */
	readonly isOpen: boolean;
	/** The epoch under which the showtime was last installed. */
	readonly epoch: number;
	/** The rebuilder with the latest claim under the server's present replication id. */
	readonly claim: Which | null;
	/** Events that no sweeper has acknowledged, oldest first. */
	readonly outbox: readonly Entry[];
};

/** The data of Postgres. */
export type Ledger = {
	readonly epoch: number;
	readonly owner: Which | null;
	readonly versions: Pair<number>;
	/** Confirmed bookings whose seat the ledger had given to the other booking. */
	readonly conflicts: Pair<boolean>;
};

/** The client of a booking: the last answer that it received, or `cancelling` after it has sent a cancel. */
export type Client = {
	readonly lastAnswer: "nothing" | "confirmed" | "cancelling" | "cancelled";
	/** Whether an answer of A waits for the replica. */
	readonly waits: boolean;
};

/** A sweeper between its read and its COMMIT. */
export type Sweep = { readonly entry: Entry; readonly epoch: number };

/** A running rebuild. */
export type Rebuild =
	/** The rebuilder has read the epoch (`seen`), then made its claim. `wasOpen` is the value to restore if it returns the claim. */
	| {
			readonly phase: "claimed";
			readonly server: Which;
			readonly seen: number;
			readonly wasOpen: boolean;
			readonly isReplicated: boolean;
	  }
	/** The rebuilder has raised the epoch and read the ledger. */
	| { readonly phase: "raised"; readonly server: Which; readonly wasOpen: boolean; readonly snapshot: Ledger };

/** A state of the model. */
export type State = {
	readonly servers: Pair<Redis>;
	/** Whether A is a primary. After the promotion of B, A remains a primary until it becomes B's replica. */
	readonly isPrimaryA: boolean;
	/** The role of B. */
	readonly replica: "none" | "attached" | "promoted";
	readonly ledger: Ledger;
	readonly clients: Pair<Client>;
	/** The sweeper at each server; null when it is idle. */
	readonly sweeps: Pair<Sweep | null>;
	readonly rebuilds: Pair<Rebuild | null>;
};

/** A Redis server on which the showtime has just been installed. */
export const FRESH_REDIS: Redis = {
	owner: null,
	versions: [VERSION.none, VERSION.none],
	isOpen: true,
	epoch: 1,
	claim: null,
	outbox: [],
};

/** Returns the first state: nothing is held, and every worker is idle. */
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

/** A step: a description of what happens, and the state after it. */
export type Step = readonly [label: string, next: State];

/** Returns the pair with another value for `which`. */
export function replace<T>(pair: Pair<T>, which: Which, value: T): Pair<T> {
	return which === 0 ? [value, pair[1]] : [pair[0], value];
}

/** Returns the other number. */
export function otherThan(which: Which): Which {
	return which === 0 ? 1 : 0;
}

/** Returns the state with some fields of one server changed. */
export function withServer(state: State, server: Which, change: Partial<Redis>): State {
	return { ...state, servers: replace(state.servers, server, { ...state.servers[server], ...change }) };
}

/** Whether this server is a primary. */
export function isPrimary(state: State, server: Which): boolean {
	return server === 0 ? state.isPrimaryA : state.replica === "promoted";
}

/** Returns the name of a server: A or B. */
export function nameOf(server: Which): string {
	return server === 0 ? "A" : "B";
}

/** Whether both entries are of the same event. */
export function isSameEntry(a: Entry, b: Entry): boolean {
	return a.booking === b.booking && a.version === b.version;
}
