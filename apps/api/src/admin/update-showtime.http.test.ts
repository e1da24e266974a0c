import { newShowtimeId, type ShowtimeId } from "@holdfast/domain";
import { showtimeKeys } from "@holdfast/seat-store/testing";
import { askRedis } from "@holdfast/testing";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { auditOf, createTestShowtime } from "../testing/admin.ts";
import { endShowtime } from "../testing/provoke.ts";
import { problemIn, type TestAnswer } from "../testing/read-answers.ts";
import { settleOutboxes } from "../testing/settle-outboxes.ts";
import { startTestApi, type TestApi, type TestUser } from "../testing/start-test-api.ts";

const EUR = (amount: number) => [{ tier: "standard", price: { amount, currency: "EUR" } }];

let api: TestApi;
let admin: TestUser;
let id: ShowtimeId;
beforeAll(async () => {
	api = await startTestApi({ rates: { userBurst: 10_000, userRate: 10_000 } });
	admin = await api.newAdmin();
});
beforeEach(async () => {
	id = await createTestShowtime(api, admin);
});
afterAll(() => api.close());

const put = (fields: object, headers: Record<string, string> = {}, showtimeId: string = id): Promise<TestAnswer> =>
	api.call(`PUT /admin/showtimes/${showtimeId}`, { token: admin.token, body: fields, headers });
const holdAs = async (label: string) => api.hold(await api.newUser(), id, [label]);

describe("200", () => {
	it("changes prices for the next hold in every process, and leaves the price of an existing hold", async () => {
		const other = await api.startAnother();
		const before = await api.held(await api.newUser(), id, ["A1"]);
		await other.held(await api.newUser(), id, ["A2"]);
		const answer = await put({ prices: EUR(1500) });
		expect(answer.body).toMatchObject({ prices: EUR(1500), version: "2.1" });
		expect(answer.headers.etag).toBe('"2.1"');
		expect(before.total.amount).toBe(1250);
		expect((await other.held(await api.newUser(), id, ["A3"])).total.amount).toBe(1500);
	});

	it("pauses, closes and reopens sales, and a hold of before can still be confirmed", async () => {
		const user = await api.newUser();
		const held = await api.held(user, id, ["A1"]);
		await put({ state: "paused" });
		expect(problemIn(await holdAs("A2")).code).toBe("not_on_sale");
		await put({ state: "closed" });
		expect(problemIn(await holdAs("A2")).code).toBe("showtime_closed");
		expect((await api.call(`POST /bookings/${held.id}/confirm`, { token: user.token })).status).toBe(200);
		await put({ state: "open" });
		expect((await holdAs("A2")).status).toBe(201);
	});

	it("changes several terms in one step, and the ledger gets the change with one audit row", async () => {
		const terms = { state: "paused", prices: EUR(900), salesOpenAt: "2026-01-01T00:00:00.000Z", reason: "Preview moved." };
		expect((await put(terms)).body).toMatchObject({ state: "paused", salesOpenAt: "2026-01-01T00:00:00.000Z", version: "2.1" });
		await settleOutboxes(api.seatStore, api.databaseUrl);
		const listed = await api.call("GET /admin/showtimes?state=paused", { token: admin.token });
		expect(Object(listed.body).items.map((item: { id: string }) => item.id)).toContain(id);
		const rows = await auditOf(api, id);
		expect(rows.slice(1)).toMatchObject([
			{ actor: admin.id, reason: "Preview moved.", before: { state: "open", prices: { standard: 1250 } }, after: { state: "paused" } },
		]);
	});

	it("leaves version and audit trail unchanged when every term has its value already, whatever If-Match says", async () => {
		await put({ state: "paused" });
		const answer = await put({ state: "paused" }, { "if-match": '"1.1"' });
		expect([answer.status, answer.headers.etag]).toEqual([200, '"2.1"']);
		await settleOutboxes(api.seatStore, api.databaseUrl);
		expect(await auditOf(api, id)).toHaveLength(2);
	});

	it("changes a showtime that was never opened before", async () => {
		expect(await askRedis(api.redis.port, "EXISTS", showtimeKeys(id).meta)).toBe(":0");
		expect((await put({ state: "closed" })).status).toBe(200);
	});

	it.each(['"1.1"', 'W/"1.1"', '"1.1-gzip"', '"9.9", "1.1"', '"1.7"'])(
		"accepts If-Match: %s at version 1 of the terms",
		async (ifMatch) => {
			expect((await put({ state: "paused" }, { "if-match": ifMatch })).status).toBe(200);
		},
	);
});

