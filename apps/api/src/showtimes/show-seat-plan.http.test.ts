import { gunzipSync, zstdDecompressSync } from "node:zlib";
import { newSeatPlanId, newShowtimeId, type ShowtimeId } from "@holdfast/domain";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { waitUntilOpen, withoutPostgres } from "../testing/broken-apps.ts";
import { expectNoQuery, withoutTables } from "../testing/provoke.ts";
import { matrixIn, problemIn } from "../testing/read-answers.ts";
import { startTestApi, type TestApi, type TestApp } from "../testing/start-test-api.ts";

let api: TestApi;
beforeAll(async () => {
	api = await startTestApi();
});
afterAll(() => api.close());

const planOf = async (showtimeId: ShowtimeId) =>
	(await api.sql(`select seat_plan_id from showtimes where id = '${showtimeId}'`))[0]?.seat_plan_id ?? "";

describe("200", () => {
	it("shows rows, gaps, tiers and kinds of seat, cacheable for a year", async () => {
		const showtimeId = await api.newShowtime({ rows: 2, seatsPerRow: 2 });
		const id = await planOf(showtimeId);
		await api.sql(`update seat_plans set layout = jsonb_set(layout, '{rows,1,seats}',
			'[{"label":"B1","tier":"standard","kind":"wheelchair"}, null, {"label":"B2","tier":"standard","kind":"companion"}]') where id = '${id}'`);
		const answer = await api.call(`GET /plans/${id}`);
		expect(answer.headers).toMatchObject({
			"cache-control": "public, max-age=31536000, immutable",
			etag: expect.stringMatching(/^"[^"]+"$/),
		});
		const seat = (label: string, kind = "standard") => ({ label, tier: "standard", kind });
		expect(answer.body).toEqual({
			id,
			seatCount: 4,
			tiers: [{ id: "standard", name: "Standard" }],
			rows: [
				{ label: "A", seats: [seat("A1"), seat("A2")] },
				{ label: "B", seats: [seat("B1", "wheelchair"), null, seat("B2", "companion")] },
			],
		});
	});

	it("shows section and position of the rows that have them, with one ETag from the ledger and from Redis", async () => {
		const showtimeId = await api.newShowtime({ rows: 3, seatsPerRow: 1 });
		const id = await planOf(showtimeId);
		await api.sql(`update seat_plans set layout = jsonb_set(jsonb_set(layout,
			'{rows,1}', layout #> '{rows,1}' || '{"section":"Balcony"}'),
			'{rows,2}', layout #> '{rows,2}' || '{"section":"Balcony","x":-2.125,"y":7,"angle":-15.5}') where id = '${id}'`);
		const fromLedger = await api.call(`GET /plans/${id}`);
		const seats = (label: string) => [{ label, tier: "standard", kind: "standard" }];
		const rows = [
			{ label: "A", seats: seats("A1") },
			{ label: "B", section: "Balcony", seats: seats("B1") },
			{ label: "C", section: "Balcony", x: -2.125, y: 7, angle: -15.5, seats: seats("C1") },
		];
		expect(fromLedger.body).toMatchObject({ seatCount: 3, rows });
		const matrix = matrixIn(await api.call(`GET /showtimes/${showtimeId}/seats`));
		expect(matrix.rows.map(({ seats: _, ...place }) => place)).toEqual(rows.map(({ seats: _, ...place }) => place));
		expect(Object.keys(matrix.rows[0] ?? {})).toEqual(["label", "seats"]);
		const fromRedis = await (await withoutPostgres(api)).call(`GET /plans/${id}`);
		expect([fromRedis.body, fromRedis.headers.etag]).toEqual([fromLedger.body, fromLedger.headers.etag]);
	});

	it("returns the same body and ETag from Redis as from the ledger", async () => {
		const showtimeId = await api.newShowtime();
		const id = await planOf(showtimeId);
		const fromLedger = await api.call(`GET /plans/${id}`);
		await api.call(`GET /showtimes/${showtimeId}/seats`);
		const fromRedis = await (await withoutPostgres(api)).call(`GET /plans/${id}`);
		expect([fromRedis.body, fromRedis.headers.etag]).toEqual([fromLedger.body, fromLedger.headers.etag]);
	});

	it("the plan is cached after the first read and then served without a store", async () => {
		const own = await startTestApi();
		const [row] = await own.sql(`select seat_plan_id from showtimes where id = '${await own.newShowtime()}'`);
		const first = await own.call(`GET /plans/${row?.seat_plan_id}`);
		await own.redis.kill();
		expect((await own.call(`GET /plans/${row?.seat_plan_id}`)).body).toEqual(first.body);
		await own.close();
	});

	it("shows the plan of an arena of 50,000 seats", async () => {
		const showtimeId = await api.newShowtime({ rows: 250, seatsPerRow: 200 });
		await waitUntilOpen(api, showtimeId);
		expect((await api.call(`GET /plans/${await planOf(showtimeId)}`)).body).toMatchObject({ seatCount: 50_000 });
	});
});

