import { bucketOf, DAY_MS, newBookingId, newUserId, type OpenShowtime, type RecordedBooking } from "@holdfast/domain";
import { buildPlan, buildShowtime } from "@holdfast/testing";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { bookingKey, bucketKeys, showtimeKeys } from "../keys.ts";
import { held, hold } from "../testing/buy-seats.ts";
import { changeRecord } from "../testing/change-record.ts";
import { expectNoViolations } from "../testing/expect-no-violations.ts";
import { installSnapshot } from "../testing/install-snapshot.ts";
import { bookingEventOf, openTestStore, publishedDuring, readRecord, type TestStore, expectUnchanged } from "../testing/open-test-store.ts";
import { INSTALL_SEATS_MAX } from "./install-showtime.ts";

let test: TestStore;
beforeAll(async () => {
	test = await openTestStore();
});
afterAll(() => test.stop());
afterEach(() => expectNoViolations(test));

/** A booking as the ledger has it. */
const recordedAs = (showtime: OpenShowtime, seats: number[], wish: Partial<RecordedBooking> = {}): RecordedBooking => ({
	bookingId: newBookingId(showtime.id),
	userId: newUserId(),
	state: "CONFIRMED",
	version: 2,
	seats,
	...wish,
});
const upTo = (count: number): number[] => Array.from({ length: count }, (_, i) => i);
const scriptsRun = (name: string): number => test.replies.get(name)?.length ?? 0;

describe("a showtime that was never installed", () => {
	it("opens with what the ledger has sold, and reads back as it was given", async () => {
		const showtime = buildShowtime({ seatCount: 6 });
		const sold = recordedAs(showtime, [1, 3]);
		const { bookingId, userId } = sold;
		const outcome = await installSnapshot(test.store, { showtime, epoch: 4, blockedSeats: [5], bookings: [sold] });
		expect(outcome).toEqual({ outcome: "installed", reemitted: 0 });
		expect(await test.store.readShowtime(showtime.id)).toEqual(showtime);
		expect(await test.store.readSeatMap(showtime.id)).toMatchObject({ statuses: "ASASAX", version: 4_000_000_000 });
		expect(await test.redis.hgetall(showtimeKeys(showtime.id).owner)).toEqual({ 1: `${bookingId}|0`, 3: `${bookingId}|0`, 5: "X|0" });
		expect(await test.store.readOwnSeats(showtime.id, userId, Date.now())).toEqual([1, 3]);
		expect(await hold(test.store, showtime, [0, 1, 2, 3, 5])).toEqual({ outcome: "seats_taken", seats: [1, 3, 5] });
	});

	it("carries the server's replication id and the epoch, and the bucket has its counters", async () => {
		const showtime = await test.openShowtime();
		const { replid, epoch } = await test.redis.hgetall(showtimeKeys(showtime.id).meta);
		expect(await test.redis.info("replication")).toContain(`master_replid:${replid}`);
		expect(epoch).toBe("1");
		const { epochs, seq, timeline } = bucketKeys(bucketOf(showtime.id));
		expect(await test.redis.hget(epochs, showtime.id)).toBe("1");
		expect(await test.redis.pttl(epochs)).toBe(-1);
		expect(await test.redis.pttl(seq)).toBe(-1);
		expect(await test.redis.pttl(timeline)).toBe(-1);
		expect(await test.redis.get(timeline)).toBe("1");
	});

	it("keeps owner and map two days beyond the end, meta one: what is absent is closed", async () => {
		const showtime = await test.openShowtime();
		const keys = showtimeKeys(showtime.id);
		expect((await test.redis.pexpiretime(keys.map)) - showtime.endsAt).toBe(2 * 86_400_000);
		expect((await test.redis.pexpiretime(keys.meta)) - showtime.endsAt).toBe(86_400_000);
	});

	it("is claimed by nobody once it is open under that epoch", async () => {
		const showtime = await test.openShowtime();
		await held(test.store, showtime, [1]);
		expect(await expectUnchanged(test, () => installSnapshot(test.store, { showtime }))).toEqual({ outcome: "already" });
	});
});

