/** Checks every dependency of the API, all at the same time and within a deadline. */
import { type Database, isDatabaseWritable } from "@holdfast/database";
import { withDeadline } from "@holdfast/runtime";
import type { Durability, SeatStore } from "@holdfast/seat-store";
import type { HealthBody } from "../contract/health.ts";

/** Health must be true within 2 s of a change, so this is less: a stopped server does not answer at all. */
const CHECK_DEADLINE_MS = 1_500;

/** `outboxMax` is the limit of one bucket's outbox, in entries. */
export type HealthDeps = {
	readonly seatStore: SeatStore;
	readonly database: Database;
	readonly outboxMax: number;
	readonly settleLagMaxMs: number;
};

/** A risk that the operator accepted is no failure. A Redis that could not be inspected yet is one. */
const PASSING_DURABILITY: ReadonlySet<Durability["status"]> = new Set(["ok", "accepted"]);

/**
 * Returns the health of the service. `down`: bookings do not work, because Redis is unreachable, is a replica, refuses writes, may lose
 * acknowledged writes or has too few replicas, or because an outbox is full. `degraded`: bookings work but are not recorded in the
 * ledger, because Postgres is unreachable or read-only, or because the sweeper is stopped or too far behind. Never throws.
 */
export async function checkHealth(deps: HealthDeps): Promise<HealthBody> {
	const [store, ledger] = await Promise.all([checkStore(deps), checkLedger(deps)]);
	const checks = { ...store, ...ledger };
	const isDown = Object.values(store).some(({ status }) => status === "failed");
	const isDegraded = Object.values(ledger).some(({ status }) => status === "failed");
	return { status: isDown ? "down" : isDegraded ? "degraded" : "ok", checks };
}

/** The checks whose failure stops bookings. */
async function checkStore({ seatStore, outboxMax }: HealthDeps) {
	const [redis, writes, outbox] = await Promise.all([
		probePrimary(seatStore, () => seatStore.ping()),
		probePrimary(seatStore, () => seatStore.isWritable()),
		probePrimary(seatStore, () => seatStore.outboxDepths()),
	]);
	const { role, replicasOnline: online, replicasNeeded: needed } = seatStore.condition();
	const isPrimary = redis.isOk && role !== "replica";
	const depth = knownOrNull(outbox.value && Math.max(...outbox.value));
	return {
		redis: { status: statusOf(isPrimary), ms: redis.ms, role },
		writes: { status: statusOf(isPrimary && writes.value === true), ms: writes.ms },
		durability: { status: statusOf(PASSING_DURABILITY.has(seatStore.durability().status)) },
		replicas: { status: statusOf((online ?? 0) >= needed), online, needed },
		outbox: { status: statusOf(depth !== null && depth < outboxMax), ms: outbox.ms, depth, limit: outboxMax },
	};
}

/** The checks whose failure stops the recording of bookings. */
async function checkLedger({ seatStore, database, settleLagMaxMs: limitMs }: HealthDeps) {
	const [postgres, sweeper, lag] = await Promise.all([
		probe(() => isDatabaseWritable(database)),
		probePrimary(seatStore, async () => (await seatStore.listBucketsWithoutHeartbeat()).length === 0),
		probePrimary(seatStore, () => seatStore.settleLagMs()),
	]);
	const settleLagMs = knownOrNull(lag.value);
	const isInTime = settleLagMs !== null && settleLagMs <= limitMs;
	return {
		postgres: { status: statusOf(postgres.value === true), ms: postgres.ms, isWritable: postgres.value ?? null },
		sweeper: { status: statusOf(sweeper.value === true && isInTime), ms: sweeper.ms, settleLagMs, limitMs },
	};
}

/** The store returns NaN when it could not read the figure of every bucket. */
const knownOrNull = (figure: number | undefined): number | null => (figure === undefined || Number.isNaN(figure) ? null : figure);

const statusOf = (isOk: boolean): "ok" | "failed" => (isOk ? "ok" : "failed");

/** Fails at once while Redis is a replica: a call would wait for a primary until its deadline. */
const probePrimary = <Value>(seatStore: SeatStore, call: () => Promise<Value>): Promise<Probe<Value>> =>
	probe(async () => {
		if (seatStore.condition().role === "replica") throw new Error("redis is a replica");
		return call();
	});

type Probe<Value> = { isOk: boolean; ms: number; value?: Value };

async function probe<Value>(call: () => Promise<Value>): Promise<Probe<Value>> {
	const startMs = performance.now();
	const took = () => Math.round(performance.now() - startMs);
	try {
		const value = await withDeadline(call(), CHECK_DEADLINE_MS, () => {
			throw new Error("the check timed out");
		});
		return { isOk: true, ms: took(), value };
	} catch {
		return { isOk: false, ms: took() };
	}
}
