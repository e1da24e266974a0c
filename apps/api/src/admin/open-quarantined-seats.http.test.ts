import { newShowtimeId, type ShowtimeId } from "@holdfast/domain";
import { settleAll } from "@holdfast/rebuild/testing";
import { untilReachable } from "@holdfast/seat-store/testing";
import { askRedis, holdLock, waitUntil } from "@holdfast/testing";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { auditOf, sellSeats } from "../testing/admin.ts";
import { endShowtime, uninstall } from "../testing/provoke.ts";
import { problemIn, type TestAnswer } from "../testing/read-answers.ts";
import { startTestApi, type TestApi, type TestUser } from "../testing/start-test-api.ts";

const BUCKET = 9;
const REASON = "All buyers were found.";

let api: TestApi;
let admin: TestUser;
/** In quarantine: one of their 100 seats is sold. */
let lost: ShowtimeId[];
beforeAll(async () => {
	api = await startTestApi();
	admin = await api.newAdmin();
	lost = [await api.newShowtime({ bucket: BUCKET }), await api.newShowtime({ bucket: BUCKET })];
	for (const showtimeId of lost) await sellSeats(api, showtimeId, ["A1"]);
	await settleAll(api);
	await askRedis(api.redis.port, "FLUSHALL");
	await untilReachable(api.seatStore);
});
afterAll(() => api.close());

const post = (id: string, body: unknown = { reason: REASON }): Promise<TestAnswer> =>
	api.call(`POST /admin/showtimes/${id}/open-seats`, { token: admin.token, body });
const countsOf = (id: string) =>
	waitUntil("the showtime to be rebuilt", async () => {
		const { status, body } = await api.call(`GET /showtimes/${id}/seats`);
		return status === 200 && Object(body).counts;
	});
const quarantined = async () => {
	const { body } = await api.call("GET /admin/alarms", { token: admin.token });
	return Object(body).alarms.quarantined.items.map(({ showtimeId }: { showtimeId: string }) => showtimeId);
};

describe("200", () => {
	it("puts the free seats of a quarantined showtime on sale, with one audit row, and a repeat changes nothing", async () => {
		const id = lost[0] ?? "";
		expect(await countsOf(id)).toMatchObject({ sold: 1, available: 0 });
		expect(await quarantined()).toContain(id);
		const answer = await post(id);
		expect([answer.status, answer.body]).toEqual([200, { showtimeId: id, openedSeats: 99 }]);
		expect(await countsOf(id)).toMatchObject({ sold: 1, available: 99 });
		expect(await quarantined()).not.toContain(id);
		const again = await post(id);
		expect([again.status, again.body]).toEqual([200, { showtimeId: id, openedSeats: 0 }]);
		expect(await auditOf(api, id)).toEqual([
			{
				action: "showtime.quarantine_ended",
				actor: admin.id,
				targetId: id,
				before: { quarantined: true },
				after: { quarantined: false },
				reason: REASON,
				requestId: answer.headers["x-request-id"],
			},
		]);
	});

	it("answers 0 for a showtime that is not in quarantine, and writes no audit row", async () => {
		const id = await api.newShowtime();
		expect((await post(id)).body).toEqual({ showtimeId: id, openedSeats: 0 });
		expect(await auditOf(api, id)).toEqual([]);
	});
});

describe("503 outcome_unknown", () => {
	it("answers outcome_unknown while another transaction locks the showtime, and a repeat ends the quarantine", async () => {
		const id = lost[1] ?? "";
		await countsOf(id);
		const lock = await holdLock(api.databaseUrl, `select 1 from showtimes where id = '${id}' for update`);
		expect(problemIn(await post(id)).code).toBe("outcome_unknown");
		expect(await auditOf(api, id)).toEqual([]);
		await lock.release();
		expect((await post(id)).status).toBe(200);
		expect(await auditOf(api, id)).toHaveLength(1);
		expect(await quarantined()).not.toContain(id);
	});
});

describe("400 invalid_request", () => {
	it.each([
		[{}, "/reason"],
		[{ reason: "" }, "/reason"],
		[{ reason: "x".repeat(501) }, "/reason"],
		[{ reason: REASON, all: true }, "/all"],
	])("refuses the body %j and points at the field", async (body, pointer) => {
		const problem = problemIn(await post(lost[0] ?? "", body));
		expect([problem.code, problem.errors?.[0]?.pointer]).toEqual(["invalid_request", pointer]);
	});
});

describe("404 not_found", () => {
	it("answers not_found for an unknown showtime and for what is no id", async () => {
		for (const id of [newShowtimeId(), "nonsense"]) expect(problemIn(await post(id)).code).toBe("not_found");
	});
});

describe("409 showtime_closed", () => {
	it("answers showtime_closed for a showtime that is over", async () => {
		const id = await api.newShowtime();
		await endShowtime(api, id);
		expect(problemIn(await post(id)).code).toBe("showtime_closed");
	});
});

describe("409 showtime_cancelled", () => {
	it("answers showtime_cancelled for a showtime that was cancelled", async () => {
		const id = await api.newShowtime();
		await api.sql(`update showtimes set state = 'cancelled' where id = '${id}'`);
		expect(problemIn(await post(id)).code).toBe("showtime_cancelled");
	});
});

describe("503 recovering", () => {
	it("answers recovering while another process rebuilds the showtime", async () => {
		const id = await api.newShowtime();
		await uninstall(api, id);
		await api.seatStore.claimShowtime(id, { token: "another process", ledgerEpoch: 1 });
		expect(problemIn(await post(id)).code).toBe("recovering");
	});
});
