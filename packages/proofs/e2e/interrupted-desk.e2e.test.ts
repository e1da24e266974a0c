/**
 * API, PostgreSQL, Redis and the sweeper killed in the middle of staff sales, moves, cancels with a refund and revives. Staff repeat each
 * request until it is answered. At rest each command was carried out exactly once, with one audit row; both stores agree about every seat;
 * and exactly the cancelled bookings have a refund.
 */
import { setTimeout as delay } from "node:timers/promises";
import { byRunLength } from "@holdfast/testing";
import { afterAll, beforeAll, expect, it } from "vitest";
import { openTestStack, type TestStack } from "./open-test-stack.ts";
import { startWorker, type Worker } from "./work-at-desk.ts";

type Victim = "api" | "postgres" | "redis" | "sweeper";
/** `sweeper/src/staff-kills.e2e` kills the other two in every run. */
const VICTIMS = byRunLength<readonly Victim[]>({ short: ["api", "postgres"], long: ["api", "postgres", "redis", "sweeper"] });
const MISSED_KINDS_MAX = byRunLength({ short: 1, long: 0 });
const ROUNDS = byRunLength({ short: [1], long: [1, 2, 3, 4, 5] });
/** Staff at work at the same time. Most of the steps between two stores are those of a revive. */
const STAFF = ["sell", "sell", "move", "move", "cancel", "cancel", "cancel", "cancel"] as const;
const PRICE = 1250;
const BUSY_MS = 1_000;
const REST_DEADLINE_MS = 60_000;

let test: TestStack;
beforeAll(async () => {
	test = await openTestStack({}, { ownPostgres: true });
});
afterAll(() => test.close());

async function interrupt(victim: Victim): Promise<void> {
	await test.stack[victim]?.kill("SIGKILL");
	await test.stack[victim]?.start();
}

const readLedger = (showtimeId: string) =>
	test.query(`select id, state, version,
		(select string_agg(label, ',' order by seat) from booking_seats where booking_id = id and released_at is null) as seats,
		(select state || ' ' || amount || ' ' || percent from refunds where booking_id = id and state <> 'not_owed') as refund
		from bookings where showtime_id = '${showtimeId}' order by id`);

/** What the ledger must have of each booking of the worker, from the commands that were answered. */
function expectedLedger({ done }: Worker) {
	const byBooking = [...Map.groupBy(done, ({ bookingId }) => bookingId)].toSorted(([a], [b]) => (a < b ? -1 : 1));
	return byBooking.map(([id, commands]) => {
		const { action, seats = [], refundPercent } = commands.at(-1) ?? {};
		const isCancelled = action === "booking.cancelled";
		const amount = Math.floor((2 * PRICE * (refundPercent ?? 0)) / 100);
		return {
			id,
			state: isCancelled ? "CANCELLED" : "CONFIRMED",
			// The hold of the sale is version 1.
			version: String(commands.length + 1),
			seats: isCancelled ? null : seats.join(","),
			refund: isCancelled && amount > 0 ? `due ${amount} ${refundPercent}` : null,
		};
	});
}

it.each(ROUNDS)("each command of staff is carried out once whatever is killed in the middle of it, round %i", async (round) => {
	const [admin, showtimeIds] = [await test.admin(), await test.showtimes(STAFF.length)];
	const workers = showtimeIds.map((id, at) => startWorker(admin, STAFF[at] ?? "cancel", id, `round-${round}-${at}`));
	for (const victim of VICTIMS) {
		await delay(BUSY_MS);
		await interrupt(victim);
	}
	await delay(BUSY_MS);
	await Promise.all(workers.map((worker) => worker.stop()));
	await test.proof.drained(REST_DEADLINE_MS);

	const commands = workers.flatMap(({ done }) => done);
	const interrupted = [...Map.groupBy(workers, ({ kind }) => kind)].map(
		([kind, same]) => [kind, same.reduce((sum, worker) => sum + worker.interrupted(), 0)] as const,
	);
	console.log(`staff commands: ${commands.length}; interrupted requests: ${interrupted.map((each) => each.join(" ")).join(", ")}`);
	// In one short round a kill may find no request of one kind on its way.
	expect(interrupted.filter(([, requests]) => requests === 0).length).toBeLessThanOrEqual(MISSED_KINDS_MAX);
	for (const worker of workers) {
		expect(await readLedger(worker.showtimeId)).toEqual(expectedLedger(worker));
		expect(await test.proof.violations(worker.showtimeId)).toEqual([]);
	}
	const trail = await test.query(`select action, target_id, request_id from audit_events where request_id like 'round-${round}-%'`);
	const rowOf = (action: unknown, id: unknown, requestId: unknown) => `${requestId} ${action} ${id}`;
	expect(trail.map((row) => rowOf(row.action, row.target_id, row.request_id)).toSorted()).toEqual(
		commands.map((command) => rowOf(command.action, command.bookingId, command.requestId)).toSorted(),
	);
	expect(await test.query("select 1 from dead_letters")).toEqual([]);
});
