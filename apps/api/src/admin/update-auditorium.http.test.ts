import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { auditOf, auditoriumOfNewShowtime, createTestAuditorium } from "../testing/admin.ts";
import { withoutPostgres } from "../testing/broken-apps.ts";
import { whileWritesLosePostgres, withoutTables } from "../testing/provoke.ts";
import { problemIn, type TestAnswer } from "../testing/read-answers.ts";
import { startTestApi, type TestApi, type TestUser } from "../testing/start-test-api.ts";

const MISSING_ID = "0199d3a0-0a11-7b2c-9d3e-4f5a6b7c8d9e";
let api: TestApi;
let admin: TestUser;
beforeAll(async () => {
	api = await startTestApi();
	admin = await api.newAdmin();
});
afterAll(() => api.close());

const newAuditorium = () => createTestAuditorium(api, admin);
/** An auditorium with a plan of 10 x 10 seats of one tier, and no showtime to come. */
const newAuditoriumWithPlan = async () => (await auditoriumOfNewShowtime(api, { startsInMs: -1_000 })).id;
const put = (id: string, body: object, headers: Record<string, string> = {}): Promise<TestAnswer> =>
	api.call(`PUT /admin/auditoriums/${id}`, { token: admin.token, body, headers });
const price = (tier: string, amount: number, currency = "USD") => ({ tier, price: { amount, currency } });

describe("200", () => {
	it("changes only the fields of the body, raises the version and writes one audit row", async () => {
		const auditorium = await newAuditorium();
		const venue = { name: "Orpheum", address: "Ringstrasse 1" };
		const answer = await put(auditorium.id, { venue, cleaningMinutes: 0, name: auditorium.name });
		expect([answer.status, answer.headers.etag, answer.body]).toEqual([
			200,
			'"2"',
			{ ...auditorium, venue, cleaningMinutes: 0, version: 2 },
		]);
		expect((await auditOf(api, auditorium.id)).at(-1)).toMatchObject({
			action: "auditorium.updated",
			actor: admin.id,
			before: { venue: null, cleaningMinutes: 20 },
			after: { venue, cleaningMinutes: 0 },
		});
	});

	it("leaves version and audit trail unchanged when every field has its value already", async () => {
		const { createdAt, archivedAt, version, id, ...fields } = await newAuditorium();
		const answer = await put(id, { ...fields, archived: false }, { "if-match": '"1"' });
		expect([answer.status, answer.headers.etag]).toEqual([200, '"1"']);
		expect(await auditOf(api, id)).toHaveLength(1);
	});

	it("sets prices and blocks that fit the current plan, and null or an empty list clears them", async () => {
		const id = await newAuditoriumWithPlan();
		const set = Object((await put(id, { defaultPrices: [price("standard", 1250)], defaultBlocks: ["A10", "A2", "J1"] })).body);
		expect([set.defaultPrices, set.defaultBlocks]).toEqual([[price("standard", 1250)], ["A2", "A10", "J1"]]);
		expect(Object((await put(id, { defaultBlocks: ["J1", "A10", "A2"], defaultPrices: set.defaultPrices })).body).version).toBe(2);
		const cleared = Object((await put(id, { defaultPrices: null, defaultBlocks: [] })).body);
		expect([cleared.defaultPrices, cleared.defaultBlocks]).toEqual([null, []]);
	});

	it("accepts a new time zone and currency when all showtimes are past or cancelled", async () => {
		const { id, showtimeId } = await auditoriumOfNewShowtime(api);
		await api.sql(`update showtimes set state = 'cancelled' where id = '${showtimeId}'`);
		const answer = await put(id, { timeZone: "Asia/Kolkata", currency: "INR" });
		expect(Object(answer.body)).toMatchObject({ timeZone: "Asia/Kolkata", currency: "INR" });
	});

	it("changes currency and prices in one request, and brings an archived auditorium back", async () => {
		const id = await newAuditoriumWithPlan();
		await put(id, { defaultPrices: [price("standard", 1250)] });
		await api.call(`DELETE /admin/auditoriums/${id}`, { token: admin.token });
		const answer = await put(id, { archived: false, currency: "JPY", defaultPrices: [price("standard", 1250, "JPY")] });
		expect(Object(answer.body)).toMatchObject({ archivedAt: null, defaultPrices: [price("standard", 1250, "JPY")] });
	});
});