describe("a showtime that stands here already", () => {
	/** It stands under epoch 1, and a rebuild under epoch 2 finds what the ledger knows. */
	const rebuild = (showtime: OpenShowtime, wish: Partial<Parameters<typeof installSnapshot>[1]> = {}) =>
		installSnapshot(test.store, { showtime, epoch: 2, ...wish });

	it("keeps holds that live, sales whose event waits in the outbox, and cancels that the ledger has not heard of", async () => {
		const showtime = await test.openShowtime({ seatCount: 8 });
		const [hold1, extended, sold, cancelled] = [
			await held(test.store, showtime, [0]),
			await held(test.store, showtime, [1]),
			await held(test.store, showtime, [2, 3]),
			await held(test.store, showtime, [4]),
		];
		await test.store.extendHold(extended);
		for (const command of [sold, cancelled]) await test.store.confirmBooking(command);
		await test.store.cancelBooking(cancelled);
		const before = await test.store.inspectSeats(showtime.id);
		const keys = showtimeKeys(showtime.id);
		const standing = await Promise.all([test.redis.hgetall(keys.buyers), test.redis.zrange(keys.expiry, "0", "-1", "WITHSCORES")]);
		const outcome = await rebuild(showtime, { bookings: [recordedAs(showtime, [4], cancelled)] });
		expect(outcome).toEqual({ outcome: "installed", reemitted: 0 });
		expect(await test.store.readSeatMap(showtime.id)).toMatchObject({ statuses: "HHSSAAAA", version: 2_000_000_000 });
		expect({ ...(await test.store.inspectSeats(showtime.id)), nowMs: 0 }).toEqual({ ...before, nowMs: 0 });
		const after = await Promise.all([test.redis.hgetall(keys.buyers), test.redis.zrange(keys.expiry, "0", "-1", "WITHSCORES")]);
		expect(after).toEqual(standing);
		expect((await test.store.confirmBooking(hold1)).outcome).toBe("confirmed");
		expect((await test.store.confirmBooking(extended)).outcome).toBe("confirmed");
		const epochs = (await test.store.readBatch(bucketOf(showtime.id), { afterEntryId: null, limit: 100 })).map(({ epoch }) => epoch);
		expect(new Set(epochs)).toEqual(new Set([2]));
	});

	it("tells again what neither outbox nor ledger has, once", async () => {
		const showtime = await test.openShowtime();
		const command = await held(test.store, showtime, [1]);
		await test.store.confirmBooking(command);
		await test.redis.del(bucketKeys(bucketOf(showtime.id)).outbox);
		expect(await rebuild(showtime)).toEqual({ outcome: "installed", reemitted: 1 });
		const [entry] = await test.store.readBatch(bucketOf(showtime.id), { afterEntryId: null, limit: 10 });
		expect(bookingEventOf(entry)).toMatchObject({
			bookingId: command.bookingId,
			type: "booking.confirmed",
			version: 2,
			seats: [1],
			seq: 2,
		});
		expect((await readRecord(test.redis, command.bookingId)).entry).toBe(entry?.entryId);
		expect(await rebuild(showtime, { epoch: 3 })).toEqual({ outcome: "installed", reemitted: 0 });
	});

	it("tells a cancel again that a recorded booking's ledger row lacks, and keeps its record until it is heard", async () => {
		const showtime = await test.openShowtime();
		const command = await held(test.store, showtime, [1]);
		await test.store.confirmBooking(command);
		await test.store.cancelBooking(command);
		await test.redis.del(bucketKeys(bucketOf(showtime.id)).outbox);
		// As an ack leaves it, whose COMMIT was then lost.
		await changeRecord(test.server.port, command.bookingId, { recorded: "1" });
		await test.redis.pexpire(bookingKey(command.bookingId), 86_400_000);
		expect(await rebuild(showtime, { bookings: [recordedAs(showtime, [1], command)] })).toMatchObject({ reemitted: 1 });
		const [entry] = await test.store.readBatch(bucketOf(showtime.id), { afterEntryId: null, limit: 10 });
		expect(bookingEventOf(entry)).toMatchObject({ type: "booking.cancelled", version: 3 });
		expect(await test.store.readBooking(command.bookingId)).toMatchObject({ recorded: false, version: 3 });
	});

	it("revokes a hold that lost a seat to the ledger, whole; it lapses now and its version stays", async () => {
		const showtime = await test.openShowtime({ seatCount: 4 });
		const command = await held(test.store, showtime, [1, 2]);
		await rebuild(showtime, { bookings: [recordedAs(showtime, [2])] });
		expect(await test.store.readSeatMap(showtime.id)).toMatchObject({ statuses: "AASA", earliestExpiryAt: null });
		expect(await test.store.confirmBooking(command)).toEqual({ outcome: "hold_expired" });
		const record = await test.store.readBooking(command.bookingId);
		expect(record).toMatchObject({ state: "HELD", version: 1 });
		expect(record?.expiresAt).toBeLessThanOrEqual(await test.store.now(bucketOf(showtime.id)));
		expect(await test.redis.hexists(showtimeKeys(showtime.id).buyers, command.userId)).toBe(0);
	});

	it("drops a record whose account in the ledger is newer, so that the ledger's is read", async () => {
		const showtime = await test.openShowtime({ seatCount: 4 });
		const [sold, cancelled] = [await held(test.store, showtime, [1]), await held(test.store, showtime, [2])];
		const bookings = [recordedAs(showtime, [1], sold), recordedAs(showtime, [], { ...cancelled, state: "CANCELLED", version: 3 })];
		await rebuild(showtime, { bookings });
		expect(await test.store.readSeatMap(showtime.id)).toMatchObject({ statuses: "ASAA" });
		expect(await test.redis.exists(bookingKey(sold.bookingId))).toBe(0);
		expect(await test.store.confirmBooking(cancelled)).toEqual({ outcome: "not_loaded" });
	});

	it("keeps changes that the ledger has not heard of, and tells it of them unless the outbox does", async () => {
		for (const isInOutbox of [true, false]) {
			const showtime = await test.openShowtime({ seatCount: 4 });
			await test.store.setTerms({ showtimeId: showtime.id, change: { what: "prices", prices: { standard: 7 }, currency: "EUR" } });
			await test.store.blockSeats({ showtimeId: showtime.id, seats: [3], isBlocked: true });
			const stands = await test.store.readShowtime(showtime.id);
			const { outbox } = bucketKeys(bucketOf(showtime.id));
			if (!isInOutbox) await test.redis.del(outbox);
			await rebuild(showtime);
			expect(await test.store.readShowtime(showtime.id)).toEqual(stands);
			expect(await test.store.readSeatMap(showtime.id)).toMatchObject({ statuses: "AAAX" });
			const entries = await test.store.readBatch(bucketOf(showtime.id), { afterEntryId: null, limit: 10 });
			expect(entries.map(({ event }) => event?.type)).toEqual(
				isInOutbox ? ["showtime.repriced", "showtime.seats_blocked"] : ["showtime.restated"],
			);
			expect(entries.at(-1)?.event).toMatchObject({ prices: { standard: 7 }, blockedSeats: [3], showtimeVersion: 3 });
			await test.redis.del(outbox);
		}
	});

	it("takes the ledger's terms and schedule where those are newer", async () => {
		const showtime = await test.openShowtime({ seatCount: 4 });
		await test.store.blockSeats({ showtimeId: showtime.id, seats: [3], isBlocked: true });
		const moved = { ...showtime, state: "paused", showtimeVersion: 5, scheduleVersion: 2, endsAt: showtime.endsAt + 1 } as const;
		await rebuild(moved, { blockedSeats: [0] });
		expect(await test.store.readShowtime(showtime.id)).toEqual(moved);
		expect(await test.store.readSeatMap(showtime.id)).toMatchObject({ statuses: "XAAA" });
	});

	it("drops what has lapsed, and names the next expiry on the bucket's list", async () => {
		const showtime = await test.openShowtime({ seatCount: 4 });
		const expired = await held(test.store, showtime, [0]);
		const lives = await test.at(expired.booking.expiresAt - 1, () => held(test.store, showtime, [1]));
		await test.at(expired.booking.expiresAt, () => rebuild(showtime));
		expect(await test.store.readSeatMap(showtime.id)).toMatchObject({ statuses: "AHAA", earliestExpiryAt: lives.booking.expiresAt });
		const { expiries } = bucketKeys(bucketOf(showtime.id));
		expect(await test.redis.zscore(expiries, showtime.id)).toBe(String(lives.booking.expiresAt));
		await test.at(lives.booking.expiresAt, () => rebuild(showtime, { epoch: 3 }));
		expect(await test.redis.exists(expiries)).toBe(0);
	});

	it("tells its watchers to read anew", async () => {
		const showtime = await test.openShowtime();
		expect(await publishedDuring(test, showtime, () => rebuild(showtime, { epoch: 6 }))).toEqual(["6000000000 reset"]);
	});

	it("in quarantine has no free seat, keeps what is owned, and still lets holds be confirmed", async () => {
		const showtime = await test.openShowtime({ seatCount: 6 });
		const [hold1, sold] = [await held(test.store, showtime, [0]), await held(test.store, showtime, [1])];
		await test.store.confirmBooking(sold);
		await rebuild(showtime, { isQuarantined: true, blockedSeats: [5], showtime: { ...showtime, showtimeVersion: 2 } });
		expect(await test.store.readSeatMap(showtime.id)).toMatchObject({ statuses: "HSQQQX" });
		expect((await test.store.confirmBooking(hold1)).outcome).toBe("confirmed");
		await test.store.cancelBooking(sold);
		expect(await test.store.readSeatMap(showtime.id)).toMatchObject({ statuses: "SAQQQX" });
	});

	it("that was over days ago leaves its epoch alone, and tells what the ledger lacks before its keys end", async () => {
		const showtime = await test.openShowtime();
		await test.store.setTerms({ showtimeId: showtime.id, change: { what: "state", state: "paused" } });
		await test.redis.del(bucketKeys(bucketOf(showtime.id)).outbox);
		const over = { ...showtime, scheduleVersion: 2, startsAt: showtime.startsAt - 5 * DAY_MS, endsAt: showtime.endsAt - 5 * DAY_MS };
		expect((await rebuild(over)).outcome).toBe("installed");
		expect(await test.redis.exists(...Object.values(showtimeKeys(showtime.id)))).toBe(0);
		expect(await test.redis.hget(bucketKeys(bucketOf(showtime.id)).epochs, showtime.id)).toBe("2");
		const [entry] = await test.store.readBatch(bucketOf(showtime.id), { afterEntryId: null, limit: 10 });
		expect(entry?.event).toMatchObject({ type: "showtime.restated", state: "paused", endsAt: over.endsAt });
	});
});

