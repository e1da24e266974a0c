/**
 * Seats change only on the Redis server that the showtime was installed on, only until it restarts, and not while a rebuild has a
 * claim.
 */
import { bucketOf, CLAIM_TTL_MS, newShowtimeId } from "@holdfast/domain";
import { afterAll, beforeAll, expect, it } from "vitest";
import { bookingKey, showtimeKeys } from "./keys.ts";
import { installSnapshot } from "./testing/install-snapshot.ts";
import { bookingEventOf, openTestStore, type TestStore } from "./testing/open-test-store.ts";
import { expectAllRefused, expectNoneRefused, openShowtimeWithBookings, type ShowtimeWithBookings } from "./testing/try-fenced-scripts.ts";
import { untilReachable } from "./testing/until-reachable.ts";

let test: TestStore;
beforeAll(async () => {
	test = await openTestStore();
});
afterAll(() => test.stop());

const claim = (showtimeId: ShowtimeWithBookings["showtime"]["id"], ledgerEpoch = 2) =>
	test.store.claimShowtime(showtimeId, { token: "rebuilder", ledgerEpoch });

async function restart(): Promise<void> {
	await test.server.restart();
	await untilReachable(test.store);
}

/** Scripts that settle the outbox or load a record are not fenced. */
async function expectOutboxOpen({ sold }: ShowtimeWithBookings): Promise<void> {
	const bucket = bucketOf(sold.showtimeId);
	const entries = await test.store.readBatch(bucket, { afterEntryId: null, limit: 500 });
	const entry = entries.find(({ raw }) => raw.bookingId === sold.bookingId);
	expect([bookingEventOf(entry).type, entry?.epoch]).toEqual(["booking.confirmed", 1]);
	await test.store.ackBatch(bucket, [{ entryId: entry?.entryId ?? "", booking: { id: sold.bookingId, version: 2 } }]);
	const booking = await test.store.readBooking(sold.bookingId);
	expect(booking?.recorded).toBe(true);
	await test.redis.del(bookingKey(sold.bookingId));
	if (booking !== null) await test.store.loadBooking(booking);
	expect(test.replies.get("load-booking")?.at(-1)).toBe("loaded");
}

it("no script is refused on the server that the showtime was installed on", async () => {
	await expectNoneRefused(test, await openShowtimeWithBookings(test));
});

it("every script replies not_ready without meta: a missing showtime is closed, never all free", async () => {
	const scene = await openShowtimeWithBookings(test);
	await test.redis.del(showtimeKeys(scene.showtime.id).meta);
	await expectAllRefused(test, scene, "not_ready");
	await expectOutboxOpen(scene);
});

it("every script replies recovering while a claim is live, until the claim is given back", async () => {
	const scene = await openShowtimeWithBookings(test);
	expect((await claim(scene.showtime.id)).outcome).toBe("claimed");
	await expectAllRefused(test, scene, "recovering");
	await expectOutboxOpen(scene);
	await test.store.giveBackClaim(scene.showtime.id, "rebuilder");
	await expectNoneRefused(test, scene);
});

it("every script replies fenced from the instant a claim expires, and not 1 ms sooner", async () => {
	const scene = await openShowtimeWithBookings(test);
	const claimed = await claim(scene.showtime.id);
	if (claimed.outcome !== "claimed") throw new Error(`the showtime was not claimed: ${claimed.outcome}`);
	await test.at(claimed.nowMs + CLAIM_TTL_MS - 1, () => expectAllRefused(test, scene, "recovering"));
	await test.at(claimed.nowMs + CLAIM_TTL_MS, () => expectAllRefused(test, scene, "fenced"));
	expect(await test.store.findUnopened([scene.showtime.id])).toEqual([scene.showtime.id]);
});

it("a showtime that was never installed is recovering while a claim is live, then not_ready", async () => {
	const scene = await openShowtimeWithBookings(test);
	const id = newShowtimeId(bucketOf(scene.showtime.id));
	const { showtime, held, sold, cancelled } = scene;
	const at = { showtimeId: id };
	const never = { showtime: { ...showtime, id }, held: { ...held, ...at }, sold: { ...sold, ...at }, cancelled: { ...cancelled, ...at } };
	const claimed = await claim(id);
	if (claimed.outcome !== "claimed") throw new Error(`the showtime was not claimed: ${claimed.outcome}`);
	await expectAllRefused(test, never, "recovering");
	await test.at(claimed.nowMs + CLAIM_TTL_MS, () => expectAllRefused(test, never, "not_ready"));
	expect(await test.redis.pttl(showtimeKeys(id).meta)).toBeLessThanOrEqual(60_000);
	await test.store.giveBackClaim(id, "rebuilder");
	expect(await test.redis.exists(showtimeKeys(id).meta)).toBe(0);
});

it("every script replies fenced after a restart until a rebuild, with or without a claim, and no data is lost", async () => {
	const [scene, claimed] = [await openShowtimeWithBookings(test), await openShowtimeWithBookings(test)];
	await claim(claimed.showtime.id);
	await restart();
	expect(await test.store.findUnopened([scene.showtime.id])).toEqual([scene.showtime.id]);
	await expectAllRefused(test, scene, "fenced");
	await expectAllRefused(test, claimed, "fenced");
	await expectOutboxOpen(scene);
	await test.store.giveBackClaim(claimed.showtime.id, "rebuilder");
	expect(test.replies.get("give-back-claim")?.at(-1)).toBe("lost_claim");
	await expectAllRefused(test, claimed, "fenced");
	const { sold } = scene;
	const recorded = { ...sold, state: "CONFIRMED", version: 2, seats: [2, 3] } as const;
	expect((await installSnapshot(test.store, { showtime: scene.showtime, epoch: 2, bookings: [recorded] })).outcome).toBe("installed");
	expect(await test.store.findUnopened([scene.showtime.id])).toEqual([]);
	await expectNoneRefused(test, scene);
});

it("every script replies not_ready after FLUSHALL", async () => {
	const scene = await openShowtimeWithBookings(test);
	await test.redis.flushall();
	await expectAllRefused(test, scene, "not_ready");
});
