/** Holds a Postgres lock in a separate session, as a person with an open transaction at a psql prompt does. */
import { randomUUID } from "node:crypto";
import { queryPostgres } from "@holdfast/local-stack";
import { waitUntil } from "./wait-until.ts";

/** A lock that is held until `release`. */
export type HeldLock = {
	/** Ends the session that holds the lock; resolves when the lock is free. Safe to call twice. */
	release(): Promise<void>;
};

const HOLD_MAX_S = 600;

/**
 * Runs `statement` (`select ... for update`, `lock table ...`) in a new transaction and keeps that transaction open until
 * `release`, for ten minutes at most. Resolves once the lock is held. Rejects when the statement fails.
 */
export async function holdLock(databaseUrl: string, statement: string): Promise<HeldLock> {
	const name = `lock-${randomUUID()}`;
	const url = new URL(databaseUrl);
	url.searchParams.set("application_name", name);
	let failure: unknown = null;
	let isReleased = false;
	const holding = queryPostgres(url.href, `begin; ${statement}; select pg_sleep(${HOLD_MAX_S})`).catch((error: unknown) => {
		if (!isReleased) failure = error;
	});
	await waitUntil("the lock to be held", async () => {
		if (failure !== null) throw failure;
		const session = `application_name = '${name}' and wait_event = 'PgSleep'`;
		return (await queryPostgres(databaseUrl, `select 1 from pg_stat_activity where ${session}`)).length > 0;
	});
	return {
		async release() {
			isReleased = true;
			await queryPostgres(databaseUrl, `select pg_terminate_backend(pid) from pg_stat_activity where application_name = '${name}'`);
			await holding;
		},
	};
}
