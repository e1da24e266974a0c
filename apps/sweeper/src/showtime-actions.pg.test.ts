/**
 * Moving and cancelling showtimes on real stores: each half is repeated until both stores have the change, whatever was killed between
 * them, and each buyer gets one notice and one refund.
 */
import type { ChildProcess } from "node:child_process";
import { join } from "node:path";
import { finishIfSettled, type RescheduleStart, startCancel, startReschedule } from "@holdfast/database";
import { newShowtimeId, newUserId, type OpenShowtime, type ShowtimeId, type StaffCommand } from "@holdfast/domain";
import { buy, holdSeats, installedShowtime } from "@holdfast/seat-store/testing";
import { type ActionDeps, driveAction, waitForAction } from "@holdfast/showtime-actions";
import { holdLock, insertShowtimes, insertUsers, spawnApp, waitUntil } from "@holdfast/testing";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { createSweeperMetrics } from "./sweeper-metrics.ts";
import { openTestSweeper, type TestSweeper } from "./testing/open-test-sweeper.ts";

const MAIN = join(import.meta.dirname, "main.ts");
const HOUR_MS = 3_600_000;
const [BOOKINGS, SETTLED] = [500, 300];
const KILL_DEADLINE_MS = 60_000;

let test: TestSweeper;
let deps: ActionDeps;
const children: ChildProcess[] = [];
beforeAll(async () => {
	test = await openTestSweeper();
	const { seatStore, database, rebuild } = test;
	deps = { seatStore, database, open: async (showtimeId) => ({ outcome: await rebuild(showtimeId) }) };
});
afterEach(() => {
	for (const child of children.splice(0)) child.kill("SIGKILL");
});
afterAll(() => test.stop());

const command = (): StaffCommand => ({ actor: newUserId(), requestId: newUserId(), reason: "The projector is broken." });
const settle = () => test.newSweeper().runOnce();
const countRows = async (table: string, where: string) =>
	Number((await test.query(`select count(*) as n from ${table} where ${where}`))[0]?.n ?? Number.NaN);
const actionsOf = (id: ShowtimeId) =>
	test.query(`select kind, outcome, finished_at is not null as finished from showtime_actions where showtime_id = '${id}' order by id`);
/** The first attempt belongs to the process that started the action; a sweeper takes over five seconds later. */
const passTime = (id: ShowtimeId) => test.query(`update showtime_actions set next_try_at = now() where showtime_id = '${id}'`);

async function reschedule(
	showtime: Pick<OpenShowtime, "id" | "startsAt">,
	byMs = HOUR_MS,
): Promise<{ actionId: string; startsAt: number }> {
	const startsAt = showtime.startsAt + byMs;
	const plan = () => ({ outcome: "planned", starts: [{ date: "2027-01-01", time: "20:00", outcome: "starts", startsAt }] }) as const;
	const started: RescheduleStart = await startReschedule(test.database, {
		...{ showtimeId: showtime.id, plan, ifVersions: null, command: command() },
	});
	if (started.outcome !== "started") throw new Error(`the move was refused: ${started.outcome}`);
	return { actionId: started.actionId, startsAt };
}

async function cancel(id: ShowtimeId): Promise<string> {
	const started = await startCancel(test.database, { showtimeId: id, ifVersions: null, command: command() });
	if (started.outcome !== "started") throw new Error(`the cancel was refused: ${started.outcome}`);
	return started.actionId;
}

/**
 * Starts a sweeper as a process of its own, which settles 40 entries at a time until it needs the row or table that `lock` locks, and kills
 * it there once `isTime` says so.
 */
async function killSweeperAt(lock: string, isTime: () => Promise<boolean>): Promise<void> {
	const held = await holdLock(test.databaseUrl, lock);
	const { child, ended, printed } = spawnApp(MAIN, {
		...{ PATH: process.env.PATH, REDIS_URL: test.redis.url, DATABASE_URL: test.databaseUrl, SETTLE_BATCH_MAX: "40" },
	});
	children.push(child);
	await waitUntil("the moment to kill the sweeper", isTime, KILL_DEADLINE_MS).catch((error: unknown) => {
		throw new Error(`the sweeper printed ${printed.out}${printed.err}`, { cause: error });
	});
	child.kill("SIGKILL");
	await ended;
	await held.release();
}

/** Runs `act` on ten items at a time, so that their entries are in the outbox in nearly this order. */
async function inOrder<T>(items: readonly T[], act: (item: T) => Promise<unknown>): Promise<void> {
	for (let from = 0; from < items.length; from += 10) await Promise.all(items.slice(from, from + 10).map(act));
}

