/** Tests moves of a showtime to another time. */
import { bucketOf, INSTANT_MAX_MS, type OpenShowtime, type ShowtimeEvent, type StaffCommand } from "@holdfast/domain";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { showtimeKeys } from "../keys.ts";
import { holdSeats } from "../testing/buy-seats.ts";
import { expectNoViolations } from "../testing/expect-no-violations.ts";
import { depthOf, eventFieldsOf, lastEntry, lastEvent, metaOf, staffCommand } from "../testing/inspect-showtime.ts";
import { installSnapshot } from "../testing/install-snapshot.ts";
import { expectUnchanged, openTestStore, type TestStore } from "../testing/open-test-store.ts";
import { expectEveryReply } from "../testing/watch-replies.ts";
import { rescheduleScript } from "./reschedule.ts";

let test: TestStore;
beforeAll(async () => {
	test = await openTestStore();
});
afterAll(() => test.stop());
afterEach(() => expectNoViolations(test));

const cancel = (showtime: OpenShowtime) =>
	test.store.setTerms({ showtimeId: showtime.id, terms: { state: "cancelled" }, ifVersions: null, command: null });
describe("reschedule", () => {
	const HOUR_MS = 60 * 60 * 1000;
	const move = (showtime: OpenShowtime, scheduleVersion: number, byMs: number, command: StaffCommand | null = null) =>
		test.store.reschedule({
			showtimeId: showtime.id,
			scheduleVersion,
			startsAt: showtime.startsAt + byMs,
			endsAt: showtime.endsAt + byMs,
			movedFrom: { startsAt: showtime.startsAt, endsAt: showtime.endsAt },
			command,
		});
	/** The latest event of the showtime's bucket. A move into the past deletes meta, so the entry is not compared with meta. */
	async function lastMove(showtime: OpenShowtime): Promise<ShowtimeEvent> {
		const entry = (await test.store.readBatch(bucketOf(showtime.id), { afterEntryId: null, limit: 500 })).at(-1);
		if (!entry?.event || !("movedFrom" in entry.event)) throw new Error("the last entry is not a showtime event");
		return entry.event;
	}
	/** A showtime whose sales do not close at its start, so that a move changes the schedule alone. */
	const closingEarly = (overrides: Partial<OpenShowtime> = {}) => test.openShowtime({ salesCloseAt: Date.now() + HOUR_MS, ...overrides });

	it.each([
		["later", 48 * HOUR_MS],
		["earlier", -HOUR_MS],
	])("moves start, end and the expiry of every key %s, and writes an event", async (_, byMs) => {
		const showtime = await closingEarly();
		await holdSeats(test.store, showtime, [1]);
		expect(await move(showtime, 2, byMs)).toEqual({ outcome: "set", showtimeVersion: 1, scheduleVersion: 2 });
		const moved = { ...showtime, startsAt: showtime.startsAt + byMs, endsAt: showtime.endsAt + byMs, scheduleVersion: 2 };
		expect(await test.store.readShowtime(showtime.id)).toEqual(moved);
		const movedFrom = { startsAt: showtime.startsAt, endsAt: showtime.endsAt };
		const { event, raw } = await lastEntry(test, showtime);
		expect(event).toEqual({ ...eventFieldsOf(moved), movedFrom, type: "showtime.rescheduled", seq: 1, at: expect.any(Number) });
		expect(raw.schema).toBe("3");
		const { meta, owner, map, expiry, buyers } = showtimeKeys(showtime.id);
		for (const key of [owner, map, expiry, buyers]) expect(await test.redis.pexpiretime(key)).toBe(moved.endsAt + 48 * HOUR_MS);
		expect(await test.redis.pexpiretime(meta)).toBe(moved.endsAt + 24 * HOUR_MS);
	});

	it("writes the event before the keys expire when the new time was over days ago", async () => {
		const showtime = await closingEarly();
		expect((await move(showtime, 2, -100 * HOUR_MS)).outcome).toBe("set");
		expect(await test.redis.exists(...Object.values(showtimeKeys(showtime.id)))).toBe(0);
		const [entry] = await test.store.readBatch(bucketOf(showtime.id), { afterEntryId: null, limit: 1 });
		expect(entry?.event).toMatchObject({ type: "showtime.rescheduled", scheduleVersion: 2, endsAt: showtime.endsAt - 100 * HOUR_MS });
	});

	it("treats a schedule version that is not newer as a repeat, even with other times", async () => {
		const showtime = await closingEarly({ scheduleVersion: 3 });
		await move(showtime, 5, HOUR_MS);
		const before = await metaOf(test, showtime);
		for (const version of [5, 4, 3]) {
			expect(await move(showtime, version, 9 * HOUR_MS)).toEqual({ outcome: "set", showtimeVersion: 1, scheduleVersion: 5 });
		}
		expect(await metaOf(test, showtime)).toEqual({ ...before, repeats: "3" });
		expect(await depthOf(test, showtime)).toBe(1);
	});

	it("writes one event per schedule version, under a new showtime version when a rebuild has installed the schedule already", async () => {
		const showtime = await closingEarly({ scheduleVersion: 2 });
		for (let round = 0; round < 2; round += 1) {
			expect(await move(showtime, 2, 0)).toEqual({ outcome: "set", showtimeVersion: 2, scheduleVersion: 2 });
			const entries = await test.store.readBatch(bucketOf(showtime.id), { afterEntryId: null, limit: 500 });
			expect(entries).toMatchObject([{ event: { type: "showtime.rescheduled", showtimeVersion: 2, scheduleVersion: 2 } }]);
			await installSnapshot(test.store, { showtime, epoch: 2 + round });
		}
	});

	it("refuses a new time once the showtime is cancelled", async () => {
		const showtime = await closingEarly();
		await cancel(showtime);
		expect(await expectUnchanged(test, () => move(showtime, 2, HOUR_MS))).toEqual({ outcome: "showtime_cancelled" });
	});

	it("carries the command of staff", async () => {
		const showtime = await closingEarly();
		const command = staffCommand("The projector is late.");
		await move(showtime, 2, HOUR_MS, command);
		expect((await lastEvent(test, showtime)).command).toEqual(command);
	});

	it("moves the end of sales along when it was the start, and raises both versions", async () => {
		const showtime = await test.openShowtime();
		expect(showtime.salesCloseAt).toBe(showtime.startsAt);
		expect(await move(showtime, 2, HOUR_MS)).toEqual({ outcome: "set", showtimeVersion: 2, scheduleVersion: 2 });
		const closing = { salesCloseAt: showtime.startsAt + HOUR_MS, showtimeVersion: 2, scheduleVersion: 2 };
		expect(await test.store.readShowtime(showtime.id)).toMatchObject(closing);
		expect(await lastEvent(test, showtime)).toMatchObject(closing);
		expect(await move(showtime, 2, HOUR_MS)).toEqual({ outcome: "set", showtimeVersion: 2, scheduleVersion: 2 });
		expect(await depthOf(test, showtime)).toBe(1);
	});

	it.each([-1, 1])("leaves an end of sales %d ms beside the start where it is, and raises only the schedule version", async (besideMs) => {
		const { startsAt } = await closingEarly();
		const showtime = await test.openShowtime({ startsAt, salesCloseAt: startsAt + besideMs });
		expect(await move(showtime, 2, HOUR_MS)).toEqual({ outcome: "set", showtimeVersion: 1, scheduleVersion: 2 });
		expect(await test.store.readShowtime(showtime.id)).toMatchObject({ salesCloseAt: showtime.salesCloseAt });
	});

	it("moves the end of sales along when a rebuild has installed the new start before", async () => {
		const showtime = await test.openShowtime();
		const moved = { ...showtime, startsAt: showtime.startsAt + HOUR_MS, endsAt: showtime.endsAt + HOUR_MS, scheduleVersion: 2 };
		await installSnapshot(test.store, { showtime: moved, epoch: 2 });
		expect(await move(showtime, 2, HOUR_MS)).toMatchObject({ outcome: "set", showtimeVersion: 2 });
		expect(await test.store.readShowtime(showtime.id)).toMatchObject({ startsAt: moved.startsAt, salesCloseAt: moved.startsAt });
	});

	it.each([0, 1, -1])("never lets sales close before they open: a start %d ms after their opening", async (afterMs) => {
		const { salesOpenAt, startsAt } = await closingEarly();
		const showtime = await test.openShowtime({ salesOpenAt, startsAt, salesCloseAt: startsAt });
		await move(showtime, 2, salesOpenAt + afterMs - startsAt);
		expect((await lastMove(showtime)).salesCloseAt).toBe(salesOpenAt + Math.max(afterMs, 0));
	});

	it("throws before any write when the showtime would not end after it starts, or a time is out of range", async () => {
		const showtime = await closingEarly();
		const { startsAt, endsAt } = showtime;
		const command = { showtimeId: showtime.id, scheduleVersion: 2, startsAt, endsAt, movedFrom: { startsAt, endsAt }, command: null };
		for (const times of [{ endsAt: startsAt }, { startsAt: -1 }, { endsAt: INSTANT_MAX_MS + 1 }, { startsAt: startsAt + 0.5 }])
			await expectUnchanged(test, () => expect(test.store.reschedule({ ...command, ...times })).rejects.toThrow("cannot be moved"));
		expect((await test.store.reschedule({ ...command, endsAt: INSTANT_MAX_MS })).outcome).toBe("set");
	});

	it("answers busy when the outbox has outboxMax entries and not one entry sooner, and to a repeat never", async () => {
		const showtime = await closingEarly();
		const bounded = test.withLimits({ outboxMax: (await depthOf(test, showtime)) + 1 });
		const { id: showtimeId, startsAt, endsAt } = showtime;
		const send = (scheduleVersion: number) =>
			bounded.reschedule({ showtimeId, scheduleVersion, startsAt, endsAt, movedFrom: { startsAt, endsAt }, command: null });
		expect((await send(2)).outcome).toBe("set");
		expect((await send(2)).outcome).toBe("set");
		expect(await expectUnchanged(test, () => send(3))).toEqual({ outcome: "busy" });
	});
});

it("covers every status that reschedule.lua can reply", () => expectEveryReply(test.replies, [rescheduleScript]));