describe("409 has_showtimes", () => {
	it.each([{ timeZone: "Europe/London" }, { currency: "EUR" }])("refuses the change %j while showtimes are to come", async (change) => {
		const { id } = await auditoriumOfNewShowtime(api);
		const problem = problemIn(await put(id, change));
		expect([problem.code, problem.count]).toEqual(["has_showtimes", 1]);
		expect((await put(id, { timeZone: "Europe/Vienna", currency: "USD", cleaningMinutes: 5 })).status).toBe(200);
	});
});

describe("412 version_mismatch", () => {
	it("gives the second of two editors the current auditorium and its ETag, and changes nothing", async () => {
		const auditorium = await newAuditorium();
		await put(auditorium.id, { name: "First" }, { "if-match": '"1"' });
		const answer = await put(auditorium.id, { name: "Second" }, { "if-match": '"1"' });
		expect([answer.headers.etag, problemIn(answer).code, problemIn(answer).current]).toEqual([
			'"2"',
			"version_mismatch",
			{ ...auditorium, name: "First", version: 2 },
		]);
		expect(await auditOf(api, auditorium.id)).toHaveLength(2);
	});

	it("lets exactly one of 20 editors of the same version win", async () => {
		const { id } = await newAuditorium();
		const answers = await Promise.all(Array.from({ length: 20 }, (_, i) => put(id, { name: `Another hall ${i}` }, { "if-match": '"1"' })));
		const count = (status: number) => answers.filter((answer) => answer.status === status).length;
		expect([count(200), count(412)]).toEqual([1, 19]);
		expect(await auditOf(api, id)).toHaveLength(2);
	});
});

describe("422 unknown_tiers", () => {
	it("names tiers without a price and prices without a tier, and changes nothing", async () => {
		const id = await newAuditoriumWithPlan();
		const problem = problemIn(await put(id, { name: "New", defaultPrices: [price("premium", 1)] }));
		expect([problem.code, problem.tiers]).toEqual(["unknown_tiers", ["standard", "premium"]]);
		expect(await auditOf(api, id)).toEqual([]);
	});

	it("refuses prices for an auditorium without a plan", async () => {
		const { id } = await newAuditorium();
		expect(problemIn(await put(id, { defaultPrices: [price("standard", 1, "EUR")] })).tiers).toEqual(["standard"]);
	});
});

describe("422 unknown_seats", () => {
	it("names the labels that the current plan does not have", async () => {
		const id = await newAuditoriumWithPlan();
		const problem = problemIn(await put(id, { defaultBlocks: ["A1", "a1", "Z99"] }));
		expect([problem.code, problem.seats]).toEqual(["unknown_seats", ["a1", "Z99"]]);
		const { id: bare } = await newAuditorium();
		expect(problemIn(await put(bare, { defaultBlocks: ["A1"] })).seats).toEqual(["A1"]);
	});
});

describe("422 currency_mismatch", () => {
	it("refuses prices in another currency than the auditorium's, also if their amounts are the present ones", async () => {
		const id = await newAuditoriumWithPlan();
		await put(id, { defaultPrices: [price("standard", 1250)] });
		expect(problemIn(await put(id, { defaultPrices: [price("standard", 1250, "JPY")] })).code).toBe("currency_mismatch");
		expect(problemIn(await put(id, { currency: "JPY" })).code).toBe("currency_mismatch");
		expect((await put(id, { currency: "JPY", defaultPrices: null })).status).toBe(200);
	});
});

