import { type Booking, bucketOf, newBookingId, newShowtimeId, RECORD_TTL_MS, type StaffCommand } from "@holdfast/domain";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { bookingKey, bucketKeys } from "../keys.ts";
import { parseEvent } from "../parse-event.ts";
import { holdSeats, sellByStaff } from "../testing/buy-seats.ts";
import { expectNoViolations } from "../testing/expect-no-violations.ts";
import { ODD_REASONS, staffCommand } from "../testing/inspect-showtime.ts";
import { bookingEventOf, expectUnchanged, openTestStore, type TestStore } from "../testing/open-test-store.ts";
import { expectEveryReply } from "../testing/watch-replies.ts";
import { ackBatchScript, readBatchScript } from "./drain-outbox.ts";
import { loadBookingScript } from "./read-bookings.ts";

let test: TestStore;
beforeAll(async () => {
	test = await openTestStore();
});
afterAll(() => test.stop());
afterEach(() => expectNoViolations(test));

const BUCKET = 5;
const open = () => test.openShowtime({ id: newShowtimeId(BUCKET) });
const readAll = () => test.store.readBatch(BUCKET, { afterEntryId: null, limit: 500 });
const depth = async () => (await test.store.outboxDepths())[BUCKET];

/** Confirms a booking. Returns its command, its outbox entry, and an ack of that entry at a given version. */
async function sell(seats: number[]) {
	const command = await holdSeats(test.store, await open(), seats);
	await test.store.confirmBooking(command);
	const [entry] = (await readAll()).slice(-1);
	if (!entry) throw new Error("the confirm wrote no entry to the outbox");
	const ack = (version: number) => test.store.ackBatch(BUCKET, [{ entryId: entry.entryId, booking: { id: command.bookingId, version } }]);
	return { command, entry, ack };
}

describe("the outbox", () => {
	it("is read oldest first from any entry on, with the epoch of each showtime, and not changed by the read", async () => {
		const showtime = await open();
		const commands = [
			await holdSeats(test.store, showtime, [1]),
			await holdSeats(test.store, showtime, [2]),
			await holdSeats(test.store, showtime, [3]),
		];
		for (const command of commands) await test.store.confirmBooking(command);
		const all = await expectUnchanged(test, readAll);
		expect(all.map((entry) => bookingEventOf(entry).bookingId)).toEqual(commands.map(({ bookingId }) => bookingId));
		expect(all.map(({ epoch }) => epoch)).toEqual([1, 1, 1]);
		expect(all.map(({ event }) => event?.seq)).toEqual([1, 2, 3]);
		const behind = await test.store.readBatch(BUCKET, { afterEntryId: all[0]?.entryId ?? "", limit: 1 });
		expect(behind.map(({ entryId }) => entryId)).toEqual([all[1]?.entryId]);
	});

	it("is emptied by acks, which mark each booking as recorded and keep its record for a day", async () => {
		const sold = [await sell([1]), await sell([2, 3])];
		expect(await depth()).toBe(2);
		await test.store.ackBatch(
			BUCKET,
			sold.map(({ command, entry }) => ({ entryId: entry.entryId, booking: { id: command.bookingId, version: 2 } })),
		);
		expect(await depth()).toBe(0);
		for (const { command } of sold) {
			expect((await test.store.readBooking(command.bookingId))?.recorded).toBe(true);
			expect(await test.redis.pttl(bookingKey(command.bookingId))).toBeGreaterThan(RECORD_TTL_MS - 10_000);
		}
	});

	it("an ack deletes entries without a booking, and an ack of no entries sends nothing to Redis", async () => {
		const { entry } = await sell([1]);
		const acks = test.replies.get("ack-batch")?.length;
		await expectUnchanged(test, () => test.store.ackBatch(BUCKET, []));
		expect(test.replies.get("ack-batch")).toHaveLength(acks ?? 0);
		await test.store.ackBatch(BUCKET, [{ entryId: entry.entryId, booking: null }]);
		expect(await depth()).toBe(0);
	});

	it("an ack of an older version of the booking does not mark it as recorded", async () => {
		const { command, ack } = await sell([1]);
		await test.store.cancelBooking(command);
		await ack(2);
		expect((await test.store.readBooking(command.bookingId))?.recorded).toBe(false);
		expect(await test.redis.pttl(bookingKey(command.bookingId))).toBe(-1);
		expect(await depth()).toBe(1);
	});

	it("an ack that is repeated, or for a booking without a record, changes nothing", async () => {
		const { command, ack } = await sell([1]);
		await ack(2);
		await test.redis.del(bookingKey(command.bookingId));
		await expectUnchanged(test, () => ack(2));
	});

	it("a cancel marks a recorded booking as not recorded, and keeps its record until the ledger has the cancel", async () => {
		const { command, ack } = await sell([1]);
		await ack(2);
		await test.store.cancelBooking(command);
		expect(await test.store.readBooking(command.bookingId)).toMatchObject({ state: "CANCELLED", recorded: false });
		expect(await test.redis.pttl(bookingKey(command.bookingId))).toBe(-1);
	});

	it("is read with event null for an unreadable entry, and with epoch 0 for a showtime that was never installed", async () => {
		await test.redis.xadd(bucketKeys(BUCKET).outbox, "*", "schema", "99", "type", "booking.confirmed", "showtimeId", newShowtimeId(BUCKET));
		const [entry] = await readAll();
		expect(entry).toMatchObject({ event: null, epoch: 0, raw: { schema: "99", type: "booking.confirmed" } });
		await test.store.ackBatch(BUCKET, [{ entryId: entry?.entryId ?? "", booking: null }]);
		expect(await depth()).toBe(0);
	});

	it("takes a requeued dead letter with its fields unchanged", async () => {
		const { entry, ack } = await sell([1]);
		await ack(2);
		await test.store.requeueEntry(BUCKET, entry.raw);
		const [again] = await readAll();
		expect(again).toEqual({ ...entry, entryId: again?.entryId });
	});
});

