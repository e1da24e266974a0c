/** Defines the Redis and the PostgreSQL of a stack: started on its data folder, or running servers given by URL. */
import { join } from "node:path";
import { queryPostgres } from "../postgres/query-postgres.ts";
import { startPostgres } from "../postgres/start-postgres.ts";
import { startRedis } from "../redis/start-redis.ts";
import { definePart, type Part } from "./define-part.ts";

/** Options of both stores. */
export type StoreOptions = {
	readonly dataDir: string;
	/** Use this running Redis instead of starting one. */
	readonly redisUrl?: string;
	/** Use this running PostgreSQL instead of starting one. */
	readonly databaseUrl?: string;
	/** The same database, as the role that runs the migrations. `databaseUrl` when absent. */
	readonly databaseOwnerUrl?: string;
	/** The ACK_LEVEL of the apps. */
	readonly ackLevel?: string | undefined;
	/** The data need not survive a power failure: commits of PostgreSQL do not wait for the disk. Redis always waits for it. */
	readonly throwaway: boolean;
};

/** A store of a stack. */
export type Store = {
	/** Returns the URL; an empty string before the store was started for the first time. */
	readonly url: () => string;
	/** Null when the stack did not start the store and so does not stop it. */
	readonly part: Part | null;
};

/** The PostgreSQL of a stack. `url` is that of the application's role, which exists after the migrations. */
export type PostgresStore = Store & {
	/** Returns the URL of the role that runs the migrations; an empty string like `url`. */
	readonly ownerUrl: () => string;
};

const IS_READ_ONLY = "select pg_is_in_recovery() or current_setting('transaction_read_only')::boolean as is_read_only";

/** Returns the Redis of the stack, not started yet. Throws when no booking could be confirmed on a Redis without a replica. */
export function defineRedis({ dataDir, redisUrl, ackLevel }: StoreOptions): Store {
	if (redisUrl === undefined && ackLevel === "replica")
		throw new Error(
			"ACK_LEVEL=replica needs a Redis that has a replica, and npm start starts one without a replica. Nothing was started. Set REDIS_URL to a Redis with a replica, or set ACK_LEVEL=local.",
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

/**
 * Returns the PostgreSQL of the stack, not started yet. Checks a PostgreSQL given by URL: rejects when it does not answer its owner or is
 * read-only. The application's role may not exist yet.
 */
export async function definePostgres({ dataDir, databaseUrl, databaseOwnerUrl, throwaway }: StoreOptions): Promise<PostgresStore> {
	if (databaseUrl !== undefined) {
		const ownerUrl = databaseOwnerUrl ?? databaseUrl;
		await assertWritable(ownerUrl === databaseUrl ? "DATABASE_URL" : "DATABASE_OWNER_URL", ownerUrl);
		return { url: () => databaseUrl, ownerUrl: () => ownerUrl, part: null };
	}
	let known: { url: string; ownerUrl: string; port: number } | null = null;
	const part = definePart("PostgreSQL", async () => {
		const postgres = await startPostgres({
			dataDir: join(dataDir, "postgres"),
			throwaway,
			...(known === null ? {} : { port: known.port }),
		});
		known = { url: postgres.applicationUrl, ownerUrl: postgres.url, port: postgres.port };
		return postgres;
	});
	return { url: () => known?.url ?? "", ownerUrl: () => known?.ownerUrl ?? "", part };
}

/** Rejects when the database does not answer or is read-only, with a message that names the setting and says what to do. */
export async function assertWritable(setting: "DATABASE_URL" | "DATABASE_OWNER_URL", url: string): Promise<void> {
	const [row] = await queryPostgres(url, IS_READ_ONLY).catch((error: unknown) => {
		throw new Error(`The database at ${setting} does not answer: ${String(error)}. Start it, or unset ${setting}.`, { cause: error });
	});
	if (row?.is_read_only !== "f")
		throw new Error(
			`The database at ${setting} is read-only, so no booking could be recorded. Nothing was changed. Set ${setting} to the primary, or reset default_transaction_read_only.`,
		);
}
