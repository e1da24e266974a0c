/**
 * The link carries calls to Redis over one connection at a time. A call waits briefly for a connection, is sent once, and fails
 * at once when its connection is lost. No command is sent twice, or after its caller got a result.
 */
import type { Redis } from "ioredis";
import { type Call, type Run, startCall } from "./call.ts";
import { createRoleCheck } from "./check-role.ts";
import type { Connection } from "./connection.ts";
import { type Effect, SeatStoreFault, WritesRefused } from "./fault.ts";
import { type KeepConnectedOptions, KeptConnection, type LinkLog, type Probe } from "./keep-connected.ts";
import type { Place } from "./place.ts";

/**
 * Maximum of waiting calls and commands in flight together; further calls are refused. This is above a spike of 20,000
 * connections, and about 100 MB. A command counts until Redis has answered it, even if its caller timed out long before.
 */
const COMMANDS_IN_FLIGHT_MAX = 50_000;
/** A call that finds no connection fails after this long. Most outages of a connection are shorter. */
const LINK_WAIT_MS = 1_000;
/** The server is inspected this often. An idle connection would not notice that its server was demoted. */
const INSPECTION: Probe = { everyMs: 1_000, deadlineMs: 2_000 };

/** Which server a link leads to, and how it treats connections and calls. */
export type LinkOptions = {
	readonly url: string;
	readonly log: LinkLog;
	/** What the link is used for: the field `use` of its log entries. */
	readonly use?: string;
	/** Called with every new client before the client is used. */
	readonly prepare?: ((redis: Redis) => void) | undefined;
	/**
	 * Inspects the server of every new connection before it is used, and once a second afterwards. Rejects with `DemotedServer` when
	 * the server is not the primary; the link then resolves the address again. Default: checks only the role.
	 */
	readonly inspect?: (redis: Redis) => Promise<void>;
	/** Runs once on every new connection before it is used. */
	readonly onConnected?: KeepConnectedOptions["onConnected"];
	/** Returns why writes are refused now, or null when they are not. */
	readonly refusal?: () => string | null;
	/** Calls block in Redis. An inspection is sent ahead of each call, because one that is sent later would wait behind the call. */
	readonly isBlocking?: boolean;
	readonly commandsInFlightMax?: number | undefined;
	readonly silenceMaxMs?: number;
};

/** Sends calls to Redis. */
export type Link = {
	/**
	 * Runs one call. Rejects with `SeatStoreFault`: `unavailable` when nothing was sent or nothing can have changed,
	 * `outcome_unknown` when a write was sent and not answered.
	 */
	run<T>(place: Place, effect: Effect, deadlineMs: number, run: Run<T>): Promise<T>;
	/** Closes the connection for good. Waiting calls and calls in flight fail. Safe to call twice. */
	close(): void;
};

type Waiting = { send(connection: Connection): void; fail(error: Error): void };

/**
 * Creates a link. Returns at once and connects in the background, retrying until it is closed. There is one server, so the place
 * of a call is ignored.
 */
export function createLink(options: LinkOptions): Link {
	const { url, log, use = "calls", prepare, onConnected, inspect = createRoleCheck(), refusal = () => null, silenceMaxMs } = options;
	const { isBlocking = false, commandsInFlightMax = COMMANDS_IN_FLIGHT_MAX } = options;
	/** Calls that are not sent yet, oldest first. */
	const waiting = new Set<Waiting>();
	const probe = isBlocking ? null : INSPECTION;
	const kept = new KeptConnection({ url, log, use, prepare, inspect, onConnected, probe, silenceMaxMs, onRoom: sendWaiting });

	function sendWaiting(): void {
		for (const call of waiting) {
			const { current } = kept;
			if (!current?.hasRoom()) return;
			waiting.delete(call);
			call.send(current);
		}
	}

	function send<T>(call: Call<T>, effect: Effect, connection: Connection, run: Run<T>): void {
		const reason = effect === "write" ? refusal() : null;
		if (reason !== null) call.reject(new SeatStoreFault("unavailable", new WritesRefused(reason)));
		else
			runOn(connection, call.lend(connection.redis), run).then(call.resolve, (error: unknown) => {
				kept.onFailure(connection, error);
				call.reject(error);
			});
	}

	/** Sends an inspection ahead of a call that blocks. */
	function runOn<T>(connection: Connection, lent: Redis, run: Run<T>): Promise<T> {
		return isBlocking ? Promise.all([inspect(connection.redis), run(lent)]).then(([, answer]) => answer) : run(lent);
	}

	return {
		run<T>(_place: Place, effect: Effect, deadlineMs: number, run: Run<T>) {
			const { current } = kept;
			if (kept.isClosed) return refuse("the link is closed");
			if (waiting.size + (current?.inFlight() ?? 0) >= commandsInFlightMax)
				return refuse(`${commandsInFlightMax} commands are already in flight`);
			let used: Connection | null = null;
			let waitTimer: NodeJS.Timeout | undefined;
			const onOver = (isLate: boolean): void => {
				clearTimeout(waitTimer);
				waiting.delete(entry);
				if (isLate && used) kept.onLate(used, deadlineMs);
			};
			const call = startCall<T>({ effect, deadlineMs, onOver });
			const entry: Waiting = {
				send(connection) {
					clearTimeout(waitTimer);
					used = connection;
					send(call, effect, connection, run);
				},
				fail: call.reject,
			};
			if (current?.hasRoom()) entry.send(current);
			else {
				waiting.add(entry);
				waitTimer = setTimeout(
					() => kept.current ?? entry.fail(new Error(`no connection to Redis within ${LINK_WAIT_MS} ms`)),
					LINK_WAIT_MS,
				);
			}
			return call.answer;
		},
		close() {
			kept.close();
			for (const call of [...waiting]) call.fail(new Error("the link is closed"));
		},
	};
}

const refuse = (why: string): Promise<never> => Promise.reject(new SeatStoreFault("unavailable", new Error(why)));