describe("400 invalid_request", () => {
	it.each([
		[{}, ""],
		[{ name: " " }, "/name"],
		[{ name: "x".repeat(201) }, "/name"],
		[{ venue: { name: "" } }, "/venue/name"],
		[{ venue: { name: "A", address: "x".repeat(501) } }, "/venue/address"],
		[{ timeZone: "Europe/Nowhere" }, "/timeZone"],
		[{ timeZone: "europe/vienna" }, "/timeZone"],
		[{ timeZone: "+02:00" }, "/timeZone"],
		[{ cleaningMinutes: -1 }, "/cleaningMinutes"],
		[{ cleaningMinutes: 241 }, "/cleaningMinutes"],
		[{ dayStartsAt: "24:00" }, "/dayStartsAt"],
		[{ currency: "EURO" }, "/currency"],
		[{ currency: "XXX" }, "/currency"],
		[{ currency: "eur" }, "/currency"],
		[{ defaultPrices: [] }, "/defaultPrices"],
		[{ defaultPrices: [price("standard", 12.5)] }, "/defaultPrices/0/price/amount"],
		[{ defaultPrices: [price("standard", 1_000_000_000_000)] }, "/defaultPrices/0/price/amount"],
		[{ defaultPrices: [price("standard", 1), price("standard", 2)] }, "/defaultPrices/1/tier"],
		[{ defaultPrices: [price("standard", 1), price("premium", 2, "EUR")] }, "/defaultPrices/1/price/currency"],
		[{ defaultBlocks: ["A1", "A1"] }, "/defaultBlocks"],
		[{ defaultBlocks: Array.from({ length: 1_001 }, (_, i) => `A${i}`) }, "/defaultBlocks"],
		[{ defaultBlocks: [{ label: "A1", until: "2026-11-22T19:15:00.000Z" }] }, "/defaultBlocks/0"],
		[{ archived: true }, "/archived"],
		[{ holdBack: 1 }, "/holdBack"],
	])("refuses the change %j and points at the field", async (body, pointer) => {
		const { id } = await newAuditorium();
		const problem = problemIn(await put(id, body));
		expect([problem.code, problem.errors?.[0]?.pointer]).toEqual(["invalid_request", pointer]);
		expect(await auditOf(api, id)).toHaveLength(1);
	});

	it("accepts values at the bounds", async () => {
		const id = await newAuditoriumWithPlan();
		const change = {
			name: "x".repeat(200),
			venue: { name: "x".repeat(200), address: "x".repeat(500) },
			cleaningMinutes: 240,
			dayStartsAt: "23:59",
			defaultPrices: [price("standard", 999_999_999_999)],
		};
		expect((await put(id, change)).status).toBe(200);
		const labels = Array.from({ length: 1_000 }, (_, i) => `Z${i}`);
		expect(problemIn(await put(id, { defaultBlocks: labels })).code).toBe("unknown_seats");
	});

	it("refuses an If-Match that is no list of entity tags", async () => {
		const { id } = await newAuditorium();
		expect(problemIn(await put(id, { name: "A" }, { "if-match": "1" })).errors?.[0]?.pointer).toBe("/headers/if-match");
	});
});

describe("404 not_found", () => {
	it.each(["nonsense", MISSING_ID])("answers not_found for the auditorium id %s", async (id) => {
		expect(problemIn(await put(id, { name: "A" })).code).toBe("not_found");
	});
});

describe("500 internal", () => {
	it("answers internal when the database has no tables", async () => {
		const app = await withoutTables(api);
		const answer = await app.call(`PUT /admin/auditoriums/${MISSING_ID}`, { token: admin.token, body: { name: "A" } });
		expect(problemIn(answer).code).toBe("internal");
	});
});

describe("503 outcome_unknown", () => {
	it("answers outcome_unknown when Postgres is lost during the change", async () => {
		const { id } = await newAuditorium();
		expect((await whileWritesLosePostgres(api, "auditoriums", () => put(id, { name: "A" }))).code).toBe("outcome_unknown");
	});
});

describe("503 unavailable", () => {
	it("answers unavailable while Postgres is unreachable", async () => {
		const app = await withoutPostgres(api);
		const answer = await app.call(`PUT /admin/auditoriums/${MISSING_ID}`, { token: admin.token, body: { name: "A" } });
		expect(problemIn(answer).code).toBe("unavailable");
	});
});