/** 500 seats, one booking each: 300 settled, 100 confirmed and not settled, 100 held. */
async function sellOut() {
	const users = await insertUsers(test.databaseUrl, 100);
	const showtime = await test.rebuiltShowtime({ rows: 25, seatsPerRow: 20 });
	const ofSeat = (seat: number) => ({ userId: users[seat % users.length] ?? newUserId() });
	const seats = Array.from({ length: BOOKINGS }, (_, seat) => seat);
	const buyAll = (some: readonly number[]) => inOrder(some, (seat) => buy(test.seatStore, showtime, [seat], ofSeat(seat)));
	await buyAll(seats.slice(0, SETTLED));
	await settle();
	await buyAll(seats.slice(SETTLED, SETTLED + 100));
	const held = await Promise.all(seats.slice(SETTLED + 100).map((seat) => holdSeats(test.seatStore, showtime, [seat], ofSeat(seat))));
	return {
		showtime,
		/** Locks the buyer of a seat, who keeps the showtime from being settled from the buyer's next entry on. */
		lockBuyerOf: (seat: number) => `select 1 from users where id = '${ofSeat(seat).userId}' for update`,
		confirmHeld: async (): Promise<void> => {
			await inOrder(held, async (each) => {
				const { outcome } = await test.seatStore.confirmBooking(each);
				if (outcome !== "confirmed") throw new Error(`a confirm was refused: ${outcome}`);
			});
		},
	};
}

describe("500 bookings of which 200 are not settled", () => {
	it("a reschedule gives 500 notices, each once, although sweepers are killed half-way", async () => {
		const { showtime, confirmHeld, lockBuyerOf } = await sellOut();
		const { id } = showtime;
		const settled = () => countRows("bookings", `showtime_id = '${id}'`);
		const noticed = () => countRows("notices", `showtime_id = '${id}'`);
		const { actionId, startsAt } = await reschedule(showtime);
		expect(await driveAction(deps, actionId)).toEqual({ outcome: "applied" });
		await confirmHeld();
		// The move is in the outbox after 100 confirms, and before 100 others under the old schedule. The first sweeper must get beyond the
		// buyer whom the second finds locked: on a busy machine a sweeper halves its batches.
		await killSweeperAt(lockBuyerOf(SETTLED + 60), async () => (await settled()) > SETTLED + 30);
		expect([await noticed(), (await settled()) < SETTLED + 100]).toEqual([0, true]);
		await killSweeperAt(lockBuyerOf(SETTLED + 130), async () => (await noticed()) > SETTLED + 100);
		expect(await noticed()).toBeLessThan(BOOKINGS);
		await settle();
		expect(await countRows("bookings", `showtime_id = '${id}' and state = 'CONFIRMED' and schedule_version = 1`)).toBe(BOOKINGS);
		const [notices] = await test.query(
			`select count(*) as n, count(distinct booking_id) as bookings, min(version) as low, max(version) as high,
				min((details->'from'->>'startsAt')::bigint) as was, min((details->'to'->>'startsAt')::bigint) as is
			 from notices where showtime_id = '${id}'`,
		);
		const times = { was: `${showtime.startsAt}`, is: `${startsAt}` };
		expect(notices).toEqual({ n: `${BOOKINGS}`, bookings: `${BOOKINGS}`, low: "2", high: "2", ...times });
		expect(await actionsOf(id)).toEqual([{ kind: "reschedule", outcome: "done", finished: "t" }]);
		expect(await countRows("audit_events", `showtime_id = '${id}' and action = 'showtime.rescheduled'`)).toBe(1);
		expect(await countRows("dead_letters", "true")).toBe(0);
	}, 180_000);

	it("a cancel that only a sweeper carries out gives 500 cancels, 500 refunds and 500 notices, although sweepers are killed half-way", async () => {
		const { showtime, confirmHeld, lockBuyerOf } = await sellOut();
		const { id } = showtime;
		const settled = () => countRows("bookings", `showtime_id = '${id}'`);
		await confirmHeld();
		await cancel(id);
		await passTime(id);
		await killSweeperAt(lockBuyerOf(SETTLED + 60), async () => (await settled()) > SETTLED);
		expect(await settled()).toBeLessThan(BOOKINGS);
		// The cancel settles in one transaction, which cannot write the refunds.
		await killSweeperAt("lock table refunds", async () => (await settled()) === BOOKINGS);
		const ofShowtime = `showtime_id = '${id}'`;
		expect(await countRows("bookings", `${ofShowtime} and state = 'CONFIRMED'`)).toBe(BOOKINGS);
		expect(await countRows("notices", ofShowtime)).toBe(0);
		await passTime(id);
		await settle();
		await settle();
		expect(await countRows("bookings", `${ofShowtime} and state = 'CANCELLED' and version = 3`)).toBe(BOOKINGS);
		const events = `type = 'booking.cancelled' and booking_id in (select id from bookings where ${ofShowtime})`;
		expect(await countRows("booking_events", events)).toBe(BOOKINGS);
		const owed = "reason = 'showtime_cancelled' and percent = 100 and state = 'due' and amount = 1250";
		expect(await countRows("refunds", `${ofShowtime} and ${owed}`)).toBe(BOOKINGS);
		expect(await countRows("notices", `${ofShowtime} and kind = 'booking.cancelled' and version = 3`)).toBe(BOOKINGS);
		expect(await countRows("audit_events", `${ofShowtime} and action = 'showtime.cancelled'`)).toBe(1);
		expect(await actionsOf(id)).toEqual([{ kind: "cancel", outcome: "done", finished: "t" }]);
	}, 180_000);
});