describe("200 with Accept-Encoding", () => {
	const arena = async () => {
		const showtimeId = await api.newShowtime({ rows: 50, seatsPerRow: 100 });
		const id = await planOf(showtimeId);
		return { id, plain: await api.call(`GET /plans/${id}`) };
	};
	const raw = (id: string, headers: Record<string, string>, method: "GET" | "HEAD" = "GET", app: TestApp = api) =>
		app.app.inject({ method, url: `/api/v1/plans/${id}`, headers });

	it.each([
		["gzip", "gzip, deflate, br", gunzipSync],
		["zstd", "gzip, deflate, br, zstd", zstdDecompressSync],
	] as const)(
		"sends the same plan in %s to a client that accepts %s, a twentieth of its size or less",
		async (coding, accepted, decode) => {
			const { id, plain } = await arena();
			const answer = await raw(id, { "accept-encoding": accepted });
			expect(answer.headers).toMatchObject({
				"content-encoding": coding,
				"content-type": "application/json; charset=utf-8",
				"content-length": String(answer.rawPayload.length),
				"cache-control": "public, max-age=31536000, immutable",
				vary: "Accept-Encoding",
				etag: plain.headers.etag?.replace(/"$/, `-${coding}"`),
			});
			const decoded = decode(answer.rawPayload);
			expect(JSON.parse(decoded.toString())).toEqual(plain.body);
			expect(decoded.length / answer.rawPayload.length).toBeGreaterThan(10);
			expect([plain.headers["content-encoding"], plain.headers.vary]).toEqual([undefined, "Accept-Encoding"]);
		},
	);

	it("sends the plan as it is to a client that refuses every coding", async () => {
		const { id, plain } = await arena();
		const answer = await raw(id, { "accept-encoding": "gzip;q=0, identity" });
		expect([answer.headers["content-encoding"], answer.headers.etag, answer.json()]).toEqual([undefined, plain.headers.etag, plain.body]);
	});

	it("answers HEAD with the headers of the compressed plan and without a body", async () => {
		const { id } = await arena();
		const headers = { "accept-encoding": "gzip" };
		const [get, head] = [await raw(id, headers), await raw(id, headers, "HEAD")];
		const named = ["content-encoding", "content-length", "etag", "vary", "cache-control", "content-type"];
		expect(head.rawPayload).toHaveLength(0);
		for (const name of named) expect([name, head.headers[name]]).toEqual([name, get.headers[name]]);
	});

	it("answers 304 to the tag of any coding, with the tag that the client has, and names both headers in Vary for other origins", async () => {
		const { id, plain } = await arena();
		const app = await api.startAnother({ corsOrigins: ["https://shop.example"] });
		const gzip = String((await raw(id, { "accept-encoding": "gzip" })).headers.etag);
		for (const sent of [plain.headers.etag ?? "", gzip]) {
			for (const accepted of ["gzip", "identity"]) {
				const headers = { "if-none-match": `"other", W/${sent}`, "accept-encoding": accepted, origin: "https://shop.example" };
				const answer = await raw(id, headers, "GET", app);
				expect([answer.statusCode, answer.rawPayload.length]).toEqual([304, 0]);
				expect(answer.headers).toMatchObject({ etag: sent, vary: "Accept-Encoding, Origin" });
				expect(answer.headers["content-encoding"]).toBeUndefined();
			}
		}
	});
});

describe("304", () => {
	it("answers 304 to a client that has the plan", async () => {
		const id = await planOf(await api.newShowtime());
		const { etag = "" } = (await api.call(`GET /plans/${id}`)).headers;
		const answer = await api.call(`GET /plans/${id}`, { headers: { "if-none-match": etag } });
		expect([answer.status, answer.body, answer.headers["cache-control"]]).toEqual([304, null, "public, max-age=31536000, immutable"]);
	});
});

describe("400 invalid_request", () => {
	it("refuses a query parameter on a seat plan", () => expectNoQuery(api, "GET /plans/x"));
});

describe("404 not_found", () => {
	it.each(["nonsense", newSeatPlanId(), newShowtimeId()])("answers not_found for the plan id %s, not cacheable", async (id) => {
		const answer = await api.call(`GET /plans/${id}`);
		expect([problemIn(answer).code, answer.headers["cache-control"]]).toEqual(["not_found", undefined]);
	});
});

describe("503 unavailable", () => {
	it("answers unavailable when only the ledger has the plan and Postgres is unreachable", async () => {
		const app = await withoutPostgres(api);
		expect(problemIn(await app.call(`GET /plans/${await planOf(await api.newShowtime())}`)).code).toBe("unavailable");
	});
});

describe("500 internal", () => {
	it("answers internal for a seat plan when the tables are missing", async () => {
		expect(problemIn(await (await withoutTables(api)).call(`GET /plans/${newSeatPlanId()}`)).code).toBe("internal");
	});
});
