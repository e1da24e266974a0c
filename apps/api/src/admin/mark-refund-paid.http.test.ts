import { type BookingId, newBookingId, newShowtimeId, type ShowtimeId } from "@holdfast/domain";
import { settleAll } from "@holdfast/rebuild/testing";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { AdminRefundBody } from "../contract/refund.ts";
import { auditOf, insertRefund, sellSeats, type TestRefundOptions } from "../testing/admin.ts";
import { whileWritesLosePostgres } from "../testing/provoke.ts";
import { bookingIn, problemIn, type TestAnswer } from "../testing/read-answers.ts";
import { startTestApi, type TestApi, type TestUser } from "../testing/start-test-api.ts";

let api: TestApi;
let admin: TestUser;
let buyer: TestUser;
let showtimeId: ShowtimeId;
beforeAll(async () => {
	api = await startTestApi();
	[admin, buyer, showtimeId] = [await api.newAdmin(), await api.newUser(), await api.newShowtime()];
});
afterAll(() => api.close());

const newRefund = (options: Partial<TestRefundOptions> = {}): Promise<BookingId> =>
	insertRefund(api, { showtimeId, userId: buyer.id, ...options });
const put = (id: string, reference: unknown, headers: Record<string, string> = {}): Promise<TestAnswer> =>
	api.call(`PUT /admin/refunds/${id}`, { token: admin.token, body: { reference }, headers });
async function listed(id: string): Promise<AdminRefundBody> {
	const { body } = await api.call(`GET /admin/refunds?showtimeId=${showtimeId}&limit=100`, { token: admin.token });
	return Object(body).items.find(({ bookingId }: AdminRefundBody) => bookingId === id);
}
const rowOf = async (id: string) =>
	(await api.sql(`select state, provider_ref, done_at, settled_by from refunds where booking_id = '${id}'`))[0];

describe("200", () => {
	it("pays the refund of a cancelled showtime, and its buyer sees refunded", async () => {
		const [showtime, other] = [await api.newShowtime(), await api.newAdmin()];
		const { id, user } = await sellSeats(api, showtime, ["A1", "A2"]);
		await api.seatStore.setTerms({ showtimeId: showtime, terms: { state: "cancelled" }, ifVersions: null, command: null });
		await settleAll(api);
		const statusOf = async () => bookingIn(await api.call(`GET /bookings/${id}`, { token: user.token })).refund?.status;
		expect(await statusOf()).toBe("due");
		const answer = await api.call(`PUT /admin/refunds/${id}`, { token: other.token, body: { reference: "Receipt 4711" } });
		expect([answer.status, answer.headers.etag]).toEqual([200, `"${Object(answer.body).version}"`]);
		expect(answer.body).toMatchObject({
			bookingId: id,
			userId: user.id,
			status: "refunded",
			reason: "showtime_cancelled",
			amount: { amount: 2500, currency: "USD" },
			manual: true,
			reference: "Receipt 4711",
			settledBy: other.id,
		});
		expect(Date.now() - Date.parse(Object(answer.body).settledAt)).toBeLessThan(60_000);
		expect(await statusOf()).toBe("refunded");
	});

	it("writes one audit row with status and reference before and after", async () => {
		const id = await newRefund();
		const { headers } = await put(id, "Cash");
		expect(await auditOf(api, id)).toEqual([
			{
				action: "booking.refund_paid",
				actor: admin.id,
				targetId: id,
				before: { status: "due", reference: null },
				after: { status: "refunded", reference: "Cash" },
				reason: null,
				requestId: headers["x-request-id"],
			},
		]);
		const { body } = await api.call(`GET /admin/audit?showtimeId=${showtimeId}&targetType=booking&targetId=${id}`, { token: admin.token });
		expect(Object(body).items).toHaveLength(1);
	});

	it("answers a repeat with the same reference as the first time, also under the version before, and writes no second audit row", async () => {
		const id = await newRefund();
		const { version } = await listed(id);
		const paid = await put(id, "Transfer 7", { "if-match": `"${version}"` });
		const again = await put(id, "Transfer 7", { "if-match": `"${version}"` });
		expect([again.status, again.body, again.headers.etag]).toEqual([200, paid.body, paid.headers.etag]);
		expect(await listed(id)).toEqual(paid.body);
		expect(await auditOf(api, id)).toHaveLength(1);
	});

	it.each(["x", "x".repeat(200), "\u{1F39F}".repeat(200), " 4711 / Čed'"])("accepts the reference %j", async (reference) => {
		const answer = await put(await newRefund(), reference);
		expect([answer.status, Object(answer.body).reference]).toEqual([200, reference]);
	});
});

