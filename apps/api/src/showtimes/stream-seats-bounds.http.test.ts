/** Limits on watchers of seats, and that a process releases every resource of a watcher. */
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
	bounded = await api.startAnother({ watchLimits: { watchersMax: PROCESS_MAX, watchersPerShowtimeMax: SHOWTIME_MAX } });
});
afterAll(() => api.close());

/** Number of subscribers of the showtime's channel, from the reply `*2|$n|channel|:count`. */
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
	it(`refuses more than ${SHOWTIME_MAX} watchers of a showtime or ${PROCESS_MAX} in a process, until one leaves`, async () => {
		const [first, second] = [await api.newShowtime(), await api.newShowtime()];
		const live = await open(bounded, first, SHOWTIME_MAX);
		expect(await refusal(bounded, first)).toBe("overloaded");
		live.push(...(await open(bounded, second, PROCESS_MAX - SHOWTIME_MAX)));
		expect(await refusal(bounded, second)).toBe("overloaded");
		live.pop()?.close();
		await waitUntil("a watcher to be released", async () => (await watchers(bounded)) === PROCESS_MAX - 1);
		expect(await refusal(bounded, first)).toBe("overloaded");
		live.push(...(await open(bounded, second, 1)));
		for (const stream of live) stream.close();
		await waitUntil("all watchers to be released", async () => (await watchers(bounded)) === 0);
	});

	it("admits no more watchers than the limit when all connect at the same time", async () => {
		const showtimeId = await api.newShowtime();
		const answers = await Promise.allSettled(Array.from({ length: 20 }, () => readStream(bounded, showtimeId)));
		const live = answers.flatMap((answer) => (answer.status === "fulfilled" ? [answer.value] : []));
		expect(live).toHaveLength(SHOWTIME_MAX);
		for (const stream of live) stream.close();
		await waitUntil("all watchers to be released", async () => (await watchers(bounded)) === 0);
	});
});

describe("429 too_many_requests", () => {
	it("refuses more watchers from one address than its limit until one leaves, and admits other addresses", async () => {
		const perAddress = await api.startAnother({ watchLimits: { watchersPerAddressMax: 2 }, trustProxy: ["127.0.0.1"] });
		const showtimeIds = [await api.newShowtime(), await api.newShowtime()];
		const from = (address: string) => ({ headers: { "x-forwarded-for": address } });
		const watch = (index: number, address: string) => readStream(perAddress, showtimeIds[index] ?? "", from(address));
		const [first, second] = [await watch(0, "2001:db8::1"), await watch(1, "2001:db8::2")];
		const refused = await perAddress.call(`GET /showtimes/${showtimeIds[0]}/seats/stream`, from("2001:db8::3"));
		expect([problemIn(refused).code, refused.headers["retry-after"]]).toEqual(["too_many_requests", "60"]);
		(await watch(0, "2001:db8:1::1")).close();
		first.close();
		await waitUntil("a watcher to be released", async () => (await watchers(perAddress)) === 1);
		(await watch(0, "2001:db8::3")).close();
		second.close();
	});
});