describe("parseEvent", () => {
	it.each(["schema", "seq", "type", "bookingId", "showtimeId", "at", "booking"])(
		"returns null when `%s` is missing or invalid",
		async (field) => {
			const { raw } = (await sell([1])).entry;
			expect(parseEvent(raw)).not.toBeNull();
			const { [field]: _, ...rest } = raw;
			expect(parseEvent(rest)).toBeNull();
			expect(parseEvent({ ...raw, [field]: "x" })).toBeNull();
		},
	);

	it.each(["version", "userId", "showtimeId", "planId", "seats", "amounts", "amount", "createdAt", "confirmedAt", "scheduleVersion"])(
		"returns null when `%s` of the booking is missing or invalid",
		async (field) => {
			const { raw } = (await sell([1])).entry;
			const { [field]: _, ...rest } = JSON.parse(raw.booking ?? "");
			for (const booking of [rest, { ...rest, [field]: "x" }, { ...rest, [field]: 1 }])
				expect(parseEvent({ ...raw, booking: JSON.stringify(booking) })).toBeNull();
		},
	);

	it.each(["type", "state", "showtimeVersion", "prices", "salesOpenAt", "blockedSeats", "scheduleVersion", "endsAt"])(
		"returns null when `%s` of a showtime event is invalid",
		async (field) => {
			const showtime = await open();
			await test.store.setTerms({ showtimeId: showtime.id, terms: { state: "paused" }, ifVersions: null, command: null });
			const [entry] = await readAll();
			expect(entry?.event).not.toBeNull();
			expect(parseEvent({ ...entry?.raw, [field]: "x" })).toBeNull();
		},
	);

	it("reads entries of the schemas 2, 3 and 4, and no others", async () => {
		const showtime = await open();
		await test.store.setTerms({ showtimeId: showtime.id, terms: { state: "paused" }, ifVersions: null, command: null });
		const [entry] = await readAll();
		for (const schema of ["2", "3", "4"]) expect(parseEvent({ ...entry?.raw, schema })).toEqual(entry?.event);
		for (const schema of ["0", "1", "5", "", "2.5"]) expect(parseEvent({ ...entry?.raw, schema })).toBeNull();
	});

	it("returns null for a command whose actor is not a user, or that lacks a field, and for half of the schedule before a move", async () => {
		const showtime = await open();
		const { startsAt, endsAt } = showtime;
		const [movedFrom, command] = [{ startsAt, endsAt }, staffCommand("why")];
		await test.store.reschedule({ showtimeId: showtime.id, scheduleVersion: 2, startsAt, endsAt, movedFrom, command });
		const raw = (await readAll())[0]?.raw ?? {};
		expect(parseEvent(raw)).toMatchObject({ command, movedFrom });
		const { requestId: _id, ...withoutRequest } = raw;
		const { reason: _reason, ...withoutReason } = raw;
		const { fromEndsAt: _end, ...withoutEnd } = raw;
		for (const bad of [{ ...raw, actor: "x" }, { ...raw, actor: "" }, withoutRequest, withoutReason, withoutEnd])
			expect(parseEvent(bad)).toBeNull();
	});
});

