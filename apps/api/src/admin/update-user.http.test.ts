import { newUserId } from "@holdfast/domain";
import { createPasswords } from "@holdfast/runtime";
import { DENIAL_EFFECTIVE_WITHIN_MS, SeatStoreFault } from "@holdfast/seat-store";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { auditOf } from "../testing/admin.ts";
import { whileWritesLosePostgres } from "../testing/provoke.ts";
import { problemIn, type TestAnswer } from "../testing/read-answers.ts";
import { newSession, type Session, sessionIn } from "../testing/sign-in.ts";
import { startTestApi, TEST_PASSWORD_LOG_N, type TestApi, type TestApp, type TestUser } from "../testing/start-test-api.ts";

const PASSWORD = "correct horse battery";
const REASON = { reason: "Sells on tickets." };

let api: TestApi;
let other: TestApp;
let admin: TestUser;
let passwordHash: string;
beforeAll(async () => {
	const rates = { authPerAddress: 1_000, authPerAccount: 1_000 };
	api = await startTestApi({ rates });
	other = await api.startAnother({ rates });
	admin = await api.newAdmin();
	passwordHash = await createPasswords({ logN: TEST_PASSWORD_LOG_N }).hash(PASSWORD);
});
afterAll(() => api.close());

type Options = { readonly headers?: Record<string, string>; readonly app?: TestApp; readonly by?: TestUser };
const put = (id: string, body: object, { headers = {}, app = api, by = admin }: Options = {}): Promise<TestAnswer> =>
	app.call(`PUT /admin/users/${id}`, { token: by.token, body, headers });
const logIn = ({ id }: TestUser) => api.call("POST /auth/login", { body: { email: `buyer-${id}@example.com`, password: PASSWORD } });
const meAt = async (app: TestApp, { accessToken }: Session) => (await app.call("GET /auth/me", { token: accessToken })).status;
const refresh = ({ refreshToken }: Session) => api.call("POST /auth/refresh", { body: { refreshToken } });

async function newUser(): Promise<TestUser> {
	const user = await api.newUser();
	await api.sql(`update users set password_hash = '${passwordHash}' where id = '${user.id}'`);
	return user;
}

describe("200", () => {
	it("a block ends every session in every process within a second, and an unblock lets the user sign in again", async () => {
		const user = await newUser();
		const sessions = [await newSession(api, user), await newSession(api, user)];
		const answer = await put(user.id, { blocked: true, ...REASON });
		const answeredMs = performance.now();
		expect([answer.status, answer.headers.etag, Object(answer.body).blockedAt]).toEqual([200, '"2"', expect.any(String)]);
		for (const session of sessions) {
			expect([await meAt(api, session), (await refresh(session)).status]).toEqual([401, 401]);
			await expect.poll(() => meAt(other, session), { timeout: 10_000, interval: 20 }).toBe(401);
		}
		expect(performance.now() - answeredMs).toBeLessThan(DENIAL_EFFECTIVE_WITHIN_MS + 2_000);
		expect(problemIn(await logIn(user)).code).toBe("account_blocked");

		expect((await put(user.id, { blocked: false })).body).toMatchObject({ blockedAt: null, version: 3 });
		const again = sessionIn(await logIn(user));
		expect([await meAt(api, again), (await refresh(again)).status]).toEqual([200, 200]);
		await expect.poll(() => meAt(other, again), { timeout: 10_000 }).toBe(200);
		for (const session of sessions) expect([await meAt(api, session), await meAt(other, session)]).toEqual([401, 401]);
	});

	it("keeps the holds and bookings of a blocked user", async () => {
		const { user, showtimeId } = await api.newHold(["A1"]);
		await put(user.id, { blocked: true, ...REASON });
		expect((await api.seatStore.inspectSeats(showtimeId)).owners).toHaveLength(1);
	});

	it("a promotion counts from the next sign-in on, and a demotion at once", async () => {
		const user = await newUser();
		await put(user.id, { role: "admin" });
		const session = sessionIn(await logIn(user));
		expect((await api.call("GET /admin/movies", { token: session.accessToken })).status).toBe(200);
		expect((await put(user.id, { role: "user", ...REASON })).body).toMatchObject({ role: "user", version: 3 });
		expect((await api.call("GET /admin/movies", { token: session.accessToken })).status).toBe(401);
		expect((await api.call("GET /admin/movies", { token: sessionIn(await logIn(user)).accessToken })).status).toBe(403);
	});

	it("writes one audit row per change, with the changed fields, the reason and no e-mail", async () => {
		const { id } = await api.newUser();
		await put(id, { role: "admin", blocked: false });
		await put(id, { role: "user", blocked: true, ...REASON });
		await put(id, { blocked: false, reason: "A mistake." });
		const rows = await auditOf(api, id);
		const [user, boss] = [{ role: "user" }, { role: "admin" }];
		expect(rows).toMatchObject([
			{ action: "user.role_changed", actor: admin.id, before: user, after: boss, reason: null },
			{ action: "user.updated", before: { ...boss, blocked: false }, after: { ...user, blocked: true }, ...REASON },
			{ action: "user.unblocked", before: { blocked: true }, after: { blocked: false }, reason: "A mistake." },
		]);
		expect(JSON.stringify(rows)).not.toContain("@");
	});

	it("leaves version and audit trail unchanged when every field has its value already, also without a reason", async () => {
		const { id } = await api.newUser();
		const answer = await put(id, { role: "user", blocked: false }, { headers: { "if-match": '"1"' } });
		expect([answer.status, answer.headers.etag, await auditOf(api, id)]).toEqual([200, '"1"', []]);
	});
});

