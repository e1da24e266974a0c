/** The sweeper while another transaction locks rows of the ledger: only work that needs these rows waits. */
import { setTimeout as pause } from "node:timers/promises";
import { bucketOf, DEFAULT_LIMITS, type OpenShowtime, type ShowtimeId, type UserId } from "@holdfast/domain";
import { createLogger } from "@holdfast/runtime";
import type { SeatStore } from "@holdfast/seat-store";
import { buy } from "@holdfast/seat-store/testing";
import { buildShowtime, type HeldLock, holdLock, insertUsers, waitUntil } from "@holdfast/testing";
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from "vitest";
import type { SweeperDeps } from "./deps.ts";
import { createBatchSize, settleBucket } from "./settle-bucket.ts";
import { createSweeper } from "./sweeper.ts";
import { openTestSweeper, type TestSweeper } from "./testing/open-test-sweeper.ts";

const BUCKET = 7;
/**
 * Bookings that need no locked row are recorded within this time; those that need one within this time after its release. On an idle
 * machine it takes some 200 ms. A sweeper that waited for the row would take 15 s.
 */
const LAG_MAX_MS = 3_000;

let test: TestSweeper;
let seatStore: SeatStore;
let users: UserId[];
let lock: HeldLock | null = null;
beforeAll(async () => {
	test = await openTestSweeper();
	seatStore = test.seatStore;
});
beforeEach(async () => {
	users = await insertUsers(test.databaseUrl, 4);
});
afterEach(async () => {
	await lock?.release();
	lock = null;
	expect(await query("select 1 from dead_letters")).toEqual([]);
});
afterAll(() => test.stop());

const query = (statement: string) => test.query(statement);

/** The dependencies of a sweeper, and the messages that it logged at level warn or above. */
function deps(changes: Partial<SweeperDeps> = {}): SweeperDeps & { readonly warnings: string[] } {
	const warnings: string[] = [];
	const log = createLogger("sweeper", "silent");
	for (const level of ["warn", "error", "fatal"] as const) {
		log[level] = (_fields: unknown, message?: string) => void warnings.push(message ?? "");
	}
	return { ...test.deps({ log, ...changes }), warnings };
}

const openShowtime = () => test.openShowtime(BUCKET);

let seat = 0;
async function buyNext(showtime: OpenShowtime, buyer = 0) {
	const userId = users[buyer];
	if (!userId) throw new Error(`there is no user at position ${buyer}`);
	seat = (seat + 1) % 100;
	return buy(seatStore, showtime, [seat], { userId });
}

const isRecorded = async ({ bookingId }: { bookingId: string }) =>
	(await query(`select 1 from bookings where id = '${bookingId}'`)).length === 1;
const depth = async () => (await seatStore.outboxDepths())[BUCKET];

it.each(["users", "showtimes"])(
	"a locked row of %s delays its showtime alone, without a rebuild or a warning, until the row is released",
	async (table) => {
		const claimed: ShowtimeId[] = [];
		const watched: SeatStore = {
			...seatStore,
			claimShowtime(id, claim) {
				claimed.push(id);
				return seatStore.claimShowtime(id, claim);
			},
		};
		const [held, other] = [await openShowtime(), await openShowtime()];
		const sweeperDeps = deps({ seatStore: watched });
		lock = await holdLock(test.databaseUrl, `select 1 from ${table} where id = '${table === "users" ? users[0] : held.id}' for update`);
		const sweeper = createSweeper(sweeperDeps);
		sweeper.start();
		try {
			const waiting = [await buyNext(held, 0), await buyNext(held, 1)];
			for (let round = 0; round < 5; round += 1) {
				const one = await buyNext(other, 2);
				await waitUntil("the other showtime to be recorded", () => isRecorded(one), LAG_MAX_MS);
			}
			expect(await depth()).toBe(2);
			expect((await sweeperDeps.metrics.render()).text).toMatch(/^holdfast_waiting_showtimes 1$/m);
			await lock.release();
			for (const one of waiting) await waitUntil("the waiting booking to be recorded", () => isRecorded(one), LAG_MAX_MS);
			await waitUntil("no showtime to wait", async () => /^holdfast_waiting_showtimes 0$/m.test((await sweeperDeps.metrics.render()).text));
			expect(claimed.filter((id) => id === held.id)).toEqual([]);
			expect(sweeperDeps.warnings).toEqual([]);
		} finally {
			await sweeper.stop();
		}
	},
);

