/**
 * The way to Redis: one connection at a time, made anew when it is lost or leads to a server that is no longer the primary. A call
 * waits for the link a little, is sent once, and fails at once when the connection breaks under it; nothing is ever sent twice,
 * or after its caller was answered.
 */
import type { Logger } from "@holdfast/runtime";
import type { Redis } from "ioredis";
import { type Call, type Run, startCall } from "./call.ts";
import { createRoleCheck, DemotedServer } from "./check-role.ts";
import { type Connection, openConnection } from "./connection.ts";
import { type Effect, SeatStoreFault, WritesRefused } from "./fault.ts";
import { createConnectPace } from "./pace-connects.ts";
import { createSilenceWatch } from "./watch-silence.ts";

/**
 * Calls that wait and commands in flight, together, past which a call is refused: above a spike of 20,000 connections, and
 * about 100 MB. A command counts until Redis has answered it, even if its caller has long given up.
 */
const COMMANDS_IN_FLIGHT_MAX = 50_000;
/** A call that finds no connection fails after this long; most losses are shorter. */
const LINK_WAIT_MS = 1_000;
/** A connection on which answers are awaited and none has come for this long is given up. */
const SILENCE_MAX_MS = 4_000;
/** A server is looked at again this often: nothing else tells a quiet connection that its server was demoted. */
const LOOK_EVERY_MS = 1_000;
const LOOK_DEADLINE_MS = 2_000;

/** Who hears of lost links and refused servers; callers are told by their faults. */
export type LinkLog = Pick<Logger, "info" | "warn" | "error">;

export type LinkOptions = {
	readonly url: string;
	readonly log: LinkLog;
	/** Sees every new client before it is used. */
	readonly prepare?: ((redis: Redis) => void) | undefined;
	/**
	 * Looks at the server behind every new connection before it is used, and once a second while it is. Rejects with `DemotedServer`
	 * when it is not the primary, and the address is resolved again. Default: looks at the role alone.
	 */
	readonly inspect?: (redis: Redis) => Promise<void>;
	/** Why writes are refused now; null: they are not. */
	readonly refusal?: () => string | null;
	/** Calls block at the server: each is preceded by a look, which would wait behind it. */
	readonly isBlocking?: boolean;
	readonly commandsInFlightMax?: number | undefined;
	readonly silenceMaxMs?: number;
};

export type Link = {
	/**
	 * Run one call. Rejects with `SeatStoreFault`: `unavailable` when nothing was sent or nothing can have changed,
	 * `outcome_unknown` when a write was sent and not answered.
	 */
	run<T>(effect: Effect, deadlineMs: number, run: Run<T>): Promise<T>;
	close(): void;
};

type Waiting = { send(): void; fail(error: Error): void };

