import { bucketOf, DAY_MS, newBookingId, newUserId, type OpenShowtime, type RecordedBooking } from "@holdfast/domain";
import { buildPlan, buildShowtime } from "@holdfast/testing";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { bookingKey, bucketKeys, showtimeKeys } from "../keys.ts";
import { holdSeats, tryHold } from "../testing/buy-seats.ts";
import { changeRecord } from "../testing/change-record.ts";
import { expectNoViolations } from "../testing/expect-no-violations.ts";
import { installSnapshot } from "../testing/install-snapshot.ts";
import { bookingEventOf, expectUnchanged, openTestStore, publishedDuring, readRecord, type TestStore } from "../testing/open-test-store.ts";
import { INSTALL_SEATS_MAX } from "./install-showtime.ts";

let test: TestStore;
beforeAll(async () => {
	test = await openTestStore();
});
afterAll(() => test.stop());
afterEach(() => expectNoViolations(test));

/** Builds a booking as the ledger has recorded it. */
const recordedAs = (showtime: OpenShowtime, seats: number[], overrides: Partial<RecordedBooking> = {}): RecordedBooking => ({
	bookingId: newBookingId(showtime.id),
	userId: newUserId(),
	state: "CONFIRMED",
	version: 2,
	seats,
	...overrides,
});
const upTo = (count: number): number[] => Array.from({ length: count }, (_, i) => i);
const scriptsRun = (name: string): number => test.replies.get(name)?.length ?? 0;

