/**
 * The way to Redis: one connection at a time, made anew when it is lost. A call waits for the link a little, is sent once,
 * and fails at once when the connection breaks under it; nothing is ever sent twice, or after its caller was answered.
 */
import type { Logger } from "@holdfast/runtime";
import type { Redis } from "ioredis";
import { type Call, type Run, startCall } from "./call.ts";
import { type Connection, openConnection } from "./connection.ts";
import { type Effect, SeatStoreFault } from "./fault.ts";

/**
 * Calls that wait and commands in flight, together, past which a call is refused: above a spike of 20,000 connections, and
 * about 100 MB. A command counts until Redis has answered it, even if its caller has long given up.
 */
const COMMANDS_IN_FLIGHT_MAX = 50_000;
/** A call that finds no connection fails after this long; most losses are shorter. */
const LINK_WAIT_MS = 1_000;
/** A connection on which answers are awaited and none has come for this long is given up. */
const SILENCE_MAX_MS = 4_000;
/** The same while it is greeted, when nothing is lost with it. A server that stands still accepts connections too. */
const GREETING_SILENCE_MAX_MS = 2_000;
const BACK_OFF_MIN_MS = 50;
const BACK_OFF_MAX_MS = 500;
/** A server that was refused is looked at again this often. */
const RECHECK_MS = 1_000;

/** Who hears of lost links and refused servers; callers are told by their faults. */
export type LinkLog = Pick<Logger, "info" | "warn" | "error">;

export type LinkOptions = {
	readonly url: string;
	readonly log: LinkLog;
	/** Sees every new client before it is used. */
	readonly prepare?: ((redis: Redis) => void) | undefined;
	/** Looks at the server behind every new connection before it is used; a sentence it gives is what writes are refused with. */
	readonly inspect?: (redis: Redis) => Promise<string | null>;
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
	const { url, log, prepare = () => {}, inspect, commandsInFlightMax = COMMANDS_IN_FLIGHT_MAX, silenceMaxMs = SILENCE_MAX_MS } = options;
	/** Calls that were not sent yet, oldest first. */
	const waiting = new Set<Waiting>();
	/** The connection that calls are sent on; null while there is none. */
	let current: Connection | null = null;
	let latest: Connection | null = null;
	let refusal: string | null = null;
	let lastError: Error | null = null;
	let failures = 0;
	let isClosed = false;
	let timer: NodeJS.Timeout | undefined;
	let isWatched = false;

	function connect(): void {
		const connection = openConnection(url, prepare, {
			onReady: () => void admit(connection),
			onAnswers: sendWaiting,
			onError: (error) => {
				lastError = error;
			},
			onLost,
		});
		latest = connection;
		watchGreeting(connection);
	}

	function watchGreeting(connection: Connection): void {
		const look = (): void => {
			if (connection !== latest || connection === current) return;
			if (connection.silentMs() >= GREETING_SILENCE_MAX_MS) connection.drop();
			else watchGreeting(connection);
		};
		timer = setTimeout(() => setImmediate(look), Math.ceil(GREETING_SILENCE_MAX_MS - connection.silentMs()));
	}

	async function admit(connection: Connection): Promise<void> {
		try {
			refusal = (await inspect?.(connection.redis)) ?? null;
		} catch {
			connection.drop();
			return;
		}
		if (connection !== latest || isClosed) return;
		clearTimeout(timer);
		if (current === null) log.info("linked to redis");
		failures = 0;
		current = connection;
		if (refusal !== null) timer = setTimeout(() => admit(connection), RECHECK_MS);
		sendWaiting();
	}

	function onLost(): void {
		clearTimeout(timer);
		current = null;
		if (isClosed) return;
		if (failures === 0) log.warn({ err: lastError }, "no link to redis; connecting");
		lastError = null;
		const backOffMs = Math.min(BACK_OFF_MIN_MS * 2 ** failures, BACK_OFF_MAX_MS);
		failures += 1;
		timer = setTimeout(connect, backOffMs * (0.5 + Math.random() / 2));
	}

	function sendWaiting(): void {
		for (const call of waiting) {
			if (!current?.hasRoom()) return;
			waiting.delete(call);
			call.send();
		}
	}

	/**
	 * A silent connection is dropped, so that the server's return is noticed. So is one that still holds bytes which the server
	 * has not taken while it said nothing for half of the deadline: they would be sent when nobody awaits their answer.
	 */
	function onDeadline(connection: Connection, deadlineMs: number): void {
		const silentMs = connection.silentMs();
		if (silentMs >= silenceMaxMs || (silentMs >= deadlineMs / 2 && connection.hasUnsent())) connection.drop();
		else if (!isWatched) watchSilence(connection);
	}

	function watchSilence(connection: Connection): void {
		const silentMs = connection.silentMs();
		isWatched = silentMs > 0 && silentMs < silenceMaxMs;
		if (isWatched) setTimeout(() => setImmediate(() => watchSilence(connection)), Math.ceil(silenceMaxMs - silentMs)).unref();
		else if (silentMs > 0) connection.drop();
	}

	function send<T>(call: Call<T>, effect: Effect, connection: Connection, run: Run<T>): void {
		if (effect === "write" && refusal !== null) call.reject(new SeatStoreFault("unavailable", new Error(refusal)));
		else run(call.lend(connection.redis)).then(call.resolve, call.reject);
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
					if (isLate && used) onDeadline(used, deadlineMs);
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
