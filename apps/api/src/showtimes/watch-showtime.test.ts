/** The order of events in one watched showtime. The tests play the seat store: they decide when messages and maps arrive. */
import { setTimeout as pause } from "node:timers/promises";
import { newShowtimeId } from "@holdfast/domain";
import type { SeatListener } from "@holdfast/seat-store";
import { waitUntil } from "@holdfast/testing";
import { describe, expect, it } from "vitest";
import type { LiveMap } from "./read-live-map.ts";
import { type ReadMap, watchShowtime } from "./watch-showtime.ts";

type Answer = Awaited<ReturnType<ReadMap>>;

function mapAt(version: number, expiresInMs: number | null = null): Answer {
	const nowMs = 1_000_000;
	const map = { version, nowMs, earliestExpiryAt: expiresInMs === null ? null : nowMs + expiresInMs };
	return { outcome: "read", map } as Answer & LiveMap;
}

/** A watch whose messages and maps arrive when the test says so. */
function openWatch() {
	const reads: ((answer: Answer) => void)[] = [];
	let publish: SeatListener = () => {};
	let subscribe = () => {};
	let isSubscribed = true;
	const seatStore = {
		watchSeats: (_id: unknown, listener: SeatListener) => {
			publish = listener;
			return new Promise<() => void>((resolve) => {
				subscribe = () =>
					resolve(() => {
						isSubscribed = false;
					});
			});
		},
	} as Parameters<typeof watchShowtime>[0]["seatStore"];
	const readMap: ReadMap = () => new Promise((resolve) => reads.push(resolve));
	const watch = watchShowtime({ seatStore, readMap, showtimeId: newShowtimeId() });
	return {
		watch,
		reads,
		publish: (message: Parameters<SeatListener>[0]) => publish(message),
		hold: (version: number, ...seats: number[]) => publish({ what: "seats", version, letter: "H", seats }),
		subscribe: () => subscribe(),
		isSubscribed: () => isSubscribed,
		/** Answers the oldest refresh that has no answer. */
		async answer(answer: Answer) {
			const read = await waitUntil("a refresh", () => reads.shift() ?? false);
			read(answer);
			await pause(0);
		},
		join(since: number | null, mapVersion: number) {
			const sent: string[] = [];
			const ends: string[] = [];
			const stream = { send: (events: Buffer) => void sent.push(events.toString()), end: () => void ends.push("end") };
			watch.join(stream, since, mapVersion);
			return { stream, sent, ends };
		},
	};
}

/** A watch that is subscribed and has version 10. */
async function watchAtTen() {
	const opened = openWatch();
	opened.subscribe();
	await opened.watch.subscribed;
	void opened.watch.refresh();
	await opened.answer(mapAt(10));
	return opened;
}

const idsIn = (sent: readonly string[]) =>
	sent
		.join("")
		.match(/(?<=id: )\d+/g)
		?.map(Number) ?? [];

