/**
 * A rebuild that is interrupted at any step changes no seats: the next rebuild can merge the same state, and no seat is sold in between.
 */
import {
	CLAIM_TTL_MS,
	newBookingId,
	newShowtimeId,
	newUserId,
	type OpenShowtime,
	type RecordedBooking,
	type ShowtimeSnapshot,
} from "@holdfast/domain";
import { buildShowtime, waitUntil } from "@holdfast/testing";
import { Redis } from "ioredis";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { bucketKeys, showtimeKeys } from "../keys.ts";
import { holdSeats, tryHold } from "../testing/buy-seats.ts";
import { commandsOn } from "../testing/commands-on.ts";
import { expectNoViolations } from "../testing/expect-no-violations.ts";
import { injectClock, type SendScript } from "../testing/inject-clock.ts";
import { bookingEventOf, openTestStore, type TestStore } from "../testing/open-test-store.ts";
import { untilReachable } from "../testing/until-reachable.ts";

let test: TestStore;
beforeAll(async () => {
	test = await openTestStore();
});
afterAll(() => test.stop());
afterEach(() => expectNoViolations(test));

const upTo = (count: number): number[] => Array.from({ length: count }, (_, i) => i);
const BUCKET = 7;

/** A showtime of 3,000 seats with one booking for each change that a rebuild can make. `setUp` builds the same state every time. */
const showtime: OpenShowtime = buildShowtime({ id: newShowtimeId(BUCKET), seatCount: 3_000 });
const keys = showtimeKeys(showtime.id);
const named = (seats: number[]) => ({ bookingId: newBookingId(showtime.id), userId: newUserId(), seats });
const BOOKINGS = { kept: named([0, 1]), revoked: named([2, 3]), reemitted: named([4]), cancelled: named([5]), dropped: named([6]) };
const command = (of: keyof typeof BOOKINGS) => ({ ...BOOKINGS[of], showtimeId: showtime.id, ifVersion: null });
/** The ledger's confirmed bookings. The first has a seat that is held in Redis; Redis does not have the others. */
const SOLD = [[3], ...upTo(250).map((i) => upTo(10).map((k) => 100 + 10 * i + k))].map(
	(seats): RecordedBooking => ({ ...named(seats), state: "CONFIRMED", version: 2 }),
);
const SOLD_SEATS = 2_501;
const snapshotOf = (epoch: number, overrides: Partial<ShowtimeSnapshot> = {}): ShowtimeSnapshot => ({
	showtime,
	epoch,
	blockedSeats: [10],
	isQuarantined: false,
	deadLetteredEntries: [],
	bookings: [
		...SOLD,
		{ ...BOOKINGS.cancelled, state: "CONFIRMED", version: 2 },
		{ ...BOOKINGS.dropped, state: "CANCELLED", version: 3, seats: [] },
	],
	...overrides,
});
/** Scripts of the install: one changes records, three stage seats, one opens the showtime. */
const STEPS = 5;

const T0 = Date.now();
/** When the first rebuilder works, and the earliest time at which the next one can take over its claim. */
const FIRST_AT = T0 + 1_000;
const NEXT_AT = FIRST_AT + CLAIM_TTL_MS;

/**
 * Puts the server in the state after a restart: with holds, a sale and a cancel that the ledger does not have, and a hold that the ledger
 * has as cancelled.
 */
async function setUp(): Promise<void> {
	await test.redis.flushall();
	await test.at(T0, async () => {
		await test.store.claimShowtime(showtime.id, { token: "zero", ledgerEpoch: 0 });
		await test.store.installShowtime(snapshotOf(1, { blockedSeats: [], bookings: [] }), { token: "zero", nowMs: T0 });
		for (const { seats, ...options } of Object.values(BOOKINGS)) await holdSeats(test.store, showtime, seats, options);
		for (const of of ["reemitted", "cancelled"] as const) expect((await test.store.confirmBooking(command(of))).outcome).toBe("confirmed");
		expect((await test.store.cancelBooking(command("cancelled"))).outcome).toBe("cancelled");
	});
	await test.redis.del(bucketKeys(BUCKET).outbox);
	await test.redis.hset(keys.meta, "replid", "f".repeat(40));
}