describe("many watchers of one showtime", () => {
	it("share one subscription, which ends with the last watcher", async () => {
		const [user, showtimeId] = [await api.newUser(), await api.newShowtime()];
		const live = await open(api, showtimeId, 100);
		expect(await subscriptions(showtimeId)).toBe(1);
		// An open stream does not count as a request in flight.
		expect(api.app.requestsInFlight()).toBe(0);
		await api.held(user, showtimeId, ["A1"]);
		await Promise.all(live.map((stream) => stream.until(2)));
		for (const stream of live.slice(1)) stream.close();
		await waitUntil("all but one to be released", async () => (await watchers(api)) === 1);
		expect(await subscriptions(showtimeId)).toBe(1);
		live[0]?.close();
		await waitUntil("the subscription to end", async () => (await subscriptions(showtimeId)) === 0);
		expect(await watchers(api)).toBe(0);
	});

	it("can connect and disconnect a thousand times and leave no slot, subscription or timer", async () => {
		const timers = () => process.getActiveResourcesInfo().filter((resource) => resource === "Timeout").length;
		const showtimeIds = [await api.newShowtime(), await api.newShowtime(), await api.newShowtime()];
		for (const showtimeId of showtimeIds) await api.held(await api.newUser(), showtimeId, ["A1"]);
		const connectAndDisconnect = async (rounds: number) => {
			for (let round = 0; round < rounds; round += 1) {
				const live = await Promise.all(showtimeIds.flatMap((showtimeId) => [readStream(api, showtimeId), readStream(api, showtimeId)]));
				for (const stream of live) stream.close();
			}
			await waitUntil("all watchers to be released", async () => (await watchers(api)) === 0);
			await waitUntil("the subscriptions to end", async () => (await sendInlineCommand(api.redis.port, "PUBSUB SHARDCHANNELS")) === "*0");
		};
		await connectAndDisconnect(2);
		const before = timers();
		await connectAndDisconnect(166);
		await waitUntil("no more timers than before", () => timers() <= before);
	});
});

describe("a watcher that cannot be admitted", () => {
	it("leaves no slot when the showtime is being rebuilt or the subscription fails", async () => {
		let reads = 0;
		let failsToSubscribe = false;
		const failing = await api.startAnother({
			wrapStore: (seatStore) => ({
				...seatStore,
				async readSeatMap(id) {
					reads += 1;
					return reads % 2 === 1 ? seatStore.readSeatMap(id) : { outcome: "recovering" };
				},
				watchSeats: (id, listener) =>
					failsToSubscribe ? Promise.reject(new SeatStoreFault("unavailable", "no subscription")) : seatStore.watchSeats(id, listener),
			}),
		});
		const showtimeId = await api.newShowtime();
		expect([await refusal(failing, showtimeId), await watchers(failing), await watchedShowtimes(failing)]).toEqual(["recovering", 0, 0]);
		await waitUntil("the subscription to end", async () => (await subscriptions(showtimeId)) === 0);
		failsToSubscribe = true;
		expect([await refusal(failing, showtimeId), await watchers(failing), await watchedShowtimes(failing)]).toEqual(["unavailable", 0, 0]);
	});
});

describe("a client that does not read", () => {
	it("is disconnected while the other watchers get every event", async () => {
		const showtimeId = await api.newShowtime();
		const [good, stuck] = [await readStream(api, showtimeId), await readStream(api, showtimeId)];
		await stuck.until(1);
		stuck.pause();
		const version = good.events[0]?.version ?? 0;
		// 48 KB per event: the kernel buffers some five megabytes before unsent bytes pile up in this process.
		const seats = Array.from({ length: 4_000 }, (_, seat) => 10_000 + seat).join(",");
		let sent = 0;
		while ((await watchers(api)) === 2) {
			sent += 1;
			await sendInlineCommand(api.redis.port, `SPUBLISH ${showtimeKeys(showtimeId).map} "${version + sent} H ${seats}"`);
			await good.until(1 + sent);
		}
		await waitUntil("the other watcher to have every event", () => good.events.at(-1)?.version === version + sent);
		expect(good.events.filter(({ event }) => event === "reset")).toHaveLength(1);
		good.close();
		stuck.close();
	});
});

describe("a server that is closing", () => {
	it("ends its streams cleanly and at once", async () => {
		const closing = await api.startAnother();
		const live: TestStream[] = await open(closing, await api.newShowtime(), 20);
		const startMs = performance.now();
		await closing.app.close();
		expect(performance.now() - startMs).toBeLessThan(2_000);
		await waitUntil("the streams to end", () => live.every((stream) => stream.hasEnded()));
	});
});

describe("watchers of one showtime in several processes", () => {
	it("get the same events, each process through its own subscription", async () => {
		const apps = [api, await api.startAnother(), await api.startAnother()];
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