describe("seats are staged in parts", () => {
	it.each([
		["none", 0, 1],
		["as many as one script takes", INSTALL_SEATS_MAX, 1],
		["one more", INSTALL_SEATS_MAX + 1, 2],
	])("%s", async (_, seatCount, scripts) => {
		const showtime = buildShowtime({ seatCount: seatCount + 5 });
		const bookings = upTo(seatCount).map((seat) => recordedAs(showtime, [seat]));
		const before = scriptsRun("install-seats");
		expect((await installSnapshot(test.store, { showtime, bookings })).outcome).toBe("installed");
		expect(scriptsRun("install-seats") - before).toBe(scripts);
		expect(await test.store.readSeatMap(showtime.id)).toMatchObject({ statuses: `${"S".repeat(seatCount)}AAAAA` });
		expect(await test.redis.hlen(showtimeKeys(showtime.id).buyers)).toBe(seatCount);
	});

	it("a booking is never cut in two, so that its buyer's entry is whole; quarantine is cut as it comes", async () => {
		const showtime = buildShowtime({ seatCount: 2 * INSTALL_SEATS_MAX + 300 });
		const most = upTo(INSTALL_SEATS_MAX - 5).map((seat) => recordedAs(showtime, [seat]));
		const last = recordedAs(
			showtime,
			upTo(10).map((i) => INSTALL_SEATS_MAX - 5 + i),
		);
		const before = scriptsRun("install-seats");
		await installSnapshot(test.store, { showtime, bookings: [...most, last], isQuarantined: true });
		expect(scriptsRun("install-seats") - before).toBe(4);
		expect(await test.redis.hget(showtimeKeys(showtime.id).buyers, last.userId)).toBe(`${last.bookingId}:0:${last.seats.join()}`);
		const owners = Object.values(await test.redis.hgetall(showtimeKeys(showtime.id).owner));
		expect(owners).toHaveLength(showtime.seatCount);
		expect(owners.filter((owner) => owner === "Q|0")).toHaveLength(showtime.seatCount - INSTALL_SEATS_MAX - 5);
	});

	it("a user's bookings are in one entry, whichever part they came in", async () => {
		const showtime = buildShowtime({ seatCount: INSTALL_SEATS_MAX + 300 });
		const [first, second] = [recordedAs(showtime, [0]), recordedAs(showtime, [1_200])];
		const between = upTo(INSTALL_SEATS_MAX).map((i) => recordedAs(showtime, [i + 1]));
		await installSnapshot(test.store, { showtime, bookings: [first, ...between, { ...second, userId: first.userId }] });
		const entry = await test.redis.hget(showtimeKeys(showtime.id).buyers, first.userId);
		expect(entry).toBe(`${first.bookingId}:0:0;${second.bookingId}:0:1200`);
	});

	it("a sold-out arena of 50,000 seats takes 50 of them", async () => {
		const showtime = buildShowtime({ seatCount: 50_000 });
		const bookings = upTo(5_000).map((i) =>
			recordedAs(
				showtime,
				upTo(10).map((k) => i * 10 + k),
			),
		);
		const before = scriptsRun("install-seats");
		expect((await installSnapshot(test.store, { showtime, bookings })).outcome).toBe("installed");
		expect(scriptsRun("install-seats") - before).toBe(50);
		expect(await test.store.readSeatMap(showtime.id)).toMatchObject({ statuses: "S".repeat(50_000) });
		expect(await test.redis.hlen(showtimeKeys(showtime.id).owner)).toBe(50_000);
	});
});

describe("plans", () => {
	it("come back indexed, and are absent until written", async () => {
		const plan = buildPlan({ rows: 2, seatsPerRow: 3 });
		expect(await test.store.readPlan(3, plan.id)).toBeNull();
		expect(await test.store.hasPlan(3, plan.id)).toBe(false);
		await test.store.writePlan(3, plan);
		expect(await test.store.hasPlan(3, plan.id)).toBe(true);
		const indexed = await test.store.readPlan(3, plan.id);
		expect(indexed?.plan).toEqual(plan);
		expect(indexed?.indexByLabel.get("B2")).toBe(4);
	});
});