/** What must be true of a moved showtime in the end, whatever was killed on the way. */
async function expectMoved(id: ShowtimeId, startsAt: number): Promise<void> {
	expect(await installedShowtime(test.seatStore, id)).toMatchObject({ startsAt, salesCloseAt: startsAt, scheduleVersion: 2 });
	expect(await countRows("showtime_events", `showtime_id = '${id}' and type = 'showtime.rescheduled'`)).toBe(1);
	expect(await countRows("audit_events", `showtime_id = '${id}'`)).toBe(1);
	expect(await countRows("notices", `showtime_id = '${id}'`)).toBe(1);
	expect(await actionsOf(id)).toEqual([{ kind: "reschedule", outcome: "done", finished: "t" }]);
}

async function soldShowtime(): Promise<OpenShowtime> {
	const showtime = await test.rebuiltShowtime();
	const [userId = newUserId()] = await insertUsers(test.databaseUrl, 1);
	await buy(test.seatStore, showtime, [1], { userId });
	return showtime;
}

describe("a reschedule that is interrupted", () => {
	it("a move that only the ledger has is carried out by the sweeper, which leaves it alone for the first seconds", async () => {
		const showtime = await soldShowtime();
		const { startsAt } = await reschedule(showtime);
		const metrics = createSweeperMetrics();
		await test.newSweeper({ metrics }).runOnce();
		expect(await actionsOf(showtime.id)).toMatchObject([{ finished: "f" }]);
		await test.query(`update showtime_actions set created_at = now() - interval '11 seconds' where showtime_id = '${showtime.id}'`);
		await test.newSweeper({ metrics }).runOnce();
		expect((await metrics.render()).text).toMatch(/^holdfast_unfinished_actions 1$/m);
		await passTime(showtime.id);
		await settle();
		await expectMoved(showtime.id, startsAt);
		await test.newSweeper({ metrics }).runOnce();
		expect((await metrics.render()).text).toMatch(/^holdfast_unfinished_actions 0$/m);
	});

	it("a move that the seat store has changes nothing when it is repeated, before and after settling", async () => {
		const showtime = await soldShowtime();
		const { actionId, startsAt } = await reschedule(showtime);
		expect(await driveAction(deps, actionId)).toEqual({ outcome: "applied" });
		expect(await driveAction(deps, actionId)).toEqual({ outcome: "applied" });
		await settle();
		expect(await driveAction(deps, actionId)).toEqual({ outcome: "finished", result: "done" });
		await expectMoved(showtime.id, startsAt);
	});

	it("a move whose row was locked while its event was settled is finished by the next attempt", async () => {
		const showtime = await soldShowtime();
		const { actionId, startsAt } = await reschedule(showtime);
		await driveAction(deps, actionId);
		const lock = await holdLock(test.databaseUrl, `select 1 from showtime_actions where id = '${actionId}' for update`);
		await settle();
		expect(await countRows("notices", `showtime_id = '${showtime.id}'`)).toBe(1);
		await lock.release();
		expect(await actionsOf(showtime.id)).toMatchObject([{ finished: "f" }]);
		await passTime(showtime.id);
		await settle();
		await expectMoved(showtime.id, startsAt);
	});

	it("a move that a rebuild has installed without an event still gives the event and the notice", async () => {
		const showtime = await soldShowtime();
		await settle();
		const { startsAt } = await reschedule(showtime);
		await test.redis.kill();
		await test.redis.restart();
		await waitUntil("the rebuild", async () => (await test.rebuild(showtime.id).catch(() => "")) === "opened");
		await passTime(showtime.id);
		await settle();
		await expectMoved(showtime.id, startsAt);
	});
});

