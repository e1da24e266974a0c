/** The Redis and the PostgreSQL of a stack: own ones on the stack's data folder, or running ones that it is pointed at. */
import { join } from "node:path";
import { queryPostgres } from "../postgres/query-postgres.ts";
import { startPostgres } from "../postgres/start-postgres.ts";
import { startRedis } from "../redis/start-redis.ts";
import { definePart, type Part } from "./define-part.ts";

export type StoreOptions = {
	readonly dataDir: string;
	/** Use this Redis instead of an own one. */
	readonly redisUrl?: string;
	/** Use this PostgreSQL instead of an own one. */
	readonly databaseUrl?: string;
	/** What the apps are told by ACK_LEVEL. */
	readonly ackLevel?: string | undefined;
	/** The data is not kept: PostgreSQL need not wait for the disk. Redis always does. */
	readonly throwaway: boolean;
};

export type Store = {
	/** Known once it was started. */
	readonly url: () => string;
	/** Null when it is not ours to start and stop. */
	readonly part: Part | null;
};

const IS_READ_ONLY = "select pg_is_in_recovery() or current_setting('transaction_read_only')::boolean as is_read_only";

/** Nothing is started yet. Throws when bookings could never be confirmed on an own Redis. */
export function defineRedis({ dataDir, redisUrl, ackLevel }: StoreOptions): Store {
	if (redisUrl === undefined && ackLevel === "replica")
		throw new Error(
			"ACK_LEVEL=replica needs a Redis that has a replica, and the one that is brought up here has none: set REDIS_URL to one that has, or ACK_LEVEL=local.",
		);
	if (redisUrl !== undefined) return { url: () => redisUrl, part: null };
	let known: { url: string; port: number } | null = null;
	const part = definePart("Redis", async () => {
		const redis = await startRedis({ dataDir: join(dataDir, "redis"), ...(known === null ? {} : { port: known.port }) });
		known = { url: redis.url, port: redis.port };
		return redis;
	});
	return { url: () => known?.url ?? "", part };
}

/** Nothing is started yet; a PostgreSQL that is not ours is asked whether it is there. */
export async function definePostgres({ dataDir, databaseUrl, throwaway }: StoreOptions): Promise<Store> {
	if (databaseUrl !== undefined) {
		const [row] = await queryPostgres(databaseUrl, IS_READ_ONLY).catch((error: unknown) => {
			throw new Error(`DATABASE_URL is set, but the database does not answer: ${String(error)}`, { cause: error });
		});
		if (row?.is_read_only !== "f")
			throw new Error(
				"DATABASE_URL is set, but the database is read-only, so no booking could be recorded: point it at the primary, or reset default_transaction_read_only.",
			);
		return { url: () => databaseUrl, part: null };
	}
	let known: { url: string; port: number } | null = null;
	const part = definePart("PostgreSQL", async () => {
		const postgres = await startPostgres({
			dataDir: join(dataDir, "postgres"),
			throwaway,
			...(known === null ? {} : { port: known.port }),
		});
		known = { url: postgres.url, port: postgres.port };
		return postgres;
	});
	return { url: () => known?.url ?? "", part };
}
