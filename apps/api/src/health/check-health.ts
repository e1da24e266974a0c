/** Looks at everything the API stands on, at the same time and within a deadline. */
import { type Database, isDatabaseWritable } from "@holdfast/database";
import { withDeadline } from "@holdfast/runtime";
import type { Durability, SeatStore } from "@holdfast/seat-store";
import type { HealthBody } from "../contract/health.ts";

/** Below the 2 s within which health must tell the truth; a stopped server answers nothing at all. */
const CHECK_DEADLINE_MS = 1_500;

export type HealthDeps = {
	readonly seatStore: SeatStore;
	readonly database: Database;
	readonly outboxMax: number;
	readonly settleLagMaxMs: number;
};

/** What an operator has accepted is no alarm; a Redis that nobody could look at yet is. */
const KEPT: ReadonlySet<Durability["status"]> = new Set(["ok", "accepted"]);

/**
 * `down`: bookings cannot work (no Redis, a replica, one that takes no writes, does not keep what it acknowledges or has too few replicas, or
 * an outbox at its bound). `degraded`: they work, but nobody records them (no Postgres, a read-only one, no sweeper, or one that is
 * too far behind). Never throws.
 */
export async function checkHealth(deps: HealthDeps): Promise<HealthBody> {
	const [store, ledger] = await Promise.all([checkStore(deps), checkLedger(deps)]);
	const checks = { ...store, ...ledger };
	const isDown = Object.values(store).some(({ status }) => status === "failed");
	const isDegraded = Object.values(ledger).some(({ status }) => status === "failed");
	return { status: isDown ? "down" : isDegraded ? "degraded" : "ok", checks };
}

/** What bookings cannot do without. */
async function checkStore({ seatStore, outboxMax }: HealthDeps) {
	const [redis, writes, outbox] = await Promise.all([
		lookAtPrimary(seatStore, () => seatStore.ping()),
		lookAtPrimary(seatStore, () => seatStore.isWritable()),
		lookAtPrimary(seatStore, () => seatStore.outboxDepths()),
	]);
	const { role, replicasOnline: online, replicasNeeded: needed } = seatStore.condition();
	const isPrimary = redis.isOk && role !== "replica";
	const depth = knownOrNull(outbox.value && Math.max(...outbox.value));
	return {
		redis: { status: statusOf(isPrimary), ms: redis.ms, role },
		writes: { status: statusOf(isPrimary && writes.value === true), ms: writes.ms },
		durability: { status: statusOf(KEPT.has(seatStore.durability().status)) },
		replicas: { status: statusOf((online ?? 0) >= needed), online, needed },
		outbox: { status: statusOf(depth !== null && depth < outboxMax), ms: outbox.ms, depth, limit: outboxMax },
	};
}

/** Who records them. */
async function checkLedger({ seatStore, database, settleLagMaxMs: limitMs }: HealthDeps) {
	const [postgres, sweeper, lag] = await Promise.all([
		look(() => isDatabaseWritable(database)),
		lookAtPrimary(seatStore, async () => (await seatStore.listUnsweptBuckets()).length === 0),
		lookAtPrimary(seatStore, () => seatStore.settleLagMs()),
	]);
	const settleLagMs = knownOrNull(lag.value);
	const isInTime = settleLagMs !== null && settleLagMs <= limitMs;
	return {
		postgres: { status: statusOf(postgres.value === true), ms: postgres.ms, isWritable: postgres.value ?? null },
		sweeper: { status: statusOf(sweeper.value === true && isInTime), ms: sweeper.ms, settleLagMs, limitMs },
	};
}

/** A figure that the store could not tell of every bucket is NaN. */
const knownOrNull = (figure: number | undefined): number | null => (figure === undefined || Number.isNaN(figure) ? null : figure);

const statusOf = (isOk: boolean): "ok" | "failed" => (isOk ? "ok" : "failed");

/** While the address leads to a replica, calls would wait for the new primary in vain. */
const lookAtPrimary = <Value>(seatStore: SeatStore, ask: () => Promise<Value>): Promise<Look<Value>> =>
	look(async () => {
		if (seatStore.condition().role === "replica") throw new Error("redis is a replica");
		return ask();
	});

type Look<Value> = { isOk: boolean; ms: number; value?: Value };

async function look<Value>(ask: () => Promise<Value>): Promise<Look<Value>> {
	const startMs = performance.now();
	const took = () => Math.round(performance.now() - startMs);
	try {
		const value = await withDeadline(ask(), CHECK_DEADLINE_MS, () => {
			throw new Error("no answer in time");
		});
		return { isOk: true, ms: took(), value };
	} catch {
		return { isOk: false, ms: took() };
	}
}