/** Claims and installs over a separate connection. `beforeStep` runs before each script of the install; if it throws, the install stops. */
async function rebuild(
	token: string,
	nowMs: number,
	snapshot: ShowtimeSnapshot,
	beforeStep: (step: number, redis: Redis) => Promise<void> | void = () => {},
): Promise<string> {
	const redis = new Redis(test.server.url);
	redis.on("error", () => {});
	injectClock(redis, () => nowMs);
	try {
		const { claimShowtime, installShowtime } = commandsOn(redis);
		const claim = await claimShowtime(showtime.id, { token, ledgerEpoch: snapshot.epoch - 1 });
		if (claim.outcome !== "claimed") return claim.outcome;
		const send: SendScript = redis.evalsha;
		let step = 0;
		Object.assign(redis, {
			evalsha: (async (...args) => {
				await beforeStep(step++, redis);
				return send(...args);
			}) satisfies SendScript,
		});
		return (await installShowtime(snapshot, { token, nowMs })).outcome;
	} finally {
		redis.disconnect();
	}
}

/** Reads the state that a rebuild decides, without the values that depend on its time or token. */
async function stateNow() {
	const { redis, store } = test;
	const entries = await store.readBatch(BUCKET, { afterEntryId: null, limit: 100 });
	const records = await Promise.all(Object.values(BOOKINGS).map(({ bookingId }) => store.readBooking(bookingId)));
	return {
		owner: await redis.hgetall(keys.owner),
		map: await redis.get(keys.map),
		expiry: await redis.zrange(keys.expiry, "0", "-1", "WITHSCORES"),
		buyers: await redis.hgetall(keys.buyers),
		outbox: entries
			.map(bookingEventOf)
			.map(({ type, bookingId, version }) => `${type} ${bookingId} ${version}`)
			.sort(),
		records: records.map((record) => record && { ...record, expiresAt: record.id === BOOKINGS.revoked.bookingId ? 0 : record.expiresAt }),
	};
}
const seatsNow = async () => {
	const { owner, map, expiry, buyers } = await stateNow();
	return { owner, map, expiry, buyers };
};

/** The state after a rebuild that was not interrupted. */
let reference: Awaited<ReturnType<typeof stateNow>>;
beforeAll(async () => {
	await setUp();
	expect(await rebuild("next", NEXT_AT, snapshotOf(3))).toBe("installed");
	reference = await stateNow();
});

async function expectNothingSold(status: "recovering" | "fenced", nowMs: number): Promise<void> {
	await test.at(nowMs, async () => {
		expect(await tryHold(test.store, showtime, [50])).toEqual({ outcome: status });
		expect(await test.store.confirmBooking(command("kept"))).toEqual({ outcome: status });
		expect(await test.store.cancelBooking(command("reemitted"))).toEqual({ outcome: status });
		expect(await test.store.readSeatMap(showtime.id)).toEqual({ outcome: status });
	});
}

it("a rebuild that is not interrupted gives each seat to its owner by the merge rule, and writes the missing events", () => {
	const { owner, map, outbox, records } = reference;
	const { kept, revoked, reemitted: sold, cancelled } = BOOKINGS;
	expect(map?.slice(0, 12)).toBe("HHASSAAAAAXA");
	expect(owner[4]).toBe(`${sold.bookingId}|0`);
	expect(Object.keys(owner)).toHaveLength(2 + 1 + 1 + SOLD_SEATS);
	expect(outbox).toEqual([`booking.confirmed ${sold.bookingId} 2`, `booking.cancelled ${cancelled.bookingId} 3`].sort());
	expect(records.map((record) => record?.id ?? null)).toEqual([
		kept.bookingId,
		revoked.bookingId,
		sold.bookingId,
		cancelled.bookingId,
		null,
	]);
});

describe("a rebuilder that crashes", () => {
	const crashBefore = (last: number) => (step: number) => {
		if (step === last) throw new Error("crashed");
	};

	it.each(upTo(STEPS))(
		"leaves the seats unchanged and unsold after %i of its scripts, and the next rebuild gets the same result",
		async (done) => {
			await setUp();
			const seatsBefore = await seatsNow();
			await expect(rebuild("first", FIRST_AT, snapshotOf(2), crashBefore(done))).rejects.toThrow("crashed");
			expect(await seatsNow()).toEqual(seatsBefore);
			await expectNothingSold("recovering", NEXT_AT - 1);
			expect(await rebuild("next", NEXT_AT - 1, snapshotOf(3))).toBe("recovering");
			await expectNothingSold("fenced", NEXT_AT);
			expect(await rebuild("next", NEXT_AT, snapshotOf(3))).toBe("installed");
			expect(await stateNow()).toEqual(reference);
			expect(await test.redis.hget(keys.meta, "mapVersion")).toBe("3000000000");
			expect(await test.redis.keys("*:staged")).toEqual([]);
		},
	);

	it("leaves the showtime open after its last script, and another rebuild is not needed", async () => {
		await setUp();
		expect(await rebuild("first", FIRST_AT, snapshotOf(2))).toBe("installed");
		expect(await stateNow()).toEqual(reference);
		expect(await rebuild("next", NEXT_AT, snapshotOf(3))).toBe("installed");
		expect(await test.redis.hget(keys.meta, "epoch")).toBe("2");
	});

	it("leaves staged keys that the next rebuilder does not use", async () => {
		await setUp();
		await expect(rebuild("first", FIRST_AT, snapshotOf(2), crashBefore(STEPS - 1))).rejects.toThrow("crashed");
		expect(await test.redis.hlen(keys.stagedOwner)).toBe(2 + 1 + 1 + SOLD_SEATS);
		await rebuild("next", NEXT_AT, snapshotOf(3, { bookings: [], blockedSeats: [] }));
		const { owner, buyers } = await stateNow();
		// The first rebuilder had already revoked one hold and dropped another's record.
		expect(Object.keys(owner).sort()).toEqual(["0", "1", "4"]);
		expect(Object.keys(buyers).sort()).toEqual([BOOKINGS.kept.userId, BOOKINGS.reemitted.userId].sort());
	});
});

