/**
 * Starts the product on a primary with a replica. After the promotion of the replica, starts the product a second time on the promoted
 * server. Each side has an API and a sweeper that know only their own Redis; both sides share one PostgreSQL. The replica has another
 * replica, so that it has one after its promotion.
 */
import { copyFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import type { ShowtimeId } from "@holdfast/domain";
import { type DatabaseUrls, makeScratchFolder, queryPostgres, type Stack, startStack } from "@holdfast/local-stack";
import { openProof, type Proof } from "@holdfast/proofs";
import { insertShowtimes, startTestRedis, type TestRedis } from "@holdfast/testing";
import { type Buyer, insertBuyers, UNTHROTTLED } from "./open-test-stack.ts";

/** The product on one Redis. */
export type Side = {
	readonly redis: TestRedis;
	readonly stack: Stack;
	readonly apiUrl: string;
	readonly proof: Proof;
};

/** The product before and after a failover. */
export type ReplicatedStack = {
	/** The side on the primary. */
	readonly first: Side;
	/** The primary's replica, which `failOver` promotes. */
	readonly replica: TestRedis;
	readonly databaseUrl: string;
	/** Inserts buyers. Each request goes to the API whose origin `server` returns at that moment. */
	buyers(count: number, server: (place: number) => string): Promise<Buyer[]>;
	showtimes(count: number, rows: number): Promise<ShowtimeId[]>;
	query(statement: string): Promise<Record<string, string | null>[]>;
	/** Promotes the replica, without any change at the primary, and starts an API and a sweeper on it. */
	failOver(): Promise<{ readonly promotedMs: number; readonly second: Side }>;
	close(): Promise<void>;
};

/** Resolves when the first side can take bookings. The apps of both sides get the settings in `environment`, such as ACK_LEVEL. */
export async function openReplicatedStack(environment: Record<string, string>): Promise<ReplicatedStack> {
	const closers: (() => Promise<void> | void)[] = [];
	const close = async () => {
		for (const end of closers.splice(0).reverse()) await end();
	};
	const keep = async <T>(opening: Promise<T>, end: (opened: T) => Promise<void> | void): Promise<T> => {
		const opened = await opening;
		closers.push(() => end(opened));
		return opened;
	};

	async function openSide(redis: TestRedis, dataDir: string, postgres: Partial<DatabaseUrls> = {}): Promise<Side> {
		const stack = await keep(
			startStack({
				dataDir,
				redisUrl: redis.url,
				...postgres,
				skipSeed: true,
				environment: { LOG_LEVEL: "warn", ...UNTHROTTLED, ...environment },
			}),
			(started) => started.stop(),
		);
		const { apiUrl, redisUrl } = stack.info;
		const proof = await keep(Promise.resolve(openProof({ redisUrl, databaseUrl: stack.info.databaseUrl })), (opened) => opened.close());
		return { redis, stack, apiUrl, proof };
	}

	try {
		const folder = () => keep(Promise.resolve(makeScratchFolder()), (created) => rmSync(created, { recursive: true, force: true }));
		const [firstDir, secondDir] = [await folder(), await folder()];
		const primary = await keep(startTestRedis(), (redis) => redis.stop());
		const replica = await keep(startTestRedis({ replicaOf: primary }), (redis) => redis.stop());
		await keep(startTestRedis({ replicaOf: replica }), (redis) => redis.stop());
		const first = await openSide(primary, firstDir);
		const { databaseUrl, databaseOwnerUrl, jwtSecret } = first.stack.info;
		return {
			first,
			replica,
			databaseUrl,
			buyers: (count, server) => insertBuyers({ databaseUrl, jwtSecret, count, server }),
			showtimes: async (count, rows) => (await insertShowtimes(databaseUrl, { count, rows })).showtimeIds,
			query: (statement) => queryPostgres(databaseUrl, statement),
			async failOver() {
				await replica.promote();
				const promotedMs = Date.now();
				// Both sides must accept the same tokens, so they share the signing key.
				copyFileSync(join(firstDir, "secrets.json"), join(secondDir, "secrets.json"));
				return { promotedMs, second: await openSide(replica, secondDir, { databaseUrl, databaseOwnerUrl }) };
			},
			close,
		};
	} catch (error) {
		await close();
		throw error;
	}
}
