import { newShowtimeId } from "@holdfast/domain";
import { afterAll, beforeAll, expect, it } from "vitest";
import { showtimeKeys } from "../keys.ts";
import { holdSeats } from "../testing/buy-seats.ts";
import { expectUnchanged, openTestStore, type TestStore } from "../testing/open-test-store.ts";
import { expectEveryReply } from "../testing/watch-replies.ts";
import { REAP_HOLDS_MAX } from "./read-seat-map.ts";
import { readMapsScript } from "./read-seat-maps.ts";

let test: TestStore;
beforeAll(async () => {
	test = await openTestStore();
});
afterAll(() => test.stop());

const BUCKET = 4;
const open = (seatCount: number) => test.openShowtime({ id: newShowtimeId(BUCKET), seatCount });

it("readSeatMaps returns the maps of a bucket in the order of the ids, changes nothing, and takes one call", async () => {
	const [one, two] = [await open(3), await open(4)];
	await holdSeats(test.store, one, [1]);
	await test.store.confirmBooking(await holdSeats(test.store, two, [0, 3]));
	const calls = async () => Number(/cmdstat_evalsha:calls=(\d+)/.exec(await test.redis.info("commandstats"))?.[1]);
	const before = await calls();
	const maps = await expectUnchanged(test, () => test.store.readSeatMaps(BUCKET, [two.id, one.id]));
	expect(maps).toEqual([
		{ statuses: "SAAS", expiredSeats: 0 },
		{ statuses: "AHA", expiredSeats: 0 },
	]);
	expect(await test.store.readSeatMaps(BUCKET, [])).toEqual([]);
	// The first of the two calls also sent the script itself (EVAL), which is counted apart.
	expect((await calls()) - before).toBe(2);
});

it("readSeatMaps returns null for a showtime that is not installed, is being rebuilt, or was installed on another server", async () => {
	const [opened, claimed, foreign] = [await open(3), await open(3), await open(3)];
	await test.store.claimShowtime(claimed.id, { token: "rebuilder", ledgerEpoch: 2 });
	await test.redis.hset(showtimeKeys(foreign.id).meta, "replid", "another server");
	const ids = [newShowtimeId(BUCKET), claimed.id, opened.id, foreign.id];
	const maps = await expectUnchanged(test, () => test.store.readSeatMaps(BUCKET, ids));
	expect(maps).toEqual([null, null, { statuses: "AAA", expiredSeats: 0 }, null]);
});

it("readSeatMaps counts the seats of a hold as expired from the millisecond of its expiry, without reaping them", async () => {
	const showtime = await open(5);
	const { booking } = await holdSeats(test.store, showtime, [0, 1, 2]);
	const read = (instant: number) => test.at(instant, () => expectUnchanged(test, () => test.store.readSeatMaps(BUCKET, [showtime.id])));
	expect(await read(booking.expiresAt - 1)).toEqual([{ statuses: "HHHAA", expiredSeats: 0 }]);
	for (const instant of [booking.expiresAt, booking.expiresAt + 1]) {
		expect(await read(instant)).toEqual([{ statuses: "HHHAA", expiredSeats: 3 }]);
	}
});

it("readSeatMaps counts a seat that two holds have had once, and only after both have expired", async () => {
	const showtime = await open(5);
	const first = await holdSeats(test.store, showtime, [0, 1]);
	const second = await test.at(first.booking.expiresAt, () => holdSeats(test.store, showtime, [1, 2]));
	const readAt = (instant: number) => test.at(instant, () => test.store.readSeatMaps(BUCKET, [showtime.id]));
	expect(await readAt(first.booking.expiresAt)).toEqual([{ statuses: "HHHAA", expiredSeats: 1 }]);
	expect(await readAt(second.booking.expiresAt)).toEqual([{ statuses: "HHHAA", expiredSeats: 3 }]);
});

it(`readSeatMaps counts the seats of at most ${REAP_HOLDS_MAX} expired holds of a showtime`, async () => {
	const expiredSeats = async (holds: number) => {
		const showtime = await open(holds);
		const placed = await Promise.all(Array.from({ length: holds }, (_, seat) => holdSeats(test.store, showtime, [seat])));
		const expired = Math.max(...placed.map(({ booking }) => booking.expiresAt));
		return (await test.at(expired, () => test.store.readSeatMaps(BUCKET, [showtime.id])))[0]?.expiredSeats;
	};
	for (const beyond of [-1, 0, 1]) expect(await expiredSeats(REAP_HOLDS_MAX + beyond)).toBe(REAP_HOLDS_MAX + Math.min(beyond, 0));
});

it("covers every status that read-maps.lua can reply", () => expectEveryReply(test.replies, [readMapsScript]));