/** Connects in the background, for as long as it takes. */
export function createLink(options: LinkOptions): Link {
	const { url, log, prepare = () => {}, inspect = createRoleCheck(), refusal = () => null, isBlocking = false } = options;
	const { commandsInFlightMax = COMMANDS_IN_FLIGHT_MAX, silenceMaxMs = SILENCE_MAX_MS } = options;
	/** Calls that were not sent yet, oldest first. */
	const waiting = new Set<Waiting>();
	const pace = createConnectPace();
	const silence = createSilenceWatch(silenceMaxMs);
	/** The connection that calls are sent on; null while there is none. */
	let current: Connection | null = null;
	let latest: Connection | null = null;
	/** `latest` leads to a server that is not the primary. */
	let isDemoted = false;
	let lastError: Error | null = null;
	let isClosed = false;
	let timer: NodeJS.Timeout | undefined;

	function connect(): void {
		pace.start();
		isDemoted = false;
		const connection = openConnection(url, prepare, {
			onReady: () => void admit(connection),
			onAnswers: sendWaiting,
			onError: (error) => {
				lastError = error;
			},
			onDemoted: () => retire(connection),
			onLost,
		});
		latest = connection;
		silence.watchGreeting(connection, () => connection !== latest || connection === current || isClosed);
	}

	async function admit(connection: Connection): Promise<void> {
		try {
			await inspect(connection.redis);
		} catch (error) {
			if (error instanceof DemotedServer) retire(connection);
			else connection.drop();
			return;
		}
		if (connection !== latest || isDemoted || isClosed) return;
		clearTimeout(timer);
		log.info("linked to redis");
		pace.succeed();
		current = connection;
		if (!isBlocking) lookLater(connection);
		sendWaiting();
	}

	function lookLater(connection: Connection): void {
		timer = setTimeout(() => void look(connection), LOOK_EVERY_MS);
	}

	/** Beside the calls that wait, so that a crowd does not put it off. */
	async function look(connection: Connection): Promise<void> {
		const onOver = (isLate: boolean): void => {
			if (isLate) silence.onDeadline(connection, LOOK_DEADLINE_MS);
		};
		const call = startCall<void>({ effect: "read", deadlineMs: LOOK_DEADLINE_MS, onOver });
		inspect(connection.redis).then(call.resolve, (error: unknown) => fail(call, connection, error));
		await call.answer.catch(() => {});
		if (connection === current) lookLater(connection);
	}

	/** Its server is not the primary: no call is sent on it any more, what was sent is answered, and then it is replaced. */
	function retire(connection: Connection): void {
		if (connection !== latest || isDemoted) return;
		isDemoted = true;
		if (pace.isFirstFailure()) log.warn("redis is not the primary; resolving its address again");
		if (connection === current) {
			clearTimeout(timer);
			current = null;
		}
		connection.retire();
	}

	function onLost(): void {
		clearTimeout(timer);
		current = null;
		if (isClosed) return;
		if (pace.isFirstFailure() && !isDemoted) log.warn({ err: lastError }, "no link to redis; connecting");
		lastError = null;
		timer = setTimeout(connect, pace.fail(isDemoted));
	}

	function sendWaiting(): void {
		for (const call of waiting) {
			if (!current?.hasRoom()) return;
			waiting.delete(call);
			call.send();
		}
	}

	function fail(call: Pick<Call<unknown>, "reject">, connection: Connection, error: unknown): void {
		if (error instanceof DemotedServer) retire(connection);
		call.reject(error);
	}

	function send<T>(call: Call<T>, effect: Effect, connection: Connection, run: Run<T>): void {
		const reason = effect === "write" ? refusal() : null;
		if (reason !== null) call.reject(new SeatStoreFault("unavailable", new WritesRefused(reason)));
		else runOn(connection, call.lend(connection.redis), run).then(call.resolve, (error: unknown) => fail(call, connection, error));
	}

	/** What blocks has a look of its own sent ahead. */
	function runOn<T>(connection: Connection, lent: Redis, run: Run<T>): Promise<T> {
		return isBlocking ? Promise.all([inspect(connection.redis), run(lent)]).then(([, answer]) => answer) : run(lent);
	}

	connect();
	return {
		run<T>(effect: Effect, deadlineMs: number, run: Run<T>) {
			if (isClosed) return refuse("it is closed");
			if (waiting.size + (current?.inFlight() ?? 0) >= commandsInFlightMax) return refuse(`${commandsInFlightMax} commands are in flight`);
			let used: Connection | null = null;
			let waitTimer: NodeJS.Timeout | undefined;
			const call = startCall<T>({
				effect,
				deadlineMs,
				onOver: (isLate) => {
					clearTimeout(waitTimer);
					waiting.delete(entry);
					if (isLate && used) silence.onDeadline(used, deadlineMs);
				},
			});
			const entry: Waiting = {
				send() {
					clearTimeout(waitTimer);
					used = current;
					if (current) send(call, effect, current, run);
				},
				fail: call.reject,
			};
			if (current?.hasRoom()) entry.send();
			else {
				waiting.add(entry);
				waitTimer = setTimeout(() => current ?? call.reject(new Error(`no connection within ${LINK_WAIT_MS} ms`)), LINK_WAIT_MS);
			}
			return call.answer;
		},
		close() {
			isClosed = true;
			clearTimeout(timer);
			latest?.drop();
			for (const call of [...waiting]) call.fail(new Error("it is closed"));
		},
	};
}

const refuse = (why: string): Promise<never> => Promise.reject(new SeatStoreFault("unavailable", new Error(why)));