describe("412 version_mismatch", () => {
	it("gives the second of two editors the showtime as it is now, and changes nothing", async () => {
		await put({ prices: EUR(1500) }, { "if-match": '"1.1"' });
		const answer = await put({ prices: EUR(1700) }, { "if-match": '"1.1"' });
		expect([problemIn(answer).code, answer.headers.etag, problemIn(answer).current]).toMatchObject([
			"version_mismatch",
			'"2.1"',
			{ id, prices: EUR(1500), version: "2.1" },
		]);
	});

	it("lets exactly one of 50 editors of the same version win", async () => {
		const answers = await Promise.all(Array.from({ length: 50 }, (_, index) => put({ prices: EUR(index) }, { "if-match": '"1.1"' })));
		expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
		expect(answers.filter(({ status }) => status === 412)).toHaveLength(49);
	});
});

describe("409 showtime_cancelled", () => {
	it("refuses to change a cancelled showtime", async () => {
		await put({ state: "paused" });
		await api.seatStore.setTerms({ showtimeId: id, terms: { state: "cancelled" }, ifVersions: null, command: null });
		expect(problemIn(await put({ state: "open" })).code).toBe("showtime_cancelled");
	});
});

describe("409 showtime_closed", () => {
	it("refuses to change a showtime that is over", async () => {
		await endShowtime(api, id);
		expect(problemIn(await put({ state: "open" })).code).toBe("showtime_closed");
	});
});

describe("422 unknown_tiers", () => {
	it("names the tiers that the prices leave out and those that the showtime does not have", async () => {
		const problem = problemIn(await put({ prices: [{ tier: "vip", price: { amount: 1, currency: "EUR" } }] }));
		expect([problem.code, problem.errors?.length]).toEqual(["unknown_tiers", 2]);
	});
});

describe("422 currency_mismatch", () => {
	it("refuses prices in another currency than the showtime's", async () => {
		const prices = [{ tier: "standard", price: { amount: 1250, currency: "JPY" } }];
		expect(problemIn(await put({ prices })).code).toBe("currency_mismatch");
	});
});

describe("422 invalid_window", () => {
	it("refuses sales that close before they open, judged with the half that stays", async () => {
		const { body } = await api.call(`GET /admin/showtimes/${id}`, { token: admin.token });
		const closeAt = Date.parse(Object(body).salesCloseAt);
		const openAt = (ms: number) => put({ salesOpenAt: new Date(closeAt + ms).toISOString() });
		expect(problemIn(await openAt(1)).code).toBe("invalid_window");
		expect((await openAt(0)).status).toBe(200);
	});
});

describe("404 not_found", () => {
	it.each(["nonsense", newShowtimeId()])("answers not_found for the showtime id %s", async (showtimeId) => {
		expect(problemIn(await put({ state: "open" }, {}, showtimeId)).code).toBe("not_found");
	});
});

describe("400 invalid_request", () => {
	it.each([
		[{}, ""],
		[{ state: "cancelled" }, "/state"],
		[{ salesOpenAt: "now" }, "/salesOpenAt"],
		[{ startsAt: "2027-06-01T20:00:00Z" }, "/reason"],
		[{ reason: "" }, "/reason"],
		[{ state: "open", reason: "x".repeat(501) }, "/reason"],
		[{ prices: [...EUR(1), ...EUR(2)] }, "/prices"],
	])("refuses the change %j and points at the field", async (fields, pointer) => {
		const problem = problemIn(await put(fields));
		expect([problem.code, problem.errors?.[0]?.pointer]).toEqual(["invalid_request", pointer]);
	});

	it("takes a reason of 500 characters", async () => {
		expect((await put({ state: "paused", reason: "x".repeat(500) })).status).toBe(200);
	});
});

describe("503 recovering", () => {
	it("answers recovering while another process rebuilds the showtime", async () => {
		await api.seatStore.claimShowtime(id, { token: "another process", ledgerEpoch: 1 });
		expect(problemIn(await put({ state: "paused" })).code).toBe("recovering");
	});
});

describe("503 busy", () => {
	it("answers busy when the outbox is full, and changes nothing", async () => {
		const full = await api.startAnother({ limits: { outboxMax: 1 } });
		await put({ state: "paused" });
		const answer = await full.call(`PUT /admin/showtimes/${id}`, { token: admin.token, body: { state: "open" } });
		expect(problemIn(answer).code).toBe("busy");
	});
});

describe("503 outcome_unknown", () => {
	it("answers outcome_unknown when Redis is paused during the change", async () => {
		await put({ state: "paused" });
		api.redis.pause();
		try {
			expect(["outcome_unknown", "unavailable"]).toContain(problemIn(await put({ state: "open" })).code);
		} finally {
			api.redis.resume();
		}
	});
});