describe("parseEvent of what staff do to a booking", () => {
	/** Makes one entry of each kind: a sale, a reseat, a cancel and the release of a hold. Returns their fields. */
	async function entriesOfStaff(command: StaffCommand): Promise<Record<string, string>[]> {
		const showtime = await open();
		const sold = await sellByStaff(test.store, showtime, [1], { command });
		await test.store.reseatBooking({ ...sold, command, seats: [2], amounts: [1250] });
		await test.store.cancelByStaff({ ...sold, command, refundPercent: 50 });
		await test.store.cancelByStaff({ ...(await holdSeats(test.store, showtime, [3])), command, refundPercent: 0 });
		return (await readAll()).map(({ raw }) => raw);
	}

	it("reads who did what, also reasons with odd characters, and gives these entries schema 4 and those of buyers schema 2", async () => {
		const command = staffCommand(ODD_REASONS.slice(0, -1).join(""));
		const entries = await entriesOfStaff(command);
		const staff = (action: string, fields: object) => ({
			commands: [{ ...command, action }],
			refundPercent: null,
			seatsBefore: null,
			...fields,
		});
		expect(entries.map((raw) => [raw.schema, raw.type])).toEqual([
			["4", "booking.confirmed"],
			["4", "booking.reseated"],
			["4", "booking.cancelled"],
			["4", "admin.released"],
		]);
		expect(entries.map(parseEvent)).toMatchObject([
			{ seats: [1], staff: staff("booking.sold", {}) },
			{ seats: [2], version: 3, staff: staff("booking.reseated", { seatsBefore: [1] }) },
			{ seats: [2], version: 4, staff: staff("booking.cancelled", { refundPercent: 50 }) },
			{ seats: [3], version: 2, confirmedAt: null, staff: staff("booking.released", {}) },
		]);
		await test.redis.flushall();
		const bought = await sell([4]);
		await test.store.cancelBooking(bought.command);
		const ofBuyers = (await readAll()).map(({ raw }) => raw);
		expect(ofBuyers.map(({ schema }) => schema)).toEqual(["2", "2"]);
		for (const raw of ofBuyers) expect(parseEvent(raw)).toMatchObject({ staff: null });
		expect(Object.keys(ofBuyers[0] ?? {})).toEqual(["schema", "seq", "type", "bookingId", "showtimeId", "at", "booking"]);
	});

	it.each<[string, { commands?: unknown; refundPercent?: string; seatsBefore?: string }]>([
		["an unknown action", { commands: [{ action: "booking.eaten" }] }],
		["an actor that is no user", { commands: [{ actor: "x" }] }],
		["no actor", { commands: [{ actor: undefined }] }],
		["no request", { commands: [{ requestId: undefined }] }],
		["a reason that is no text", { commands: [{ reason: 7 }] }],
		["commands that are no list", { commands: {} }],
		["a refund of 101 percent", { refundPercent: "101" }],
		["a refund of -1 percent", { refundPercent: "-1" }],
		["a refund of half a percent", { refundPercent: "0.5" }],
		["seats before that are none", { seatsBefore: "x" }],
	])("returns null for %s", async (_what, { commands, ...fields }) => {
		const [, raw = {}] = await entriesOfStaff(staffCommand("why"));
		const [command] = JSON.parse(raw.commands ?? "[]");
		const changed = Array.isArray(commands) ? commands.map((change) => ({ ...command, ...change })) : commands;
		expect(parseEvent(raw)).not.toBeNull();
		expect(parseEvent({ ...raw, ...fields, ...(changed !== undefined && { commands: JSON.stringify(changed) }) })).toBeNull();
	});

	it("returns null for the release of a hold without a command, or of a booking that was confirmed", async () => {
		const entries = await entriesOfStaff(staffCommand());
		const [sold = {}, released = {}] = [entries[0], entries[3]];
		const { commands: _commands, ...withoutCommand } = released;
		expect(parseEvent(withoutCommand)).toBeNull();
		expect(parseEvent({ ...sold, type: "admin.released" })).toBeNull();
	});
});

