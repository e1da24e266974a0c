/**
 * The way to Redis for calls, over one connection at a time. A call waits for the connection a little, is sent once, and fails at
 * once when the connection breaks under it; nothing is ever sent twice, or after its caller was answered.
 */
import type { Redis } from "ioredis";
import { type Call, type Run, startCall } from "./call.ts";
import { createRoleCheck } from "./check-role.ts";
import type { Connection } from "./connection.ts";
import { type Effect, SeatStoreFault, WritesRefused } from "./fault.ts";
import { type KeepConnectedOptions, KeptConnection, type LinkLog, type Probe } from "./keep-connected.ts";
import type { Place } from "./place.ts";

/**
 * Calls that wait and commands in flight, together, past which a call is refused: above a spike of 20,000 connections, and
 * about 100 MB. A command counts until Redis has answered it, even if its caller has long given up.
 */
const COMMANDS_IN_FLIGHT_MAX = 50_000;
/** A call that finds no connection fails after this long; most losses are shorter. */
const LINK_WAIT_MS = 1_000;
/** A server is looked at again this often: nothing else tells a quiet connection that its server was demoted. */
const LOOK: Probe = { everyMs: 1_000, deadlineMs: 2_000 };

export type LinkOptions = {
	readonly url: string;
	readonly log: LinkLog;
	/** What the link is for, as the log calls it. */
	readonly use?: string;
	/** Sees every new client before it is used. */
	readonly prepare?: ((redis: Redis) => void) | undefined;
	/**
	 * Looks at the server behind every new connection before it is used, and once a second while it is. Rejects with `DemotedServer`
	 * when it is not the primary, and the address is resolved again. Default: looks at the role alone.
	 */
	readonly inspect?: (redis: Redis) => Promise<void>;
	/** Runs once on every new connection before it is used. */
	readonly onConnected?: KeepConnectedOptions["onConnected"];
	/** Why writes are refused now; null: they are not. */
	readonly refusal?: () => string | null;
	/** Calls block at the server: each is preceded by a look, which would wait behind it. */
	readonly isBlocking?: boolean;
	readonly commandsInFlightMax?: number | undefined;
	readonly silenceMaxMs?: number;
};

export type Link = {
	/**
	 * Run one call at its place. Rejects with `SeatStoreFault`: `unavailable` when nothing was sent or nothing can have changed,
	 * `outcome_unknown` when a write was sent and not answered.
	 */
	run<T>(place: Place, effect: Effect, deadlineMs: number, run: Run<T>): Promise<T>;
	close(): void;
};

type Waiting = { send(connection: Connection): void; fail(error: Error): void };

/** Connects in the background, for as long as it takes. All places are at its one server. */
export function createLink(options: LinkOptions): Link {
	const { url, log, use = "calls", prepare, onConnected, inspect = createRoleCheck(), refusal = () => null, silenceMaxMs } = options;
	const { isBlocking = false, commandsInFlightMax = COMMANDS_IN_FLIGHT_MAX } = options;
	/** Calls that were not sent yet, oldest first. */
	const waiting = new Set<Waiting>();
	const probe = isBlocking ? null : LOOK;
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

	/** What blocks has a look of its own sent ahead. */
	function runOn<T>(connection: Connection, lent: Redis, run: Run<T>): Promise<T> {
		return isBlocking ? Promise.all([inspect(connection.redis), run(lent)]).then(([, answer]) => answer) : run(lent);
	}

	return {
		run<T>(_place: Place, effect: Effect, deadlineMs: number, run: Run<T>) {
			const { current } = kept;
			if (kept.isClosed) return refuse("it is closed");
			if (waiting.size + (current?.inFlight() ?? 0) >= commandsInFlightMax) return refuse(`${commandsInFlightMax} commands are in flight`);
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
				waitTimer = setTimeout(() => kept.current ?? entry.fail(new Error(`no connection within ${LINK_WAIT_MS} ms`)), LINK_WAIT_MS);
			}
			return call.answer;
		},
		close() {
			kept.close();
			for (const call of [...waiting]) call.fail(new Error("it is closed"));
		},
	};
}

const refuse = (why: string): Promise<never> => Promise.reject(new SeatStoreFault("unavailable", new Error(why)));
