/**
 * Keeps one connection to the primary open: opens it, inspects and prepares it before it is used, probes it while it is used, and
 * replaces it when it is lost, falls silent, or leads to a server that is no longer the primary.
 */
import type { Logger } from "@holdfast/runtime";
import type { Redis } from "ioredis";
import { startCall } from "./call.ts";
import { DemotedServer } from "./check-role.ts";
import { type Connection, openConnection } from "./connection.ts";
import { createConnectPace } from "./pace-connects.ts";
import { createSilenceWatch } from "./watch-silence.ts";

/** A connection is dropped when replies are awaited and no byte has arrived for this long. */
const SILENCE_MAX_MS = 4_000;

/** Where lost connections and refused servers are logged. Callers learn about them from the faults of their calls. */
export type LinkLog = Pick<Logger, "info" | "warn" | "error">;

/**
 * How a connection in use is inspected again. Without a probe, an idle connection does not notice that its server was demoted or
 * does not answer.
 */
export type Probe = {
	/** Pause between the end of a probe and the start of the next one. */
	readonly everyMs: number;
	readonly deadlineMs: number;
	/**
	 * True: a probe that fails or is late ends the connection. False: a failed probe is ignored, and after a late probe the silence
	 * of the connection decides.
	 */
	readonly isStrict?: boolean;
};

/** Which server to connect to, and what to do with each new connection. */
export type KeepConnectedOptions = {
	readonly url: string;
	readonly log: LinkLog;
	/** What the connection is used for: the field `use` of every log entry. */
	readonly use: string;
	/** Called with every new client before the client is used. */
	readonly prepare?: ((redis: Redis) => void) | undefined;
	/** Inspects the server of a new connection, and again in every probe. Rejects with `DemotedServer` on a replica. */
	readonly inspect: (redis: Redis) => Promise<void>;
	/**
	 * Runs once on every new connection, after the inspection and before the first use: subscribes and loads. A rejection ends the
	 * connection.
	 */
	readonly onConnected?: ((redis: Redis) => Promise<void>) | undefined;
	/** Time limit from the first attempt to connect until the connection is in use. Default: no limit while the server is not silent. */
	readonly readyWithinMs?: number;
	/** Null: the connection is not probed. */
	readonly probe: Probe | null;
	readonly silenceMaxMs?: number | undefined;
	/** Called when there may be room for commands: the connection is now in use, or replies arrived. */
	readonly onRoom?: () => void;
};

/**
 * `connecting`: handshake, inspection and preparation. `retiring`: the server is not the primary, and the connection only waits
 * for outstanding replies. `lost`: the next connection is opened after a pause.
 */
type State = "connecting" | "in use" | "retiring" | "lost" | "closed";

/** A connection that is replaced whenever it is lost, until `close`. Connects in the background. */
export class KeptConnection {
	readonly #options: KeepConnectedOptions;
	readonly #pace = createConnectPace();
	readonly #silence;
	#state: State = "connecting";
	#latest: Connection | null = null;
	#lastError: Error | null = null;
	/** Timer of the next step: the time limit for getting ready, the next probe, or the next connection. */
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

	/** Reports that a call on the connection failed. A `DemotedServer` error replaces the connection. */
	onFailure(connection: Connection, error: unknown): void {
		if (error instanceof DemotedServer) this.#retire(connection);
	}

	/** Reports that a call on the connection had no reply by its deadline. */
	onLate(connection: Connection, deadlineMs: number): void {
		this.#silence.onDeadline(connection, deadlineMs);
	}

	/** Drops the connection and opens another one. */
	restart(): void {
		this.#latest?.drop();
	}

	/** Closes the connection for good. Safe to call twice. */
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
		this.#silence.watchHandshake(connection, () => !this.#isGettingReady(connection));
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

	/** Bypasses the queue of waiting calls, so that many waiting calls do not delay the probe. */
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

	/**
	 * The server is not the primary: sends no further call on the connection, waits for the outstanding replies, then replaces the
	 * connection. The new connection resolves the address again.
	 */
	#retire(connection: Connection): void {
		if (connection !== this.current && !this.#isGettingReady(connection)) return;
		const { log, use } = this.#options;
		this.#state = "retiring";
		clearTimeout(this.#timer);
		if (this.#pace.isFirstFailure()) log.warn({ use }, "redis is not the primary");
		connection.retire();
	}

	#onLost(): void {
		clearTimeout(this.#timer);
		if (this.#state === "closed") return;
		const { log, use } = this.#options;
		const wasDemoted = this.#state === "retiring";
		this.#state = "lost";
		if (this.#pace.isFirstFailure() && !wasDemoted) log.warn({ use, err: this.#lastError }, "redis disconnected");
		this.#lastError = null;
		this.#timer = setTimeout(() => this.#connect(), this.#pace.fail(wasDemoted));
	}
}