describe("a showtime that was never installed", () => {
	it("opens with the seats that the ledger has sold, and is read back as it was installed", async () => {
		const showtime = buildShowtime({ seatCount: 6 });
		const sold = recordedAs(showtime, [1, 3]);
		const { bookingId, userId } = sold;
		const outcome = await installSnapshot(test.store, { showtime, epoch: 4, blockedSeats: [5], bookings: [sold] });
		expect(outcome).toEqual({ outcome: "installed", reemitted: 0 });
		expect(await test.store.readShowtime(showtime.id)).toEqual(showtime);
		expect(await test.store.readSeatMap(showtime.id)).toMatchObject({ statuses: "ASASAX", version: 4_000_000_000 });
		expect(await test.redis.hgetall(showtimeKeys(showtime.id).owner)).toEqual({ 1: `${bookingId}|0`, 3: `${bookingId}|0`, 5: "X|0" });
		expect(await test.store.readOwnSeats(showtime.id, userId, Date.now())).toEqual([1, 3]);
		expect(await tryHold(test.store, showtime, [0, 1, 2, 3, 5])).toEqual({ outcome: "seats_taken", seats: [1, 3, 5] });
	});

	it("has the server's replication id and its epoch in meta, and its bucket has counters without expiry", async () => {
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

	it("keeps map for two days after the showtime ends, and meta for one: without meta the showtime is closed", async () => {
		const showtime = await test.openShowtime();
		const keys = showtimeKeys(showtime.id);
		expect((await test.redis.pexpiretime(keys.map)) - showtime.endsAt).toBe(2 * 86_400_000);
		expect((await test.redis.pexpiretime(keys.meta)) - showtime.endsAt).toBe(86_400_000);
	});

	it("cannot be claimed for another install once it is open under that epoch", async () => {
		const showtime = await test.openShowtime();
		await holdSeats(test.store, showtime, [1]);
		expect(await expectUnchanged(test, () => installSnapshot(test.store, { showtime }))).toEqual({ outcome: "already" });
	});
});

describe("a rebuild of an installed showtime", () => {
	/** Installs under epoch 2 what the ledger has; the tests have installed the showtime under epoch 1. */
	const rebuild = (showtime: OpenShowtime, overrides: Partial<Parameters<typeof installSnapshot>[1]> = {}) =>
		installSnapshot(test.store, { showtime, epoch: 2, ...overrides });

	it("keeps live holds, sales whose event is in the outbox, and cancels that the ledger does not have yet", async () => {
		const showtime = await test.openShowtime({ seatCount: 8 });
		const [hold1, extended, sold, cancelled] = [
			await holdSeats(test.store, showtime, [0]),
			await holdSeats(test.store, showtime, [1]),
			await holdSeats(test.store, showtime, [2, 3]),
			await holdSeats(test.store, showtime, [4]),
		];
		await test.store.extendHold(extended);
		for (const command of [sold, cancelled]) await test.store.confirmBooking(command);
		await test.store.cancelBooking(cancelled);
		const before = await test.store.inspectSeats(showtime.id);
		const keys = showtimeKeys(showtime.id);
		const beforeRebuild = await Promise.all([test.redis.hgetall(keys.buyers), test.redis.zrange(keys.expiry, "0", "-1", "WITHSCORES")]);
		const outcome = await rebuild(showtime, { bookings: [recordedAs(showtime, [4], cancelled)] });
		expect(outcome).toEqual({ outcome: "installed", reemitted: 0 });
		expect(await test.store.readSeatMap(showtime.id)).toMatchObject({ statuses: "HHSSAAAA", version: 2_000_000_000 });
		expect({ ...(await test.store.inspectSeats(showtime.id)), nowMs: 0 }).toEqual({ ...before, nowMs: 0 });
		const after = await Promise.all([test.redis.hgetall(keys.buyers), test.redis.zrange(keys.expiry, "0", "-1", "WITHSCORES")]);
		expect(after).toEqual(beforeRebuild);
		expect((await test.store.confirmBooking(hold1)).outcome).toBe("confirmed");
		expect((await test.store.confirmBooking(extended)).outcome).toBe("confirmed");
		const epochs = (await test.store.readBatch(bucketOf(showtime.id), { afterEntryId: null, limit: 100 })).map(({ epoch }) => epoch);
		expect(new Set(epochs)).toEqual(new Set([2]));
	});

	it("emits an event again, once, that neither the outbox nor the ledger has", async () => {
		const showtime = await test.openShowtime();
		const command = await holdSeats(test.store, showtime, [1]);
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

	it("emits a cancel again that the ledger has lost, and keeps the record until the ledger has it", async () => {
		const showtime = await test.openShowtime();
		const command = await holdSeats(test.store, showtime, [1]);
		await test.store.confirmBooking(command);
		await test.store.cancelBooking(command);
		await test.redis.del(bucketKeys(bucketOf(showtime.id)).outbox);
		// The state after an ack whose COMMIT was lost afterwards.
		await changeRecord(test.server.port, command.bookingId, { recorded: "1" });
		await test.redis.pexpire(bookingKey(command.bookingId), 86_400_000);
		expect(await rebuild(showtime, { bookings: [recordedAs(showtime, [1], command)] })).toMatchObject({ reemitted: 1 });
		const [entry] = await test.store.readBatch(bucketOf(showtime.id), { afterEntryId: null, limit: 10 });
		expect(bookingEventOf(entry)).toMatchObject({ type: "booking.cancelled", version: 3 });
		expect(await test.store.readBooking(command.bookingId)).toMatchObject({ recorded: false, version: 3 });
	});

	it("revokes a hold that lost a seat to the ledger: all its seats are freed, it expires now and keeps its version", async () => {
		const showtime = await test.openShowtime({ seatCount: 4 });
		const command = await holdSeats(test.store, showtime, [1, 2]);
		await rebuild(showtime, { bookings: [recordedAs(showtime, [2])] });
		expect(await test.store.readSeatMap(showtime.id)).toMatchObject({ statuses: "AASA", earliestExpiryAt: null });
		expect(await test.store.confirmBooking(command)).toEqual({ outcome: "hold_expired" });
		const record = await test.store.readBooking(command.bookingId);
		expect(record).toMatchObject({ state: "HELD", version: 1 });
		expect(record?.expiresAt).toBeLessThanOrEqual(await test.store.now(bucketOf(showtime.id)));
		expect(await test.redis.hexists(showtimeKeys(showtime.id).buyers, command.userId)).toBe(0);
	});

	it("drops a record when the ledger's copy is newer, so that the ledger's copy is loaded", async () => {
		const showtime = await test.openShowtime({ seatCount: 4 });
		const [sold, cancelled] = [await holdSeats(test.store, showtime, [1]), await holdSeats(test.store, showtime, [2])];
		const bookings = [recordedAs(showtime, [1], sold), recordedAs(showtime, [], { ...cancelled, state: "CANCELLED", version: 3 })];
		await rebuild(showtime, { bookings });
		expect(await test.store.readSeatMap(showtime.id)).toMatchObject({ statuses: "ASAA" });
		expect(await test.redis.exists(bookingKey(sold.bookingId))).toBe(0);
		expect(await test.store.confirmBooking(cancelled)).toEqual({ outcome: "not_loaded" });
	});

	it("keeps changes of the showtime that the ledger does not have, and emits them again unless the outbox has them", async () => {
		for (const isInOutbox of [true, false]) {
			const showtime = await test.openShowtime({ seatCount: 4 });
			await test.store.setTerms({ showtimeId: showtime.id, terms: { prices: { standard: 7 } }, ifVersions: null, command: null });
			await test.store.blockSeats({ showtimeId: showtime.id, seats: [3], isBlocked: true, ifVersions: null, command: null });
			const changed = await test.store.readShowtime(showtime.id);
			const { outbox } = bucketKeys(bucketOf(showtime.id));
			if (!isInOutbox) await test.redis.del(outbox);
			await rebuild(showtime);
			expect(await test.store.readShowtime(showtime.id)).toEqual(changed);
			expect(await test.store.readSeatMap(showtime.id)).toMatchObject({ statuses: "AAAX" });
			const entries = await test.store.readBatch(bucketOf(showtime.id), { afterEntryId: null, limit: 10 });
			expect(entries.map(({ event }) => event?.type)).toEqual(
				isInOutbox ? ["showtime.repriced", "showtime.seats_blocked"] : ["showtime.restated"],
			);
			expect(entries.at(-1)?.event).toMatchObject({ prices: { standard: 7 }, blockedSeats: [3], showtimeVersion: 3 });
			await test.redis.del(outbox);
		}
	});

	it("takes the ledger's terms and schedule when they are newer", async () => {
		const showtime = await test.openShowtime({ seatCount: 4 });
		await test.store.blockSeats({ showtimeId: showtime.id, seats: [3], isBlocked: true, ifVersions: null, command: null });
		const moved = { ...showtime, state: "paused", showtimeVersion: 5, scheduleVersion: 2, endsAt: showtime.endsAt + 1 } as const;
		await rebuild(moved, { blockedSeats: [0] });
		expect(await test.store.readShowtime(showtime.id)).toEqual(moved);
		expect(await test.store.readSeatMap(showtime.id)).toMatchObject({ statuses: "XAAA" });
	});

	it("drops expired holds, and puts the next expiry on the bucket's list", async () => {
		const showtime = await test.openShowtime({ seatCount: 4 });
		const expired = await holdSeats(test.store, showtime, [0]);
		const live = await test.at(expired.booking.expiresAt - 1, () => holdSeats(test.store, showtime, [1]));
		await test.at(expired.booking.expiresAt, () => rebuild(showtime));
		expect(await test.store.readSeatMap(showtime.id)).toMatchObject({ statuses: "AHAA", earliestExpiryAt: live.booking.expiresAt });
		const { expiries } = bucketKeys(bucketOf(showtime.id));
		expect(await test.redis.zscore(expiries, showtime.id)).toBe(String(live.booking.expiresAt));
		await test.at(live.booking.expiresAt, () => rebuild(showtime, { epoch: 3 }));
		expect(await test.redis.exists(expiries)).toBe(0);
	});

	it("publishes a reset to the showtime's watchers", async () => {
		const showtime = await test.openShowtime();
		expect(await publishedDuring(test, showtime, () => rebuild(showtime, { epoch: 6 }))).toEqual(["6000000000 reset"]);
	});

	it("leaves no free seat under quarantine, keeps owned seats, and still lets holds be confirmed", async () => {
		const showtime = await test.openShowtime({ seatCount: 6 });
		const [hold1, sold] = [await holdSeats(test.store, showtime, [0]), await holdSeats(test.store, showtime, [1])];
		await test.store.confirmBooking(sold);
		await rebuild(showtime, { isQuarantined: true, blockedSeats: [5], showtime: { ...showtime, showtimeVersion: 2 } });
		expect(await test.store.readSeatMap(showtime.id)).toMatchObject({ statuses: "HSQQQX" });
		expect((await test.store.confirmBooking(hold1)).outcome).toBe("confirmed");
		await test.store.cancelBooking(sold);
		expect(await test.store.readSeatMap(showtime.id)).toMatchObject({ statuses: "SAQQQX" });
	});

	it("leaves only the epoch of a showtime that ended days ago, and first emits the changes that the ledger lacks", async () => {
		const showtime = await test.openShowtime();
		await test.store.setTerms({ showtimeId: showtime.id, terms: { state: "paused" }, ifVersions: null, command: null });
		await test.redis.del(bucketKeys(bucketOf(showtime.id)).outbox);
		const over = { ...showtime, scheduleVersion: 2, startsAt: showtime.startsAt - 5 * DAY_MS, endsAt: showtime.endsAt - 5 * DAY_MS };
		expect((await rebuild(over)).outcome).toBe("installed");
		expect(await test.redis.exists(...Object.values(showtimeKeys(showtime.id)))).toBe(0);
		expect(await test.redis.hget(bucketKeys(bucketOf(showtime.id)).epochs, showtime.id)).toBe("2");
		const [entry] = await test.store.readBatch(bucketOf(showtime.id), { afterEntryId: null, limit: 10 });
		expect(entry?.event).toMatchObject({ type: "showtime.restated", state: "paused", endsAt: over.endsAt });
	});
});

describe("staging seats in parts", () => {
	it.each([
		[0, 1],
		[INSTALL_SEATS_MAX, 1],
		[INSTALL_SEATS_MAX + 1, 2],
	])("an install of %i sold seats runs install-seats %i times", async (seatCount, scripts) => {
		const showtime = buildShowtime({ seatCount: seatCount + 5 });
		const bookings = upTo(seatCount).map((seat) => recordedAs(showtime, [seat]));
		const before = scriptsRun("install-seats");
		expect((await installSnapshot(test.store, { showtime, bookings })).outcome).toBe("installed");
		expect(scriptsRun("install-seats") - before).toBe(scripts);
		expect(await test.store.readSeatMap(showtime.id)).toMatchObject({ statuses: `${"S".repeat(seatCount)}AAAAA` });
		expect(await test.redis.hlen(showtimeKeys(showtime.id).buyers)).toBe(seatCount);
	});

	it("never cuts a booking in two, but cuts quarantined seats anywhere", async () => {
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

	it("writes a user's bookings to one buyers entry even if they are in different parts", async () => {
		const showtime = buildShowtime({ seatCount: INSTALL_SEATS_MAX + 300 });
		const [first, second] = [recordedAs(showtime, [0]), recordedAs(showtime, [1_200])];
		const between = upTo(INSTALL_SEATS_MAX).map((i) => recordedAs(showtime, [i + 1]));
		await installSnapshot(test.store, { showtime, bookings: [first, ...between, { ...second, userId: first.userId }] });
		const entry = await test.redis.hget(showtimeKeys(showtime.id).buyers, first.userId);
		expect(entry).toBe(`${first.bookingId}:0:0;${second.bookingId}:0:1200`);
	});

	it("stages a sold-out arena of 50,000 seats in 50 parts", async () => {
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

describe("seat plans", () => {
	it("are absent until written, and are then read with their indexes", async () => {
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
