/** The CSV of 100,000 bookings (2,000 in the short run): every row arrives, and the memory of the server does not grow with their number. */
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { byRunLength, insertSales } from "@holdfast/testing";
import { afterAll, beforeAll, expect, it } from "vitest";
import { originOf } from "../testing/read-stream.ts";
import { startTestApi, type TestApi } from "../testing/start-test-api.ts";

const BOOKINGS = byRunLength({ short: 2_000, long: 100_000 });
/** The files, each as it is written one after the other: the second shows what the first has left behind. */
const FILES = byRunLength({ short: 2, long: 4 });
/** A page of 1,000 bookings with its rows and texts takes some 10 MB; the file of 100,000 has 35 MB, and its bookings would take 300 MB. */
const GROWTH_MAX_BYTES = 48 * 1024 * 1024;

setFlagsFromString("--expose-gc");
const collectGarbage: () => void = runInNewContext("gc");
setFlagsFromString("--no-expose-gc");

let api: TestApi;
let token: string;
beforeAll(async () => {
	api = await startTestApi();
	({ token } = await api.newAdmin());
	await insertSales(api.ownerUrl, { bookings: BOOKINGS, untilMs: Date.UTC(2031, 5, 30) });
});
afterAll(() => api.close());

/** Bytes that are in use after a collection of garbage. */
function usedBytes(): number {
	collectGarbage();
	const { heapUsed, external } = process.memoryUsage();
	return heapUsed + external;
}

it(`a file of ${BOOKINGS} bookings has every row and leaves the memory flat while it is written`, async () => {
	const url = `${await originOf(api)}/api/v1/admin/bookings`;
	const used: number[] = [];
	for (let file = 0; file < FILES; file += 1) {
		const before = usedBytes();
		let [rows, bytes, most] = [-1, 0, before];
		const startedMs = performance.now();
		const response = await fetch(url, { headers: { accept: "text/csv", authorization: `Bearer ${token}` } });
		for await (const chunk of response.body ?? []) {
			const pages = Math.floor(rows / 5_000);
			for (const byte of chunk) if (byte === 10) rows += 1;
			bytes += chunk.length;
			// The collection takes a while, so not at each chunk.
			if (Math.floor(rows / 5_000) > pages) most = Math.max(most, usedBytes());
		}
		const seconds = (performance.now() - startedMs) / 1_000;
		console.log(
			`csv: ${rows} rows, ${bytes} bytes, ${seconds.toFixed(1)} s; in use before ${mb(before)}, at most ${mb(most)}, after ${mb(usedBytes())}; ` +
				`resident ${mb(process.memoryUsage().rss)}`,
		);
		expect(rows).toBe(BOOKINGS);
		expect(most - before).toBeLessThan(GROWTH_MAX_BYTES);
		used.push(usedBytes());
	}
	// The first file loads code and fills caches. After it, a file leaves nothing behind.
	expect((used.at(-1) ?? 0) - (used[0] ?? 0)).toBeLessThan(GROWTH_MAX_BYTES / 8);
});

const mb = (bytes: number): string => `${(bytes / 1024 / 1024).toFixed(1)} MB`;