describe("loadBooking", () => {
	/** Makes a booking that the ledger has and whose record in Redis has expired. */
	async function unloadedBooking() {
		const { command, ack } = await sell([4]);
		await ack(2);
		const booking = await test.store.readBooking(command.bookingId);
		if (!booking) throw new Error("the booking has no record");
		await test.redis.del(bookingKey(command.bookingId));
		return { command, booking };
	}

	it("writes a booking back for a day, so that it can be cancelled", async () => {
		const { command, booking } = await unloadedBooking();
		expect((await test.store.cancelBooking(command)).outcome).toBe("not_loaded");
		await test.store.loadBooking(booking);
		expect(await test.store.readBooking(command.bookingId)).toEqual(booking);
		expect(await test.redis.pttl(bookingKey(command.bookingId))).toBeGreaterThan(RECORD_TTL_MS - 10_000);
		expect((await test.store.cancelBooking(command)).outcome).toBe("cancelled");
	});

	it("does not change an existing record", async () => {
		const { booking } = await holdSeats(test.store, await open(), [5]);
		await expectUnchanged(test, () => test.store.loadBooking({ ...booking, state: "CANCELLED", version: 2 }));
	});

	it("writes every field of a cancelled booking", async () => {
		const { booking } = await unloadedBooking();
		const cancelled: Booking = {
			...booking,
			id: newBookingId(booking.showtimeId),
			state: "CANCELLED",
			version: 3,
			cancelledAt: 1_700_000_000_000,
		};
		await test.store.loadBooking(cancelled);
		expect(await test.store.readBooking(cancelled.id)).toEqual(cancelled);
	});
});

describe("listRecentBookingIds", () => {
	it("returns the user's bookings of every bucket, newest first, and no other user's", async () => {
		const first = await holdSeats(test.store, await test.openShowtime({ id: newShowtimeId(1) }), [1]);
		const second = await holdSeats(test.store, await test.openShowtime({ id: newShowtimeId(14) }), [1], { userId: first.userId });
		const other = await holdSeats(test.store, await open(), [60]);
		expect(await test.store.listRecentBookingIds(first.userId)).toEqual([second.bookingId, first.bookingId]);
		expect((await test.store.listRecentBookingIds(other.userId)).map(bucketOf)).toEqual([BUCKET]);
	});
});

it("covers every status that read-batch.lua, ack-batch.lua and load-booking.lua can reply", () =>
	expectEveryReply(test.replies, [readBatchScript, ackBatchScript, loadBookingScript]));
