import { newShowtimeId, type ShowtimeId } from "@holdfast/domain";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { auditOf, createTestShowtime } from "../testing/admin.ts";
import { endShowtime } from "../testing/provoke.ts";
import { problemIn, type TestAnswer } from "../testing/read-answers.ts";
import { settleOutboxes } from "../testing/settle-outboxes.ts";
import { startTestApi, type TestApi, type TestUser } from "../testing/start-test-api.ts";

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
	api.call(`PUT /admin/showtimes/${showtimeId}/blocks`, { token: admin.token, body: fields, headers });
const blocksIn = ({ body }: TestAnswer): string[] => Object(body).blocks;
const holdAs = async (...labels: string[]) => api.hold(await api.newUser(), id, labels);

describe("200", () => {
	it("takes free seats off sale and puts them back, and no buyer can hold one in between", async () => {
		const blocked = await put({ block: ["B2", "A1"], reason: "Broken." });
		expect([blocked.status, blocksIn(blocked), blocked.headers.etag]).toEqual([200, ["A1", "B2"], '"2.1"']);
		expect(problemIn(await holdAs("A1", "A2")).seats).toEqual(["A1"]);
		expect(blocksIn(await put({ unblock: ["A1"] }))).toEqual(["B2"]);
		expect((await holdAs("A1", "A2")).status).toBe(201);
	});

	it("leaves the version when all seats are as requested already", async () => {
		await put({ block: ["A1"] });
		expect((await put({ block: ["A1"] }, { "if-match": '"1.1"' })).headers.etag).toBe('"2.1"');
	});

	it("writes one audit row for each change, with the reason", async () => {
		await put({ block: ["A1", "A2"], reason: "Broken." });
		await put({ unblock: ["A2"] });
		await settleOutboxes(api.seatStore, api.databaseUrl);
		expect((await auditOf(api, id)).slice(1)).toMatchObject([
			{ action: "showtime.seats_blocked", actor: admin.id, reason: "Broken." },
			{ action: "showtime.seats_unblocked", actor: admin.id, reason: null },
		]);
	});
});

describe("409 seats_taken", () => {
	it("names every seat that is held or sold, and blocks none", async () => {
		const user = await api.newUser();
		const held = await api.held(user, id, ["A1"]);
		await api.call(`POST /bookings/${held.id}/confirm`, { token: user.token });
		await api.held(user, id, ["A2"]);
		const problem = problemIn(await put({ block: ["A1", "A2", "A3"] }));
		expect([problem.code, problem.seats]).toEqual(["seats_taken", ["A1", "A2"]]);
		expect(blocksIn(await api.call(`GET /admin/showtimes/${id}`, { token: admin.token }))).toEqual([]);
	});

	it("gives each of 50 seats to the buyer or to the block, when 50 buyers and staff want them at once", async () => {
		const labels = Array.from({ length: 50 }, (_, index) => `${"ABCDE"[Math.floor(index / 10)]}${(index % 10) + 1}`);
		const answers = await Promise.all([...labels.map((label) => holdAs(label)), ...labels.map((label) => put({ block: [label] }))]);
		const [holds, blocks] = [answers.slice(0, 50), answers.slice(50)];
		for (const [index, hold] of holds.entries())
			expect([hold.status, blocks[index]?.status].toSorted()).toEqual(hold.status === 201 ? [201, 409] : [200, 409]);
	});
});

describe("412 version_mismatch", () => {
	it("gives the showtime as it is now, and blocks nothing", async () => {
		await put({ block: ["A1"] });
		const answer = await put({ block: ["A2"] }, { "if-match": '"1.1"' });
		expect([problemIn(answer).code, answer.headers.etag, problemIn(answer).current]).toMatchObject([
			"version_mismatch",
			'"2.1"',
			{ blocks: ["A1"] },
		]);
	});
});

describe("422 unknown_seats", () => {
	it("names the labels that the plan lacks, and blocks none", async () => {
		expect(problemIn(await put({ block: ["A1", "Z9", "a2"] })).seats).toEqual(["Z9", "a2"]);
		expect((await holdAs("A1")).status).toBe(201);
	});
});

describe("409 showtime_cancelled", () => {
	it("refuses to block seats of a cancelled showtime", async () => {
		await put({ block: ["A1"] });
		await api.seatStore.setTerms({ showtimeId: id, terms: { state: "cancelled" }, ifVersions: null, command: null });
		expect(problemIn(await put({ block: ["A2"] })).code).toBe("showtime_cancelled");
	});
});

describe("409 showtime_closed", () => {
	it("refuses to block seats of a showtime that is over", async () => {
		await endShowtime(api, id);
		expect(problemIn(await put({ block: ["A1"] })).code).toBe("showtime_closed");
	});
});

describe("404 not_found", () => {
	it.each(["nonsense", newShowtimeId()])("answers not_found for blocks of the showtime id %s", async (showtimeId) => {
		expect(problemIn(await put({ block: ["A1"] }, {}, showtimeId)).code).toBe("not_found");
	});
});

describe("400 invalid_request", () => {
	const labels = (count: number) => Array.from({ length: count }, (_, index) => `X${index}`);
	it.each([
		[{}, ""],
		[{ block: ["A1"], unblock: ["A2"] }, ""],
		[{ block: [] }, "/block"],
		[{ block: ["A1", "A1"] }, "/block"],
		[{ block: labels(1_001) }, "/block"],
		[{ block: ["A1"], until: "2027-01-01T00:00:00Z" }, "/until"],
	])("refuses the blocks and points at the field (case %#)", async (fields, pointer) => {
		const problem = problemIn(await put(fields));
		expect([problem.code, problem.errors?.[0]?.pointer]).toEqual(["invalid_request", pointer]);
	});

	it("takes 1,000 labels", async () => {
		expect(problemIn(await put({ block: labels(1_000) })).code).toBe("unknown_seats");
	});
});

describe("503 recovering", () => {
	it("answers recovering while another process rebuilds the showtime", async () => {
		await api.seatStore.claimShowtime(id, { token: "another process", ledgerEpoch: 1 });
		expect(problemIn(await put({ block: ["A1"] })).code).toBe("recovering");
	});
});

describe("503 busy", () => {
	it("answers busy when the outbox is full, and blocks nothing", async () => {
		const full = await api.startAnother({ limits: { outboxMax: 1 } });
		await put({ block: ["A1"] });
		const answer = await full.call(`PUT /admin/showtimes/${id}/blocks`, { token: admin.token, body: { block: ["A2"] } });
		expect(problemIn(answer).code).toBe("busy");
	});
});

describe("503 outcome_unknown", () => {
	it("answers outcome_unknown or unavailable when Redis is paused during the change", async () => {
		await put({ block: ["A1"] });
		api.redis.pause();
		try {
			expect(["outcome_unknown", "unavailable"]).toContain(problemIn(await put({ block: ["A2"] })).code);
		} finally {
			api.redis.resume();
		}
	});
});