describe("driveAction", () => {
	it("opens a showtime that is not installed, moves it, and waitForAction returns once it is settled", async () => {
		const { showtimeIds } = await insertShowtimes(test.databaseUrl);
		const [id = newShowtimeId()] = showtimeIds;
		const [row] = await test.query(`select (extract(epoch from starts_at) * 1000)::bigint as start from showtimes where id = '${id}'`);
		const { actionId, startsAt } = await reschedule({ id, startsAt: Number(row?.start) });
		expect(await driveAction(deps, actionId)).toEqual({ outcome: "applied" });
		expect(await waitForAction(deps, actionId, 0)).toEqual({ outcome: "not_recorded" });
		const waiting = waitForAction(deps, actionId, 10_000);
		await settle();
		expect(await waiting).toEqual({ outcome: "recorded", result: "done" });
		expect(await installedShowtime(test.seatStore, id)).toMatchObject({ startsAt, scheduleVersion: 2 });
	});

	it("throws while Redis is down, notes why, and the sweeper tries again later each time", async () => {
		const showtime = await soldShowtime();
		const { actionId, startsAt } = await reschedule(showtime);
		await test.redis.kill();
		await expect(driveAction(deps, actionId)).rejects.toThrow();
		await expect(driveAction(deps, actionId)).rejects.toThrow();
		const [row] = await test.query(
			`select tries, last_error is not null as noted, next_try_at > now() as later from showtime_actions where id = '${actionId}'`,
		);
		expect(row).toEqual({ tries: "2", noted: "t", later: "t" });
		await test.redis.restart();
		await waitUntil("Redis to be reachable", async () => (await test.rebuild(showtime.id).catch(() => "")) === "opened");
		await passTime(showtime.id);
		await settle();
		await expectMoved(showtime.id, startsAt);
	});

	it("two processes that drive one action at the same time make one event", async () => {
		const showtime = await soldShowtime();
		const { actionId, startsAt } = await reschedule(showtime);
		await Promise.all(Array.from({ length: 8 }, () => driveAction(deps, actionId)));
		await settle();
		await expectMoved(showtime.id, startsAt);
	});

	it("finishes a move of a showtime that was cancelled meanwhile, and the cancel as well", async () => {
		const showtime = await soldShowtime();
		const move = await reschedule(showtime);
		const actionId = await cancel(showtime.id);
		expect(await cancel(showtime.id)).toBe(actionId);
		expect(await driveAction(deps, actionId)).toEqual({ outcome: "applied" });
		expect(await driveAction(deps, move.actionId)).toEqual({ outcome: "finished", result: "showtime_cancelled" });
		await settle();
		expect(await finishIfSettled(test.database, actionId)).toBe("done");
		expect(await startCancel(test.database, { showtimeId: showtime.id, ifVersions: null, command: command() })).toEqual({
			outcome: "unchanged",
		});
		expect(await countRows("refunds", `showtime_id = '${showtime.id}'`)).toBe(1);
	});

	it("finishes a cancel whose version of the terms does not match, and cancels nothing", async () => {
		const showtime = await soldShowtime();
		const started = await startCancel(test.database, { showtimeId: showtime.id, ifVersions: [7], command: command() });
		const actionId = started.outcome === "started" ? started.actionId : "";
		expect(await driveAction(deps, actionId)).toEqual({ outcome: "finished", result: "version_mismatch" });
		await settle();
		expect(await installedShowtime(test.seatStore, showtime.id)).toMatchObject({ state: "open" });
		expect(await countRows("audit_events", `showtime_id = '${showtime.id}'`)).toBe(0);
	});

	it("finishes a move whose showtime ended more than a day ago in the ledger, because the seat store has closed it for good", async () => {
		const { showtimeIds } = await insertShowtimes(test.databaseUrl);
		const [id = newShowtimeId()] = showtimeIds;
		const [row] = await test.query(`select (extract(epoch from starts_at) * 1000)::bigint as start from showtimes where id = '${id}'`);
		const { actionId } = await reschedule({ id, startsAt: Number(row?.start) });
		await test.query(
			`update showtimes set starts_at = now() - interval '27 hours', ends_at = now() - interval '25 hours', occupied_until = now(),
				sales_open_at = now() - interval '28 hours', sales_close_at = now() - interval '27 hours' where id = '${id}'`,
		);
		expect(await driveAction(deps, actionId)).toEqual({ outcome: "finished", result: "showtime_closed" });
		expect(await actionsOf(id)).toEqual([{ kind: "reschedule", outcome: "showtime_closed", finished: "t" }]);
	});

	it.each([
		["is accepted a minute before a day has passed since the end", -1, "started"],
		["is refused a minute after a day has passed since the end", 1, "showtime_closed"],
	])("a cancel %s", async (_what, minutes, outcome) => {
		const showtime = await test.openShowtime();
		await test.query(
			`update showtimes set starts_at = now() - interval '26 hours', occupied_until = now(),
				ends_at = now() - interval '1 day' - interval '${minutes} minutes' where id = '${showtime.id}'`,
		);
		expect((await startCancel(test.database, { showtimeId: showtime.id, ifVersions: null, command: command() })).outcome).toBe(outcome);
	});
});
