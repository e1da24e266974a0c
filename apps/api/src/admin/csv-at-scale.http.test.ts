/**
 * The CSV of 100,000 bookings (2,000 in the short run): every row arrives, the memory of the server does not grow with their number, and a
 * failure half-way breaks the connection.
 */
import { once } from "node:events";
import { connect } from "node:net";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { byRunLength, insertSales } from "@holdfast/testing";
import { parse } from "csv-parse/sync";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { problemIn } from "../testing/read-answers.ts";
import { originOf } from "../testing/read-stream.ts";
import { startTestApi, type TestApi } from "../testing/start-test-api.ts";

/** More than one page. */
const BOOKINGS = byRunLength({ short: 2_000, long: 100_000 });
/** The files, each as it is written one after the other: the second shows what the first has left behind. */
const FILES = 2;
/** Each test of the long run writes a file or two of 100,000 rows, on a machine that does other things too. */
const DEADLINE_MS = byRunLength({ short: 90_000, long: 600_000 });
/** How often the memory is measured; a collection of garbage takes a while. */
const MEASURED_EVERY_ROWS = byRunLength({ short: 500, long: 5_000 });
/** A page of 1,000 bookings with its rows and texts takes some 10 MB. The file of 100,000 has 34 MB, and its bookings would take 200 MB. */
const GROWTH_MAX_BYTES = 32 * 1024 * 1024;
const CSV = { accept: "text/csv" };

setFlagsFromString("--expose-gc");
const collectGarbage: () => void = runInNewContext("gc");
setFlagsFromString("--no-expose-gc");

let api: TestApi;
let token: string;
let url: string;
beforeAll(async () => {
	api = await startTestApi();
	({ token } = await api.newAdmin());
	url = `${await originOf(api)}/api/v1/admin/bookings`;
	await insertSales(api.ownerUrl, { bookings: BOOKINGS, untilMs: Date.UTC(2031, 5, 30) });
}, DEADLINE_MS);
afterAll(() => api.close());

const download = () => fetch(url, { headers: { ...CSV, authorization: `Bearer ${token}` } });

/** Bytes that are in use after a collection of garbage. */
function usedBytes(): number {
	collectGarbage();
	const { heapUsed, external } = process.memoryUsage();
	return heapUsed + external;
}
const mb = (bytes: number): string => `${(bytes / 1024 / 1024).toFixed(1)} MB`;

it(`a file of ${BOOKINGS} bookings leaves the memory flat while it is written`, { timeout: DEADLINE_MS }, async () => {
	const used: number[] = [];
	for (let file = 0; file < FILES; file += 1) {
		const before = usedBytes();
		let [rows, bytes, most] = [-1, 0, before];
		const startedMs = performance.now();
		for await (const chunk of (await download()).body ?? []) {
			const measured = Math.floor(rows / MEASURED_EVERY_ROWS);
			for (const byte of chunk) if (byte === 10) rows += 1;
			bytes += chunk.length;
			if (Math.floor(rows / MEASURED_EVERY_ROWS) > measured) most = Math.max(most, usedBytes());
		}
		const seconds = (performance.now() - startedMs) / 1_000;
		console.log(
			`csv: ${rows} rows, ${mb(bytes)}, ${seconds.toFixed(1)} s; in use before ${mb(before)}, at most ${mb(most)}, after ${mb(usedBytes())}; ` +
				`resident ${mb(process.memoryUsage().rss)}`,
		);
		expect(rows).toBe(BOOKINGS);
		expect(most - before).toBeLessThan(GROWTH_MAX_BYTES);
		used.push(usedBytes());
	}
	// The first file loads code and fills caches. After it, a file leaves nothing behind.
	expect((used.at(-1) ?? 0) - (used[0] ?? 0)).toBeLessThan(GROWTH_MAX_BYTES / 4);
});

it("a file has every booking of the ledger once, and the sum of their amounts", { timeout: DEADLINE_MS }, async () => {
	const rows: Record<string, string>[] = parse(await (await download()).text(), { columns: true });
	const [sums] = await api.sql("select count(*) as bookings, sum(amount) as amount from bookings");
	const amount = rows.reduce((sum, row) => sum + Number(row.amount_minor), 0);
	expect([new Set(rows.map(({ booking_id }) => booking_id)).size, amount].map(String)).toEqual([sums?.bookings, sums?.amount]);
});

describe("a failure half-way", { timeout: DEADLINE_MS }, () => {
	// The oldest booking cannot be read, so the last page fails.
	beforeAll(() => api.sql("update bookings set expires_at = '290000-01-01' where id = (select id from bookings order by id limit 1)"));

	it("breaks the connection of a client of HTTP/1.1 after the first rows", async () => {
		const response = await download();
		expect(response.status).toBe(200);
		let rows = -1;
		const reading = async () => {
			for await (const chunk of response.body ?? []) for (const byte of chunk) if (byte === 10) rows += 1;
		};
		await expect(reading()).rejects.toThrow();
		expect(rows).toBeLessThan(BOOKINGS);
	});

	it("resets the connection of a client of HTTP/1.0, to whom an orderly close would be the end of the file", async () => {
		const socket = connect(Number(new URL(url).port), "127.0.0.1");
		socket.write(`GET /api/v1/admin/bookings HTTP/1.0\r\naccept: text/csv\r\nauthorization: Bearer ${token}\r\n\r\n`);
		socket.resume();
		const ended = once(socket, "end").then(() => "the end of the file");
		// `once` rejects with the error of the socket.
		await expect(ended).rejects.toMatchObject({ code: "ECONNRESET" });
	});

	it("gets an answer of its own when already the first page fails", async () => {
		const [row] = await api.sql("select user_id from bookings where expires_at > '2100-01-01'");
		const answer = await api.call(`GET /admin/bookings?userId=${row?.user_id}`, { token, headers: CSV });
		expect([answer.status, problemIn(answer).code]).toEqual([500, "internal"]);
	});
});