describe("a slow rebuilder", () => {
	it.each(upTo(STEPS))("changes nothing more once another one has finished after %i of its scripts", async (done) => {
		await setUp();
		const outcome = await rebuild("first", FIRST_AT, snapshotOf(2), async (step) => {
			if (step === done) expect(await rebuild("next", NEXT_AT, snapshotOf(3))).toBe("installed");
		});
		expect(outcome).toBe("lost_claim");
		expect(await stateNow()).toEqual(reference);
	});

	it.each(upTo(STEPS))("changes no seats once another one has taken its claim after %i of its scripts", async (done) => {
		await setUp();
		const seatsBefore = await seatsNow();
		const outcome = await rebuild("first", FIRST_AT, snapshotOf(2), async (step, redis) => {
			if (step !== done) return;
			const claim = await test.at(NEXT_AT, () => test.store.claimShowtime(showtime.id, { token: "next", ledgerEpoch: 2 }));
			expect(claim.outcome).toBe("claimed");
			await redis.ping();
		});
		expect(outcome).toBe("lost_claim");
		expect(await seatsNow()).toEqual(seatsBefore);
	});

	const staged = [keys.stagedOwner, keys.stagedMap, keys.stagedExpiry, keys.stagedBuyers];
	it.each([
		["all of them before its second part", 2, staged],
		["all of them before its last script", STEPS - 1, staged],
		["the owners before its last script", STEPS - 1, [keys.stagedOwner]],
		["the map before its last script", STEPS - 1, [keys.stagedMap]],
	])("loses its claim and frees no seat when its staged keys have expired (%s)", async (_, before, expired) => {
		await setUp();
		const seatsBefore = await seatsNow();
		const outcome = await rebuild("first", FIRST_AT, snapshotOf(2), async (step) => {
			if (step === before) await test.redis.del(...expired);
		});
		expect(outcome).toBe("lost_claim");
		expect(await seatsNow()).toEqual(seatsBefore);
		await expectNothingSold("recovering", NEXT_AT - 1);
		expect(await rebuild("next", NEXT_AT, snapshotOf(3))).toBe("installed");
		expect(await stateNow()).toEqual(reference);
	});

	it("keeps its staged keys for a minute after the last part", async () => {
		await setUp();
		await rebuild("first", FIRST_AT, snapshotOf(2), async (step) => {
			if (step < 2) return;
			for (const key of [keys.stagedOwner, keys.stagedMap, keys.stagedBuyers]) expect(await test.redis.pttl(key)).toBeGreaterThan(55_000);
		});
	});
});

describe("a server that restarts during a rebuild", () => {
	it.each([1, STEPS - 1])("voids the claim after %i of its scripts, so that every later step is refused", async (done) => {
		await setUp();
		const seatsBefore = await seatsNow();
		const answers = async (redis: Pick<Redis, "ping">) =>
			redis.ping().then(
				() => true,
				() => false,
			);
		const outcome = await rebuild("first", FIRST_AT, snapshotOf(2), async (step, redis) => {
			if (step !== done) return;
			await test.server.restart();
			await waitUntil("the rebuilder's connection", () => answers(redis));
		});
		expect(outcome).toBe("lost_claim");
		await untilReachable(test.store);
		expect(await seatsNow()).toEqual(seatsBefore);
		await expectNothingSold("fenced", FIRST_AT);
		// A claim from before the restart does not block the next one.
		expect(await rebuild("next", FIRST_AT, snapshotOf(3))).toBe("installed");
		expect(await stateNow()).toEqual(reference);
	});
});