describe("a watched showtime", () => {
	it("sends a reset to a watcher whose map lacks a change that was published before the map was read", async () => {
		const { watch, hold, subscribe, answer, join } = openWatch();
		subscribe();
		void watch.refresh();
		hold(11, 3);
		await answer(mapAt(10));
		const { sent } = join(10, 10);
		expect(sent).toEqual(['event: reset\nid: 11\ndata: {"version":11}\n\n']);
		hold(12, 4);
		await waitUntil("the next change", () => idsIn(sent).length === 2);
		expect(idsIn(sent)).toEqual([11, 12]);
		watch.end();
	});

	it("sends the first change at once, and merges changes within the next 50 ms into one event", async () => {
		const { watch, hold, join } = await watchAtTen();
		await pause(60);
		const { sent } = join(10, 10);
		hold(11, 1);
		await pause(10);
		expect(idsIn(sent)).toEqual([11]);
		hold(12, 2);
		await pause(5);
		hold(13, 3);
		await waitUntil("the merged event", () => idsIn(sent).length === 2);
		expect(idsIn(sent)).toEqual([11, 13]);
		watch.end();
	});

	it("pauses four times as long as a flush took, so that flushing takes at most a fifth of the process's time", async () => {
		const { watch, hold } = await watchAtTen();
		const sentAtMs: number[] = [];
		const stream = {
			send() {
				const startMs = performance.now();
				while (performance.now() < startMs + 30);
				sentAtMs.push(performance.now());
			},
			end() {},
		};
		await pause(60);
		watch.join(stream, 10, 10);
		hold(11, 1);
		await waitUntil("the first to be sent", () => sentAtMs.length === 1);
		hold(12, 2);
		await waitUntil("the second to be sent", () => sentAtMs.length === 2);
		expect((sentAtMs[1] ?? 0) - (sentAtMs[0] ?? 0)).toBeGreaterThan(30 * 4 + 30 - 5);
		watch.end();
	});

	it("ignores a map that was requested before the subscription was lost", async () => {
		const { watch, publish, answer, join } = await watchAtTen();
		const { sent } = join(10, 10);
		void watch.refresh();
		publish({ what: "resumed" });
		await answer(mapAt(10));
		const late = join(null, 10);
		await pause(60);
		expect([sent, late.sent]).toEqual([[], []]);
		await answer(mapAt(12));
		await waitUntil("both to be sent a reset", () => sent.length === 1 && late.sent.length === 1);
		expect([idsIn(sent), idsIn(late.sent)]).toEqual([[12], [12]]);
		watch.end();
	});

	it("sends nothing after a lost subscription that missed nothing", async () => {
		const { watch, publish, hold, answer, join } = await watchAtTen();
		const { sent } = join(10, 10);
		publish({ what: "resumed" });
		await answer(mapAt(10));
		await pause(60);
		expect(sent).toEqual([]);
		hold(11, 1);
		await waitUntil("the next change", () => sent.length === 1);
		expect(sent[0]).toMatch(/^id: 11\n/);
		watch.end();
	});

	it("refreshes when the next hold expires, and half a second after a hold whose expiry it does not know", async () => {
		const { watch, reads, hold, answer } = await watchAtTen();
		const startMs = performance.now();
		hold(11, 1);
		hold(12, 2);
		await answer(mapAt(12, 200));
		expect(performance.now() - startMs).toBeGreaterThan(450);
		await answer(mapAt(13));
		expect(performance.now() - startMs).toBeGreaterThan(650);
		expect(performance.now() - startMs).toBeLessThan(1_500);
		await pause(100);
		expect(reads).toEqual([]);
		watch.end();
	});

	it("refreshes at most every 50 ms, however close together holds expire", async () => {
		const { watch, answer } = await watchAtTen();
		void watch.refresh();
		await answer(mapAt(11, 1));
		const startMs = performance.now();
		for (let n = 0; n < 4; n += 1) await answer(mapAt(12 + n, 1));
		expect(performance.now() - startMs).toBeGreaterThan(180);
		watch.end();
	});

	it("refreshes again after a refresh during a rebuild, and ends when the showtime has ended", async () => {
		const { watch, hold, answer, join, isSubscribed } = await watchAtTen();
		const { ends } = join(10, 10);
		hold(11, 1);
		await answer({ outcome: "recovering" });
		await answer({ outcome: "showtime_closed" });
		expect([ends, isSubscribed()]).toEqual([["end"], false]);
		expect(join(10, 10).ends).toEqual(["end"]);
		watch.end();
	});

	it("does nothing after its end: no timer, no refresh, no event", async () => {
		const { watch, reads, hold, publish, join, isSubscribed } = await watchAtTen();
		const { sent, ends } = join(10, 10);
		hold(11, 1);
		watch.end();
		hold(12, 2);
		publish({ what: "resumed" });
		await pause(600);
		expect([sent, ends, reads, isSubscribed()]).toEqual([[], ["end"], [], false]);
	});
});