describe("409 refund_not_due", () => {
	it("answers another reference of a paid refund with the refund as it is, and changes nothing", async () => {
		const id = await newRefund();
		const paid = await put(id, "Transfer 8");
		const before = await rowOf(id);
		const problem = problemIn(await put(id, "Transfer 9"));
		expect([problem.code, problem.current]).toEqual(["refund_not_due", paid.body]);
		expect(await rowOf(id)).toEqual(before);
		expect(await auditOf(api, id)).toHaveLength(1);
	});

	it.each(["sent", "failed"] as const)("refuses a refund that is %s, and shows it", async (state) => {
		const id = await newRefund({ state });
		const problem = problemIn(await put(id, "Cash"));
		expect([problem.code, problem.current]).toMatchObject(["refund_not_due", { bookingId: id, status: state }]);
		expect(await rowOf(id)).toMatchObject({ state, provider_ref: null });
		expect(await auditOf(api, id)).toEqual([]);
	});

	it.each([{ state: "not_owed" }, { amount: 0 }] as const)(
		"refuses a refund of which nothing is owed, such as %j, without showing it",
		async (options) => {
			const id = await newRefund(options);
			const problem = problemIn(await put(id, "Cash"));
			expect([problem.code, problem.current]).toEqual(["refund_not_due", undefined]);
			expect(await auditOf(api, id)).toEqual([]);
		},
	);

	it("lets exactly one of 50 references win when they are sent at once, with one audit row", async () => {
		const id = await newRefund();
		const answers = await Promise.all(Array.from({ length: 50 }, (_, index) => put(id, `Transfer ${index}`)));
		const won = answers.filter(({ status }) => status === 200);
		expect(won).toHaveLength(1);
		expect(answers.filter((answer) => answer.status === 409 && problemIn(answer).code === "refund_not_due")).toHaveLength(49);
		const reference = Object(won[0]?.body).reference;
		expect(await rowOf(id)).toMatchObject({ state: "done", provider_ref: reference, settled_by: admin.id });
		expect((await auditOf(api, id)).map(({ after }) => after)).toEqual([{ status: "refunded", reference }]);
	});
});

describe("412 version_mismatch", () => {
	it("refuses a version from before the refund changed, shows the refund, and changes nothing", async () => {
		const id = await newRefund();
		const { version } = await listed(id);
		await api.sql(`update refunds set amount = 1000, percent = 80 where booking_id = '${id}'`);
		const answer = await put(id, "Cash", { "if-match": `"${version}"` });
		const problem = problemIn(answer);
		expect([problem.code, problem.current]).toMatchObject(["version_mismatch", { amount: { amount: 1000 }, status: "due" }]);
		expect(answer.headers.etag).toBe(`"${(await listed(id)).version}"`);
		expect(await rowOf(id)).toMatchObject({ state: "due" });
		expect((await put(id, "Cash", { "if-match": `"${(await listed(id)).version}", "0"` })).status).toBe(200);
	});
});

describe("404 not_found", () => {
	it("answers not_found for a booking without a refund, an unknown one, and what is no id", async () => {
		const { id } = await sellSeats(api, showtimeId, ["J10"]);
		await settleAll(api);
		for (const unknown of [id, newBookingId(newShowtimeId()), "nonsense"])
			expect(problemIn(await put(unknown, "Cash")).code).toBe("not_found");
	});
});

describe("400 invalid_request", () => {
	it.each([[""], ["  "], [null], [7], ["x".repeat(201)], ["two\nlines"], ["tab\tbed"], ["a\u2028b"], ["nul\0"]])(
		"refuses the reference %j and points at it",
		async (reference) => {
			const id = await newRefund();
			const problem = problemIn(await put(id, reference));
			expect([problem.code, problem.errors?.[0]?.pointer]).toEqual(["invalid_request", "/reference"]);
			expect(await rowOf(id)).toMatchObject({ state: "due", provider_ref: null });
		},
	);

	it("refuses an unknown field, and an If-Match that is no list of entity tags", async () => {
		const id = await newRefund();
		const unknown = await api.call(`PUT /admin/refunds/${id}`, { token: admin.token, body: { reference: "Cash", state: "done" } });
		expect(problemIn(unknown).errors?.[0]?.pointer).toBe("/state");
		expect(problemIn(await put(id, "Cash", { "if-match": "1" })).errors?.[0]?.pointer).toBe("/headers/if-match");
	});
});

describe("503 outcome_unknown", () => {
	it("answers outcome_unknown when Postgres is lost during the change", async () => {
		const id = await newRefund();
		expect((await whileWritesLosePostgres(api, "refunds", () => put(id, "Cash"))).code).toBe("outcome_unknown");
	});
});
