/** What a process gives to watchers at most, and that it takes all of it back. */
import type { ShowtimeId } from "@holdfast/domain";
import { sendInlineCommand } from "@holdfast/local-stack";
import { SeatStoreFault } from "@holdfast/seat-store";
import { showtimeKeys } from "@holdfast/seat-store/testing";
import { waitUntil } from "@holdfast/testing";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { problemIn } from "../testing/read-answers.ts";
import { readStream, type TestStream } from "../testing/read-stream.ts";
import { startTestApi, type TestApi, type TestApp } from "../testing/start-test-api.ts";

const SHOWTIME_MAX = 3;
const PROCESS_MAX = 5;

let api: TestApi;
let bounded: TestApp;
beforeAll(async () => {
	api = await startTestApi();
	bounded = await api.another({ watchLimits: { watchersMax: PROCESS_MAX, watchersPerShowtimeMax: SHOWTIME_MAX } });
});
afterAll(() => api.close());

/** Connections that Redis has for this channel: `*2|$n|channel|:count`. */
const subscriptions = async (showtimeId: ShowtimeId) =>
	Number((await sendInlineCommand(api.redis.port, `PUBSUB SHARDNUMSUB ${showtimeKeys(showtimeId).map}`, 4))?.split("|:")[1]);
const refusal = async (app: TestApp, showtimeId: ShowtimeId) => problemIn(await app.call(`GET /showtimes/${showtimeId}/seats/stream`)).code;
const open = (app: TestApp, showtimeId: ShowtimeId, count: number) =>
	Promise.all(Array.from({ length: count }, () => readStream(app, showtimeId)));
async function gauge(app: TestApp, name: string): Promise<number> {
	const { payload } = await app.app.inject({ url: "/metrics" });
	return Number(new RegExp(`^${name} (\\d+)$`, "m").exec(payload)?.[1]);
}
const watchers = (app: TestApp) => gauge(app, "holdfast_watchers");
const watchedShowtimes = (app: TestApp) => gauge(app, "holdfast_watched_showtimes");

describe("503 overloaded", () => {
	it(`is the answer to one more than ${SHOWTIME_MAX} at a showtime or ${PROCESS_MAX} in a process; who leaves makes room`, async () => {
		const [first, second] = [await api.newShowtime(), await api.newShowtime()];
		const live = await open(bounded, first, SHOWTIME_MAX);
		expect(await refusal(bounded, first)).toBe("overloaded");
		live.push(...(await open(bounded, second, PROCESS_MAX - SHOWTIME_MAX)));
		expect(await refusal(bounded, second)).toBe("overloaded");
		live.pop()?.close();
		await waitUntil("room", async () => (await watchers(bounded)) === PROCESS_MAX - 1);
		expect(await refusal(bounded, first)).toBe("overloaded");
		live.push(...(await open(bounded, second, 1)));
		for (const stream of live) stream.close();
		await waitUntil("all to be gone", async () => (await watchers(bounded)) === 0);
	});

	it("lets no more in when they all come at once", async () => {
		const showtimeId = await api.newShowtime();
		const answers = await Promise.allSettled(Array.from({ length: 20 }, () => readStream(bounded, showtimeId)));
		const live = answers.flatMap((answer) => (answer.status === "fulfilled" ? [answer.value] : []));
		expect(live).toHaveLength(SHOWTIME_MAX);
		for (const stream of live) stream.close();
		await waitUntil("all to be gone", async () => (await watchers(bounded)) === 0);
	});
});

describe("429 too_many_requests", () => {
	it("is the answer to one more from an address than it may have, while others come in; who leaves makes room", async () => {
		const perAddress = await api.another({ watchLimits: { watchersPerAddressMax: 2 }, trustProxy: ["127.0.0.1"] });
		const showtimeIds = [await api.newShowtime(), await api.newShowtime()];
		const from = (address: string) => ({ headers: { "x-forwarded-for": address } });
		const enter = (place: number, address: string) => readStream(perAddress, showtimeIds[place] ?? "", from(address));
		const [first, second] = [await enter(0, "2001:db8::1"), await enter(1, "2001:db8::2")];
		const refused = await perAddress.call(`GET /showtimes/${showtimeIds[0]}/seats/stream`, from("2001:db8::3"));
		expect([problemIn(refused).code, refused.headers["retry-after"]]).toEqual(["too_many_requests", "60"]);
		(await enter(0, "2001:db8:1::1")).close();
		first.close();
		await waitUntil("room", async () => (await watchers(perAddress)) === 1);
		(await enter(0, "2001:db8::3")).close();
		second.close();
	});
});

