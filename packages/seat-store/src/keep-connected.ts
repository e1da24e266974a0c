/**
 * Keeps one connection to the primary: makes it, inspects and prepares it before it is used, probes it while it is used, and replaces
 * it when it is lost, falls silent, or leads to a server that is not the primary any more.
 */
import type { Logger } from "@holdfast/runtime";
import type { Redis } from "ioredis";
import { startCall } from "./call.ts";
import { DemotedServer } from "./check-role.ts";
import { type Connection, openConnection } from "./connection.ts";
import { createConnectPace } from "./pace-connects.ts";
import { createSilenceWatch } from "./watch-silence.ts";

/** A connection on which answers are awaited and none has come for this long is given up. */
const SILENCE_MAX_MS = 4_000;

/** Logs lost connections and refused servers; callers learn of them by their faults. */
export type LinkLog = Pick<Logger, "info" | "warn" | "error">;

/** How a connection in use is inspected again: nothing else tells a quiet connection that its server was demoted or is silent. */
export type Probe = {
	/** From the end of a probe to the next. */
	readonly everyMs: number;
	readonly deadlineMs: number;
	/** A probe that fails or is late ends the connection. Otherwise one that fails is ignored, and silence decides on one that is late. */
	readonly isStrict?: boolean;
};

export type KeepConnectedOptions = {
	readonly url: string;
	readonly log: LinkLog;
	/** What the connection is for: a field of each line of the log. */
	readonly use: string;
	/** Sees every new client before it is used. */
	readonly prepare?: ((redis: Redis) => void) | undefined;
	/** Checks the server of a new connection, and again by each probe. Rejects with `DemotedServer` on a replica. */
	readonly inspect: (redis: Redis) => Promise<void>;
	/** Runs once on each new connection, between the inspection and the first use: subscribes and loads. A rejection ends the connection. */
	readonly onConnected?: ((redis: Redis) => Promise<void>) | undefined;
	/** From the first attempt to connect until the connection is in use. Default: as long as the server is not silent. */
	readonly readyWithinMs?: number;
	/** Null: the connection is not probed. */
	readonly probe: Probe | null;
	readonly silenceMaxMs?: number | undefined;
	/** There may be room for commands: the connection came into use, or answers came. */
	readonly onRoom?: () => void;
};

/**
 * `connecting`: greeted, inspected and prepared. `retiring`: its server is not the primary; what was sent is still answered.
 * `lost`: the next connection is made after a pause.
 */
type State = "connecting" | "in use" | "retiring" | "lost" | "closed";

/** Connects in the background, until it is closed. */
export class KeptConnection {
	readonly #options: KeepConnectedOptions;
	readonly #pace = createConnectPace();
	readonly #silence;
	#state: State = "connecting";
	#latest: Connection | null = null;
	#lastError: Error | null = null;
	/** Of the next step: the deadline for getting ready, the next probe, or the next connection. */
	#timer: NodeJS.Timeout | undefined;

	constructor(options: KeepConnectedOptions) {
		this.#options = options;
		this.#silence = createSilenceWatch(options.silenceMaxMs ?? SILENCE_MAX_MS);
		this.#connect();
	}

	/** The connection in use, or null. */
	get current(): Connection | null {
		return this.#state === "in use" ? this.#latest : null;
	}

	get isClosed(): boolean {
		return this.#state === "closed";
	}

	/** A call on the connection failed. */
	onFailure(connection: Connection, error: unknown): void {
		if (error instanceof DemotedServer) this.#retire(connection);
	}

	/** A call on the connection had no answer by its deadline. */
	onLate(connection: Connection, deadlineMs: number): void {
		this.#silence.onDeadline(connection, deadlineMs);
	}

	/** Gives the connection up and makes another. */
	restart(): void {
		this.#latest?.drop();
	}

	/** Safe to call twice. */
	close(): void {
		this.#state = "closed";
		clearTimeout(this.#timer);
		this.#latest?.drop();
	}

	#connect(): void {
		const { url, prepare = () => {}, readyWithinMs, onRoom = () => {} } = this.#options;
		this.#state = "connecting";
		this.#pace.start();
		const connection = openConnection(url, prepare, {
			onReady: () => void this.#getReady(connection),
			onAnswers: onRoom,
			onError: (error) => {
				this.#lastError = error;
			},
			onDemoted: () => this.#retire(connection),
			onLost: () => this.#onLost(),
		});
		this.#latest = connection;
		this.#silence.watchGreeting(connection, () => !this.#isGettingReady(connection));
		if (readyWithinMs !== undefined) this.#timer = setTimeout(connection.drop, readyWithinMs);
	}

	#isGettingReady(connection: Connection): boolean {
		return connection === this.#latest && this.#state === "connecting";
	}

	async #getReady(connection: Connection): Promise<void> {
		const { inspect, onConnected, onRoom, log, use } = this.#options;
		try {
			await inspect(connection.redis);
			await onConnected?.(connection.redis);
		} catch (error) {
			if (error instanceof DemotedServer) this.#retire(connection);
			else connection.drop();
			return;
		}
		if (!this.#isGettingReady(connection)) return;
		clearTimeout(this.#timer);
		this.#state = "in use";
		this.#pace.succeed();
		log.info({ use }, "redis connected");
		this.#probeLater(connection);
		onRoom?.();
	}

	#probeLater(connection: Connection): void {
		const { probe } = this.#options;
		if (probe) this.#timer = setTimeout(() => void this.#probe(connection, probe), probe.everyMs);
	}

	/** Beside the calls that wait, so that a crowd does not put it off. */
	async #probe(connection: Connection, { deadlineMs, isStrict = false }: Probe): Promise<void> {
		const onOver = (isLate: boolean): void => {
			if (isLate) this.onLate(connection, deadlineMs);
		};
		const call = startCall<void>({ effect: "read", deadlineMs, onOver });
		this.#options.inspect(connection.redis).then(call.resolve, (error: unknown) => {
			this.onFailure(connection, error);
			call.reject(error);
		});
		const hasPassed = await call.answer.then(
			() => true,
			() => false,
		);
		if (connection !== this.current) return;
		if (isStrict && !hasPassed) connection.drop();
		else this.#probeLater(connection);
	}

	/** The server is not the primary: no call is sent on the connection any more, what was sent is answered, then it is replaced. */
	#retire(connection: Connection): void {
		if (connection !== this.current && !this.#isGettingReady(connection)) return;
		const { log, use } = this.#options;
		this.#state = "retiring";
		clearTimeout(this.#timer);
		if (this.#pace.isFirstFailure()) log.warn({ use }, "redis is not the primary; resolving its address again");
		connection.retire();
	}

	#onLost(): void {
		clearTimeout(this.#timer);
		if (this.#state === "closed") return;
		const { log, use } = this.#options;
		const wasDemoted = this.#state === "retiring";
		this.#state = "lost";
		if (this.#pace.isFirstFailure() && !wasDemoted) log.warn({ use, err: this.#lastError }, "redis disconnected; connecting again");
		this.#lastError = null;
		this.#timer = setTimeout(() => this.#connect(), this.#pace.fail(wasDemoted));
	}
}
