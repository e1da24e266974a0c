/**
 * Hear everything that is published on one channel of Redis, and know whether that is so. A connection that fell silent is
 * found out within a second by a heartbeat of its own: nothing published looks just like nothing arriving. The beat asks for the
 * server's role, too: what is published at a new primary need not reach the old one.
 */
import type { Redis } from "ioredis";
import { createRoleCheck, DemotedServer } from "./check-role.ts";
import { type Connection, openConnection } from "./connection.ts";
import type { LinkLog } from "./keep-connected.ts";
import { createConnectPace } from "./pace-connects.ts";

export type ChannelWatch = {
	/** Whether everything published up to 750 ms ago was heard: from the last answered beat to the end of the next one. */
	isLive(): boolean;
	/** Give up what was heard and begin anew: after a message that could not be taken. */
	restart(): void;
	close(): void;
};

export type ChannelWatchOptions = {
	readonly url: string;
	readonly channel: string;
	readonly log: LinkLog;
	/** Sees every new client before it is used. For tests. */
	readonly prepare?: ((redis: Redis) => void) | undefined;
	/** Catch up with what was published before: runs on the same connection, once it is subscribed. A failure begins anew. */
	readonly load: (redis: Redis) => Promise<void>;
	readonly onMessage: (message: string) => void;
};

const BEAT_EVERY_MS = 250;
const BEAT_DEADLINE_MS = 500;
/** From the first byte until it is subscribed and caught up. */
const READY_DEADLINE_MS = 2_000;

/** Connects in the background, for as long as it takes. */
export function watchChannel({ url, channel, log, prepare = () => {}, load, onMessage }: ChannelWatchOptions): ChannelWatch {
	let latest: Connection | null = null;
	let live: Connection | null = null;
	const checkRole = createRoleCheck();
	const pace = createConnectPace();
	/** `latest` leads to a server that is not the primary. */
	let isDemoted = false;
	let isClosed = false;
	let timer: NodeJS.Timeout | undefined;

	function connect(): void {
		pace.start();
		isDemoted = false;
		const connection = openConnection(url, prepare, {
			onReady: () =>
				void begin(connection).catch((error: unknown) => {
					if (error instanceof DemotedServer) leave(connection);
					else connection.drop();
				}),
			onAnswers: () => {},
			onError: () => {},
			onDemoted: () => leave(connection),
			onLost,
		});
		latest = connection;
		timer = setTimeout(() => live !== connection && connection.drop(), READY_DEADLINE_MS);
	}

	/** What was heard from a server that is not the primary is no longer the whole of it. */
	function leave(connection: Connection): void {
		isDemoted ||= connection === latest;
		live = null;
		connection.retire();
	}

	/** Subscribed first, caught up after: what is published in between comes twice and is never missed. */
	async function begin(connection: Connection): Promise<void> {
		const { redis } = connection;
		redis.on("message", (_channel, message) => onMessage(String(message)));
		await checkRole(redis);
		await redis.subscribe(channel);
		await load(redis);
		if (connection !== latest || isDemoted || isClosed) return;
		clearTimeout(timer);
		if (!pace.isFirstFailure()) log.info({ channel }, "hears redis again");
		pace.succeed();
		live = connection;
		await beat(connection);
	}

	/** Goes on until the connection is lost or its server demoted; then it rejects. */
	async function beat(connection: Connection): Promise<void> {
		while (connection === live) {
			// A process short of CPU runs its timers before it reads its sockets: the answer may lie there already.
			const deadline = setTimeout(() => setImmediate(() => isAnswered || connection.drop()), BEAT_DEADLINE_MS);
			let isAnswered = false;
			try {
				// A server that refuses to tell its role still answers the ping.
				await Promise.all([connection.redis.ping(), checkRole(connection.redis)]);
			} finally {
				isAnswered = true;
				clearTimeout(deadline);
			}
			await new Promise((resolve) => {
				timer = setTimeout(resolve, BEAT_EVERY_MS);
			});
		}
	}

	function onLost(): void {
		clearTimeout(timer);
		live = null;
		if (isClosed) return;
		if (pace.isFirstFailure()) log.warn({ channel }, "does not hear redis; connecting");
		timer = setTimeout(connect, pace.fail(isDemoted));
	}

	connect();
	return {
		isLive: () => live !== null,
		restart: () => latest?.drop(),
		close() {
			isClosed = true;
			clearTimeout(timer);
			latest?.drop();
		},
	};
}
