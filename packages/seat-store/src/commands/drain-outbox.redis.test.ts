import { type Booking, bucketOf, newBookingId, newShowtimeId, RECORD_TTL_MS } from "@holdfast/domain";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { bookingKey, bucketKeys } from "../keys.ts";
import { held } from "../testing/buy-seats.ts";
import { expectNoViolations } from "../testing/expect-no-violations.ts";
import { bookingEventOf, openTestStore, type TestStore, expectUnchanged } from "../testing/open-test-store.ts";
import { expectEveryReply } from "../testing/watch-replies.ts";
import { ackBatchScript, parseEvent, readBatchScript } from "./drain-outbox.ts";
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

/** A booking that was just confirmed, with its entry. */
async function sell(seats: number[]) {
	const command = await held(test.store, await open(), seats);
	await test.store.confirmBooking(command);
	const [entry] = (await readAll()).slice(-1);
	if (!entry) throw new Error("the confirm left no entry in the outbox");
	const ack = (version: number) => test.store.ackBatch(BUCKET, [{ entryId: entry.entryId, booking: { id: command.bookingId, version } }]);
	return { command, entry, ack };
}

describe("the outbox", () => {
	it("is read oldest first, with the epoch of each showtime, from any entry on, and stays as it is", async () => {
		const showtime = await open();
		const commands = [await held(test.store, showtime, [1]), await held(test.store, showtime, [2]), await held(test.store, showtime, [3])];
		for (const command of commands) await test.store.confirmBooking(command);
		const all = await expectUnchanged(test, readAll);
		expect(all.map((entry) => bookingEventOf(entry).bookingId)).toEqual(commands.map(({ bookingId }) => bookingId));
		expect(all.map(({ epoch }) => epoch)).toEqual([1, 1, 1]);
		expect(all.map(({ event }) => event?.seq)).toEqual([1, 2, 3]);
		const behind = await test.store.readBatch(BUCKET, { afterEntryId: all[0]?.entryId ?? "", limit: 1 });
		expect(behind.map(({ entryId }) => entryId)).toEqual([all[1]?.entryId]);
	});

	it("is emptied by acks, which mark each booking recorded, and keep its record for a day", async () => {
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

	it("an ack of entries without a booking drops them, and an ack of none asks nobody", async () => {
		const { entry } = await sell([1]);
		const acks = test.replies.get("ack-batch")?.length;
		await expectUnchanged(test, () => test.store.ackBatch(BUCKET, []));
		expect(test.replies.get("ack-batch")).toHaveLength(acks ?? 0);
		await test.store.ackBatch(BUCKET, [{ entryId: entry.entryId, booking: null }]);
		expect(await depth()).toBe(0);
	});

	it("an ack of a version that the booking has left behind marks nothing recorded", async () => {
		const { command, ack } = await sell([1]);
		await test.store.cancelBooking(command);
		await ack(2);
		expect((await test.store.readBooking(command.bookingId))?.recorded).toBe(false);
		expect(await test.redis.pttl(bookingKey(command.bookingId))).toBe(-1);
		expect(await depth()).toBe(1);
	});

	it("an ack that comes again, or for a booking without a record, does no harm", async () => {
		const { command, ack } = await sell([1]);
		await ack(2);
		await test.redis.del(bookingKey(command.bookingId));
		await expectUnchanged(test, () => ack(2));
	});

	it("cancelling a recorded booking makes it un-recorded, and keeps its record until the ledger has it", async () => {
		const { command, ack } = await sell([1]);
		await ack(2);
		await test.store.cancelBooking(command);
		expect(await test.store.readBooking(command.bookingId)).toMatchObject({ state: "CANCELLED", recorded: false });
		expect(await test.redis.pttl(bookingKey(command.bookingId))).toBe(-1);
	});

	it("gives an entry that makes no sense as it is, with no event, and a showtime that nobody installed as epoch 0", async () => {
		await test.redis.xadd(bucketKeys(BUCKET).outbox, "*", "schema", "99", "type", "booking.confirmed", "showtimeId", newShowtimeId(BUCKET));
		const [entry] = await readAll();
		expect(entry).toMatchObject({ event: null, epoch: 0, raw: { schema: "99", type: "booking.confirmed" } });
		await test.store.ackBatch(BUCKET, [{ entryId: entry?.entryId ?? "", booking: null }]);
		expect(await depth()).toBe(0);
	});

	it("takes a dead letter back as it was", async () => {
		const { entry, ack } = await sell([1]);
		await ack(2);
		await test.store.requeueEntry(BUCKET, entry.raw);
		const [again] = await readAll();
		expect(again).toEqual({ ...entry, entryId: again?.entryId });
	});
});

describe("an entry's fields", () => {
	it.each(["schema", "seq", "type", "bookingId", "showtimeId", "at", "booking"])(
		"make no event when `%s` is missing or means nothing",
		async (field) => {
			const { raw } = (await sell([1])).entry;
			expect(parseEvent(raw)).not.toBeNull();
			const { [field]: _, ...rest } = raw;
			expect(parseEvent(rest)).toBeNull();
			expect(parseEvent({ ...raw, [field]: "x" })).toBeNull();
		},
	);

	it.each(["version", "userId", "showtimeId", "planId", "seats", "amounts", "amount", "createdAt", "confirmedAt", "scheduleVersion"])(
		"make no event when `%s` of the booking is missing or means nothing",
		async (field) => {
			const { raw } = (await sell([1])).entry;
			const { [field]: _, ...rest } = JSON.parse(raw.booking ?? "");
			for (const booking of [rest, { ...rest, [field]: "x" }, { ...rest, [field]: 1 }])
				expect(parseEvent({ ...raw, booking: JSON.stringify(booking) })).toBeNull();
		},
	);

	it.each(["type", "state", "showtimeVersion", "prices", "salesOpenAt", "blockedSeats", "scheduleVersion", "endsAt"])(
		"make no showtime event when `%s` means nothing",
		async (field) => {
			const showtime = await open();
			await test.store.setTerms({ showtimeId: showtime.id, change: { what: "state", state: "paused" } });
			const [entry] = await readAll();
			expect(entry?.event).not.toBeNull();
			expect(parseEvent({ ...entry?.raw, [field]: "x" })).toBeNull();
		},
	);
});

describe("loadBooking", () => {
	/** A booking that the ledger has and Redis has forgotten. */
	async function forgotten() {
		const { command, ack } = await sell([4]);
		await ack(2);
		const booking = await test.store.readBooking(command.bookingId);
		if (!booking) throw new Error("the booking is not readable");
		await test.redis.del(bookingKey(command.bookingId));
		return { command, booking };
	}

	it("brings a booking back for a day, so that it can be cancelled", async () => {
		const { command, booking } = await forgotten();
		expect((await test.store.cancelBooking(command)).outcome).toBe("not_loaded");
		await test.store.loadBooking(booking);
		expect(await test.store.readBooking(command.bookingId)).toEqual(booking);
		expect(await test.redis.pttl(bookingKey(command.bookingId))).toBeGreaterThan(RECORD_TTL_MS - 10_000);
		expect((await test.store.cancelBooking(command)).outcome).toBe("cancelled");
	});

	it("leaves a record that is there as it is", async () => {
		const { booking } = await held(test.store, await open(), [5]);
		await expectUnchanged(test, () => test.store.loadBooking({ ...booking, state: "CANCELLED", version: 2 }));
	});

	it("keeps every field of a cancelled one", async () => {
		const { booking } = await forgotten();
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
	it("gives a user's bookings of every bucket, newest first, and nobody else's", async () => {
		const first = await held(test.store, await test.openShowtime({ id: newShowtimeId(1) }), [1]);
		const second = await held(test.store, await test.openShowtime({ id: newShowtimeId(14) }), [1], { userId: first.userId });
		const other = await held(test.store, await open(), [60]);
		expect(await test.store.listRecentBookingIds(first.userId)).toEqual([second.bookingId, first.bookingId]);
		expect((await test.store.listRecentBookingIds(other.userId)).map(bucketOf)).toEqual([BUCKET]);
	});
});

it("every reply of the scripts was seen", () => expectEveryReply(test.replies, [readBatchScript, ackBatchScript, loadBookingScript]));