describe("a crowd at one showtime", () => {
	it("costs one subscription, and none once the last has left", async () => {
		const [user, showtimeId] = [await api.newUser(), await api.newShowtime()];
		const live = await open(api, showtimeId, 100);
		expect(await subscriptions(showtimeId)).toBe(1);
		// Watchers wait for nothing: they are no pressure.
		expect(api.app.requestsInFlight()).toBe(0);
		await api.held(user, showtimeId, ["A1"]);
		await Promise.all(live.map((stream) => stream.until(2)));
		for (const stream of live.slice(1)) stream.close();
		await waitUntil("all but one to be gone", async () => (await watchers(api)) === 1);
		expect(await subscriptions(showtimeId)).toBe(1);
		live[0]?.close();
		await waitUntil("the subscription to end", async () => (await subscriptions(showtimeId)) === 0);
		expect(await watchers(api)).toBe(0);
	});

	it("may come and go a thousand times, and leaves nothing: no place, no subscription, no timer", async () => {
		const timers = () => process.getActiveResourcesInfo().filter((resource) => resource === "Timeout").length;
		const showtimeIds = [await api.newShowtime(), await api.newShowtime(), await api.newShowtime()];
		for (const showtimeId of showtimeIds) await api.held(await api.newUser(), showtimeId, ["A1"]);
		const comeAndGo = async (rounds: number) => {
			for (let round = 0; round < rounds; round += 1) {
				const live = await Promise.all(showtimeIds.flatMap((showtimeId) => [readStream(api, showtimeId), readStream(api, showtimeId)]));
				for (const stream of live) stream.close();
			}
			await waitUntil("all to be gone", async () => (await watchers(api)) === 0);
			await waitUntil("the subscriptions to end", async () => (await sendInlineCommand(api.redis.port, "PUBSUB SHARDCHANNELS")) === "*0");
		};
		await comeAndGo(2);
		const before = timers();
		await comeAndGo(166);
		await waitUntil("no more timers than before", () => timers() <= before);
	});
});

describe("a place that came to nothing", () => {
	it("is given back: the showtime was rebuilt just then, or Redis could not be subscribed to", async () => {
		let reads = 0;
		let isDeaf = false;
		const unlucky = await api.another({
			wrapStore: (seatStore) => ({
				...seatStore,
				async readSeatMap(id) {
					reads += 1;
					return reads % 2 === 1 ? seatStore.readSeatMap(id) : { outcome: "recovering" };
				},
				watchSeats: (id, listener) =>
					isDeaf ? Promise.reject(new SeatStoreFault("unavailable", "deaf")) : seatStore.watchSeats(id, listener),
			}),
		});
		const showtimeId = await api.newShowtime();
		expect([await refusal(unlucky, showtimeId), await watchers(unlucky), await watchedShowtimes(unlucky)]).toEqual(["recovering", 0, 0]);
		await waitUntil("the subscription to end", async () => (await subscriptions(showtimeId)) === 0);
		isDeaf = true;
		expect([await refusal(unlucky, showtimeId), await watchers(unlucky), await watchedShowtimes(unlucky)]).toEqual(["unavailable", 0, 0]);
	});
});

describe("a client that does not read", () => {
	it("is dropped while the others are told everything, and is not kept for", async () => {
		const showtimeId = await api.newShowtime();
		const [good, stuck] = [await readStream(api, showtimeId), await readStream(api, showtimeId)];
		await stuck.until(1);
		stuck.pause();
		const version = good.events[0]?.version ?? 0;
		// 48 KB each: some five megabytes lie in the buffers of the kernel before anything waits here.
		const seats = Array.from({ length: 4_000 }, (_, seat) => 10_000 + seat).join(",");
		let sent = 0;
		while ((await watchers(api)) === 2) {
			sent += 1;
			await sendInlineCommand(api.redis.port, `SPUBLISH ${showtimeKeys(showtimeId).map} "${version + sent} H ${seats}"`);
			await good.until(1 + sent);
		}
		await waitUntil("the other to have heard all", () => good.events.at(-1)?.version === version + sent);
		expect(good.events.filter(({ event }) => event === "reset")).toHaveLength(1);
		good.close();
		stuck.close();
	});
});

describe("a server that closes", () => {
	it("ends its streams in order, and at once", async () => {
		const closing = await api.another();
		const live: TestStream[] = await open(closing, await api.newShowtime(), 20);
		const startMs = performance.now();
		await closing.app.close();
		expect(performance.now() - startMs).toBeLessThan(2_000);
		await waitUntil("the streams to end", () => live.every((stream) => stream.hasEnded()));
	});
});

describe("several processes", () => {
	it("tell the same: each has a subscription of its own", async () => {
		const apps = [api, await api.another(), await api.another()];
		const [user, showtimeId] = [await api.newUser(), await api.newShowtime()];
		await api.call(`GET /showtimes/${showtimeId}/seats`);
		const live = await Promise.all(apps.map((app) => readStream(app, showtimeId, { query: "?since=1000000000" })));
		expect(await subscriptions(showtimeId)).toBe(3);
		await api.held(user, showtimeId, ["A1"]);
		const received = await Promise.all(live.map((stream) => stream.until(1)));
		for (const events of received) expect(events).toEqual([{ event: "delta", version: 1_000_000_001, seats: [[0, "H"]] }]);
		for (const stream of live) stream.close();
	});
});
