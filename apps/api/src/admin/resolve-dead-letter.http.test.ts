import { bucketOf, newUserId, type ShowtimeId } from "@holdfast/domain";
import { settleAll } from "@holdfast/rebuild/testing";
import { SeatStoreFault } from "@holdfast/seat-store";
import { insertUsers } from "@holdfast/testing";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { auditOf, insertDeadLetter, sellSeats } from "../testing/admin.ts";
import { whileWritesLosePostgres } from "../testing/provoke.ts";
import { problemIn, type TestAnswer } from "../testing/read-answers.ts";
import { startTestApi, type TestApi, type TestUser } from "../testing/start-test-api.ts";

const BUCKET = 7;

let api: TestApi;
let admin: TestUser;
let showtimeId: ShowtimeId;
beforeAll(async () => {
	api = await startTestApi();
	[admin, showtimeId] = [await api.newAdmin(), await api.newShowtime({ bucket: BUCKET })];
});
afterAll(() => api.close());

const newDeadLetter = () => insertDeadLetter(api, { bucket: BUCKET, raw: { schema: "9", showtimeId } });
const resolve = (id: string, body: unknown): Promise<TestAnswer> =>
	api.call(`POST /admin/dead-letters/${id}/resolve`, { token: admin.token, body });
const replay = (id: string) => resolve(id, { action: "replay", reason: "The user was restored." });
const discard = (id: string) => resolve(id, { action: "discard", reason: "A duplicate." });
const depth = async () => (await api.seatStore.outboxDepths())[BUCKET];
const isOpen = async (id: string) => (await api.sql(`select 1 from dead_letters where id = '${id}' and resolved_at is null`)).length === 1;

describe("200", () => {
	it("replays an entry whose cause is fixed, and the ledger gets its booking", async () => {
		const { id: bookingId, user } = await sellSeats(api, showtimeId, ["A1"]);
		const missing = newUserId();
		await api.sql(`update users set id = '${missing}' where id = '${user.id}'`);
		await settleAll(api);
		const [row] = await api.sql(`select id from dead_letters where raw->>'bookingId' = '${bookingId}'`);
		const id = row?.id ?? "";
		await insertUsers(api.databaseUrl, 1);
		await api.sql(`update users set id = '${user.id}' where id = '${missing}'`);
		const answer = await replay(id);
		expect([answer.status, answer.body]).toMatchObject([
			200,
			{ id, bucket: bucketOf(showtimeId), errorCode: "23503", entry: { bookingId }, resolvedAt: expect.any(String) },
		]);
		await settleAll(api);
		expect(await api.sql(`select state from bookings where id = '${bookingId}'`)).toEqual([{ state: "CONFIRMED" }]);
		expect(await auditOf(api, id)).toEqual([
			{
				action: "dead_letter.replayed",
				actor: admin.id,
				targetId: id,
				before: { resolved: false },
				after: { resolved: true },
				reason: "The user was restored.",
				requestId: answer.headers["x-request-id"],
			},
		]);
	});

	it("discards an entry without putting it back, with one audit row at its showtime", async () => {
		const [id, before] = [await newDeadLetter(), await depth()];
		expect((await discard(id)).status).toBe(200);
		expect([await isOpen(id), await depth()]).toEqual([false, before]);
		expect(await auditOf(api, id)).toMatchObject([{ action: "dead_letter.discarded", actor: admin.id, reason: "A duplicate." }]);
		const { body } = await api.call(`GET /admin/audit?showtimeId=${showtimeId}&targetType=dead_letter&targetId=${id}`, {
			token: admin.token,
		});
		expect(Object(body).items).toHaveLength(1);
	});

	it("leaves a dead letter that is resolved as it is, and puts nothing into the outbox", async () => {
		const id = await newDeadLetter();
		const first = await discard(id);
		const before = await depth();
		for (const again of [await replay(id), await discard(id)]) expect([again.status, again.body]).toEqual([200, first.body]);
		expect([await depth(), (await auditOf(api, id)).length]).toEqual([before, 1]);
	});

	it("writes one audit row when 10 requests replay one dead letter at once", async () => {
		const id = await newDeadLetter();
		const answers = await Promise.all(Array.from({ length: 10 }, () => replay(id)));
		expect(answers.map(({ status }) => status)).toEqual(Array(10).fill(200));
		expect(await auditOf(api, id)).toHaveLength(1);
	});
});

describe("404 not_found", () => {
	it.each(["nonsense", "0199d3a0-0a10-7a3b-8c4d-5e6f7a8b9c0d"])("answers not_found for the dead letter id %s", async (id) => {
		expect(problemIn(await replay(id)).code).toBe("not_found");
	});
});

describe("400 invalid_request", () => {
	it.each([
		[{ action: "replay" }, "/reason"],
		[{ action: "replay", reason: " " }, "/reason"],
		[{ action: "replay", reason: "x".repeat(501) }, "/reason"],
		[{ reason: "Because." }, "/action"],
		[{ action: "bury", reason: "Because." }, "/action"],
		[{ action: "replay", reason: "Because.", bucket: 3 }, "/bucket"],
	])("refuses the resolution %j and points at the field", async (body, pointer) => {
		const id = await newDeadLetter();
		const problem = problemIn(await resolve(id, body));
		expect([problem.code, problem.errors?.[0]?.pointer]).toEqual(["invalid_request", pointer]);
		expect(await isOpen(id)).toBe(true);
	});
});

describe("503 outcome_unknown", () => {
	it("keeps the dead letter open when Redis did not confirm that it has the entry", async () => {
		const id = await newDeadLetter();
		const app = await api.startAnother({
			wrapStore: (store) => ({ ...store, requeueEntry: () => Promise.reject(new SeatStoreFault("outcome_unknown", "silent")) }),
		});
		const body = { action: "replay", reason: "The user was restored." };
		const answer = await app.call(`POST /admin/dead-letters/${id}/resolve`, { token: admin.token, body });
		expect([problemIn(answer).code, await isOpen(id), await auditOf(api, id)]).toEqual(["outcome_unknown", true, []]);
	});

	it("answers outcome_unknown when Postgres is lost while the dead letter is marked, and a repeat finishes", async () => {
		const id = await newDeadLetter();
		expect((await whileWritesLosePostgres(api, "audit_events", () => replay(id))).code).toBe("outcome_unknown");
		expect([await isOpen(id), await auditOf(api, id)]).toEqual([true, []]);
		expect((await replay(id)).status).toBe(200);
		expect([await isOpen(id), (await auditOf(api, id)).length]).toEqual([false, 1]);
	});
});
