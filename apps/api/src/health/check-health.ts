/** Looks at everything the API stands on, at the same time and within a deadline. */
import type { Database } from "@holdfast/database";
import type { Durability, SeatStore } from "@holdfast/seat-store";
import type { HealthBody } from "../contract/health.ts";

/** Below the 2 s within which health must tell the truth; a stopped server answers nothing at all. */
const CHECK_DEADLINE_MS = 1_500;

export type HealthDeps = { readonly seatStore: SeatStore; readonly database: Database; readonly outboxMax: number };

/** What an operator has accepted is no alarm; a Redis that nobody could look at yet is. */
const KEPT: ReadonlySet<Durability["status"]> = new Set(["ok", "accepted"]);

/**
 * `down`: bookings cannot work (no Redis, one that does not keep what it acknowledges, or an outbox at its bound). `degraded`: they work, but nobody records
 * them (no Postgres, or no sweeper). Never throws.
 */
export async function checkHealth({ seatStore, database, outboxMax }: HealthDeps): Promise<HealthBody> {
	const [redis, postgres, sweeper, outbox] = await Promise.all([
		look(() => seatStore.ping()),
		look(() => database.ping()),
		look(() => seatStore.isSweeperAlive()),
		look(() => seatStore.outboxDepths()),
	]);
	const depth = outbox.value === undefined ? null : Math.max(...outbox.value);
	const checks = {
		redis: { status: statusOf(redis.isOk), ms: redis.ms },
		durability: { status: statusOf(KEPT.has(seatStore.durability().status)) },
		postgres: { status: statusOf(postgres.isOk), ms: postgres.ms },
		sweeper: { status: statusOf(sweeper.value === true), ms: sweeper.ms },
		outbox: { status: statusOf(depth !== null && depth < outboxMax), ms: outbox.ms, depth, limit: outboxMax },
	};
	const isDown = [checks.redis, checks.durability, checks.outbox].some(({ status }) => status === "failed");
	const isDegraded = checks.postgres.status === "failed" || checks.sweeper.status === "failed";
	return { status: isDown ? "down" : isDegraded ? "degraded" : "ok", checks };
}

const statusOf = (isOk: boolean): "ok" | "failed" => (isOk ? "ok" : "failed");

type Look<Value> = { isOk: boolean; ms: number; value?: Value };

async function look<Value>(ask: () => Promise<Value>): Promise<Look<Value>> {
	const startMs = performance.now();
	const took = () => Math.round(performance.now() - startMs);
	let timer: NodeJS.Timeout | undefined;
	const deadline = new Promise<never>((_resolve, reject) => {
		timer = setTimeout(() => reject(new Error("no answer in time")), CHECK_DEADLINE_MS);
	});
	try {
		const value = await Promise.race([ask(), deadline]);
		return { isOk: true, ms: took(), value };
	} catch {
		return { isOk: false, ms: took() };
	} finally {
		clearTimeout(timer);
	}
}
