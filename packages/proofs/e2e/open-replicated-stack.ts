/**
 * The product on a primary that has a replica, and, once that is promoted, the product a second time on the promoted one:
 * each side an API and a sweeper that know their own Redis alone, both on one PostgreSQL. The replica has a replica of its
 * own, so that it is not alone when its primary is gone.
 */
import { copyFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import type { ShowtimeId } from "@holdfast/domain";
import { makeScratchFolder, queryPostgres, type Stack, startStack } from "@holdfast/local-stack";
import { openProof, type Proof } from "@holdfast/proofs";
import { insertShowtimes, startTestRedis, type TestRedis } from "@holdfast/testing";
import { type Buyer, insertBuyers, UNTHROTTLED } from "./open-test-stack.ts";

export type Side = {
	readonly redis: TestRedis;
	readonly stack: Stack;
	readonly apiUrl: string;
	readonly proof: Proof;
};

export type ReplicatedStack = {
	/** On the primary. */
	readonly first: Side;
	/** The primary's replica, while it is one. */
	readonly replica: TestRedis;
	readonly databaseUrl: string;
	/** People who ask whichever API `server` names when they ask. */
	buyers(count: number, server: (place: number) => string): Promise<Buyer[]>;
	showtimes(count: number, rows: number): Promise<ShowtimeId[]>;
	query(statement: string): Promise<Record<string, string | null>[]>;
	/** Promote the replica, whatever the primary does; then start an API and a sweeper on it. */
	failOver(): Promise<{ readonly promotedMs: number; readonly second: Side }>;
	close(): Promise<void>;
};

/** `environment` is passed to the apps of both sides, such as ACK_LEVEL. */
export async function openReplicatedStack(environment: Record<string, string>): Promise<ReplicatedStack> {
	const closers: (() => Promise<void> | void)[] = [];
	const close = async () => {
		for (const end of closers.splice(0).reverse()) await end();
	};
	const keep = async <T>(opened: Promise<T>, end: (it: T) => Promise<void> | void): Promise<T> => {
		const it = await opened;
		closers.push(() => end(it));
		return it;
	};

	async function openSide(redis: TestRedis, dataDir: string, databaseUrl?: string): Promise<Side> {
		const stack = await keep(
			startStack({
				dataDir,
				redisUrl: redis.url,
				...(databaseUrl === undefined ? {} : { databaseUrl }),
				skipSeed: true,
				environment: { LOG_LEVEL: "warn", ...UNTHROTTLED, ...environment },
			}),
			(it) => it.stop(),
		);
		const { apiUrl, redisUrl } = stack.info;
		const proof = await keep(Promise.resolve(openProof({ redisUrl, databaseUrl: stack.info.databaseUrl })), (it) => it.close());
		return { redis, stack, apiUrl, proof };
	}

	try {
		const folder = () => keep(Promise.resolve(makeScratchFolder()), (it) => rmSync(it, { recursive: true, force: true }));
		const [firstDir, secondDir] = [await folder(), await folder()];
		const primary = await keep(startTestRedis(), (it) => it.stop());
		const replica = await keep(startTestRedis({ replicaOf: primary }), (it) => it.stop());
		await keep(startTestRedis({ replicaOf: replica }), (it) => it.stop());
		const first = await openSide(primary, firstDir);
		const { databaseUrl, jwtSecret } = first.stack.info;
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
				// The same key signs the tokens of both sides.
				copyFileSync(join(firstDir, "secrets.json"), join(secondDir, "secrets.json"));
				return { promotedMs, second: await openSide(replica, secondDir, databaseUrl) };
			},
			close,
		};
	} catch (error) {
		await close();
		throw error;
	}
}