it("entries that wait for a locked row do not delay later entries, even if they fill more than a batch, and keep their order", async () => {
	const [held, other] = [await openShowtime(), await openShowtime()];
	lock = await holdLock(test.databaseUrl, `select 1 from showtimes where id = '${held.id}' for update`);
	const waiting = [];
	for (let i = 0; i < 4; i += 1) for (const buyer of [0, 1, 2]) waiting.push(await buyNext(held, buyer));
	const behind = await buyNext(other, 3);
	const sweeper = createSweeper(deps({ limits: { ...DEFAULT_LIMITS, settleBatchMax: 5 } }));
	expect((await sweeper.runOnce()).settled).toBe(1);
	expect(await isRecorded(behind)).toBe(true);
	expect(await depth()).toBe(12);
	await lock.release();
	expect((await sweeper.runOnce()).settled).toBe(12);
	const rows = await query(`select e.booking_id from booking_events e join bookings b on b.id = e.booking_id
		where b.showtime_id = '${held.id}' order by e.seq`);
	expect(rows.map((row) => row.booking_id)).toEqual(waiting.map(({ bookingId }) => bookingId));
});

it("a pass that lasts for seconds retries waiting entries, and ends once one of them is settled", async () => {
	const [held, other] = [await openShowtime(), await openShowtime()];
	const slow: SeatStore = {
		...seatStore,
		async readBatch(bucket, request) {
			await pause(50);
			return seatStore.readBatch(bucket, request);
		},
	};
	lock = await holdLock(test.databaseUrl, `select 1 from users where id = '${users[0]}' for update`);
	const waiting = await buyNext(held, 0);
	for (let i = 0; i < 10; i += 1) for (const buyer of [1, 2, 3]) await buyNext(other, buyer);
	const passing = settleBucket(deps({ seatStore: slow }), BUCKET, createBatchSize(1));
	await waitUntil("the pass to be behind the waiting entry", async () => (await depth()) !== undefined && Number(await depth()) < 29);
	await lock.release();
	const { settled, waiting: stillWaiting } = await passing;
	expect(await isRecorded(waiting)).toBe(true);
	expect([settled > 1 && settled < 31, stillWaiting.size]).toEqual([true, 1]);
	await createSweeper(deps()).runOnce();
	expect(await depth()).toBe(0);
});

it("a locked refund row does not delay the correction of other conflicts", async () => {
	const showtimes = [await openShowtime(), await openShowtime()];
	const winners = [];
	for (const showtime of showtimes) winners.push(await buyNext(showtime, 0));
	await createSweeper(deps()).runOnce();
	const losers = [];
	for (const [place, showtime] of showtimes.entries()) {
		const loser = await buyNext(showtime, 1);
		const [taken] = (await seatStore.readBooking(loser.bookingId))?.seats ?? [];
		await query(`update booking_seats set seat = ${taken} where booking_id = '${winners[place]?.bookingId}'`);
		losers.push(loser);
	}
	// From here on the conflicts are in the ledger, and not yet in Redis.
	await settleBucket(deps(), BUCKET, createBatchSize(500));
	const [first, second] = losers;
	lock = await holdLock(test.databaseUrl, `select 1 from refunds where booking_id = '${first?.bookingId}' for update`);
	await createSweeper(deps()).runOnce();
	const corrected = () => query("select booking_id from refunds where store_corrected_at is not null order by due_at");
	expect(await corrected()).toEqual([{ booking_id: second?.bookingId }]);
	await lock.release();
	await createSweeper(deps()).runOnce();
	expect(await corrected()).toHaveLength(2);
});

it("a locked showtime row does not delay the end of other quarantines", async () => {
	const both = [await openShowtime(), await openShowtime()].map(({ id }) => id);
	await query(`update showtimes set timeline = 1 where id in ('${both.join("','")}')`);
	const before = await query(`select timeline from buckets where bucket = ${BUCKET}`);
	await query(
		`update buckets set timeline = timeline + 1, timeline_started_at = now() where bucket = ${bucketOf(both[0] ?? buildShowtime().id)}`,
	);
	const behind = async () =>
		(
			await query(
				`select id from showtimes s join buckets b on b.bucket = ${BUCKET} where s.timeline < b.timeline and s.id in ('${both.join("','")}')`,
			)
		).map((row) => row.id);
	expect([before.length, (await behind()).length]).toEqual([1, 2]);
	const [first] = both;
	lock = await holdLock(test.databaseUrl, `select 1 from showtimes where id = '${first}' for update`);
	const ending = deps({ quarantineMs: 0 });
	await createSweeper(ending).runOnce();
	expect(await behind()).toEqual([first]);
	await lock.release();
	await createSweeper(ending).runOnce();
	expect(await behind()).toEqual([]);
});