describe("400 invalid_request", () => {
	it.each([
		[{}, ""],
		[{ role: "boss" }, "/role"],
		[{ blocked: "yes" }, "/blocked"],
		[{ blocked: true }, "/reason"],
		[{ blocked: true, reason: "   " }, "/reason"],
		[{ blocked: true, reason: "x".repeat(501) }, "/reason"],
		[{ email: "other@example.com" }, "/email"],
	])("refuses the change %j of a user and points at the field", async (body, pointer) => {
		const { id } = await api.newUser();
		const problem = problemIn(await put(id, body));
		expect([problem.code, problem.errors?.[0]?.pointer, await auditOf(api, id)]).toEqual(["invalid_request", pointer, []]);
	});

	it("refuses a demotion without a reason, and accepts a reason of 500 characters", async () => {
		const { id } = await api.newAdmin();
		expect(problemIn(await put(id, { role: "user" })).errors?.[0]?.pointer).toBe("/reason");
		expect((await put(id, { role: "user", reason: "x".repeat(500) })).status).toBe(200);
	});

	it("refuses an If-Match that is no list of entity tags", async () => {
		const { id } = await api.newUser();
		expect(problemIn(await put(id, { role: "admin" }, { headers: { "if-match": "1" } })).errors?.[0]?.pointer).toBe("/headers/if-match");
	});
});

describe("403 forbidden", () => {
	it("refuses an admin whose role was taken in Postgres a moment ago, although the token is still accepted", async () => {
		const [former, user] = [await api.newAdmin(), await api.newUser()];
		await api.sql(`update users set role = 'user' where id = '${former.id}'`);
		expect(problemIn(await put(user.id, { blocked: true, ...REASON }, { by: former })).code).toBe("forbidden");
		expect(await auditOf(api, user.id)).toEqual([]);
	});
});

describe("404 not_found", () => {
	it.each(["nonsense", newUserId()])("answers not_found for the user id %s", async (id) => {
		expect(problemIn(await put(id, { role: "admin" })).code).toBe("not_found");
	});

	it("answers not_found for a deleted account", async () => {
		const { id } = await api.newUser();
		await api.sql(
			`update users set email = null, password_hash = null, display_name = null, deletion_started_at = now() where id = '${id}'`,
		);
		expect(problemIn(await put(id, { role: "admin" })).code).toBe("not_found");
	});
});

describe("409 own_role", () => {
	it.each([{ role: "user" }, { blocked: true }, { role: "user", blocked: true }])(
		"refuses the change %j of the own account, with and without a reason",
		async (body) => {
			for (const reason of [{}, REASON]) expect(problemIn(await put(admin.id, { ...body, ...reason })).code).toBe("own_role");
			expect(await auditOf(api, admin.id)).toEqual([]);
		},
	);
});

describe("412 version_mismatch", () => {
	it("gives the second of two admins the current user and its ETag, and changes nothing", async () => {
		const { id } = await api.newUser();
		const blocked = (await put(id, { blocked: true, ...REASON }, { headers: { "if-match": '"1"' } })).body;
		const answer = await put(id, { role: "admin" }, { headers: { "if-match": '"1"' } });
		expect([answer.headers.etag, problemIn(answer).code, problemIn(answer).current]).toEqual(['"2"', "version_mismatch", blocked]);
		expect(await auditOf(api, id)).toHaveLength(1);
	});
});

describe("503 outcome_unknown", () => {
	it("answers outcome_unknown when Postgres is lost during the change", async () => {
		const { id } = await api.newUser();
		expect((await whileWritesLosePostgres(api, "users", () => put(id, { role: "admin" }))).code).toBe("outcome_unknown");
	});

	it.each([{}, { "if-match": '"1"' }])(
		"answers outcome_unknown when Redis fails between the two halves of a block, and the repeat with the headers %j ends the sessions",
		async (headers) => {
			const broken = await api.startAnother({
				wrapAuthStore: (authStore) => ({ ...authStore, deny: () => Promise.reject(new SeatStoreFault("unavailable", "no answer")) }),
			});
			const user = await api.newUser();
			const session = await newSession(api, user);
			const body = { blocked: true, ...REASON };
			expect(problemIn(await put(user.id, body, { app: broken, headers })).code).toBe("outcome_unknown");
			expect([await meAt(api, session), (await refresh(session)).status]).toEqual([200, 401]);
			expect((await put(user.id, body, { headers })).status).toBe("if-match" in headers ? 412 : 200);
			expect([await meAt(api, session), await auditOf(api, user.id)]).toEqual([401, [expect.objectContaining({ action: "user.blocked" })]]);
		},
	);
});
