import { newUserId } from "@holdfast/domain";
import { SeatStoreFault } from "@holdfast/seat-store";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { auditOf, sellSeats } from "../testing/admin.ts";
import { whileWritesLosePostgres } from "../testing/provoke.ts";
import { problemIn } from "../testing/read-answers.ts";
import { newSession } from "../testing/sign-in.ts";
import { startTestApi, type TestApi, type TestApp, type TestUser } from "../testing/start-test-api.ts";

let api: TestApi;
let admin: TestUser;
beforeAll(async () => {
	api = await startTestApi();
	admin = await api.newAdmin();
});
afterAll(() => api.close());

type Options = { readonly query?: string; readonly body?: unknown; readonly app?: TestApp; readonly by?: TestUser };
const remove = (id: string, { query = "?reason=Asked%20by%20mail", body, app = api, by = admin }: Options = {}) =>
	app.call(`DELETE /admin/users/${id}${query}`, { token: by.token, body });
const rowOf = async (id: string) => (await api.sql(`select email, display_name, deletion_started_at from users where id = '${id}'`))[0];

describe("204", () => {
	it("erases the person, ends the sessions, releases the holds, and writes one audit row; a repeat changes nothing", async () => {
		const { user, showtimeId } = await api.newHold(["A1"]);
		const { accessToken, refreshToken } = await newSession(api, user);
		expect((await remove(user.id)).status).toBe(204);
		expect(await rowOf(user.id)).toMatchObject({ email: null, display_name: null });
		expect((await api.call("GET /auth/me", { token: accessToken })).status).toBe(401);
		expect((await api.call("POST /auth/refresh", { body: { refreshToken } })).status).toBe(401);
		expect((await api.seatStore.inspectSeats(showtimeId)).owners).toEqual([]);
		expect((await remove(user.id, { body: {} })).status).toBe(204);
		expect(await auditOf(api, user.id)).toMatchObject([
			{ action: "user.deleted", actor: admin.id, before: { deleted: false }, after: { deleted: true }, reason: "Asked by mail" },
		]);
	});

	it("deletes a blocked user, and another admin", async () => {
		const [user, colleague] = [await api.newUser(), await api.newAdmin()];
		await api.sql(`update users set blocked_at = now() where id = '${user.id}'`);
		for (const { id } of [user, colleague]) {
			expect((await remove(id)).status).toBe(204);
			expect(await rowOf(id)).toMatchObject({ email: null });
		}
	});
});

describe("400 invalid_request", () => {
	it.each([
		["", "/query/reason"],
		["?reason=", "/query/reason"],
		[`?reason=${"x".repeat(501)}`, "/query/reason"],
	])("refuses the query %j, which has no reason of 1 to 500 characters", async (query, pointer) => {
		const { id } = await api.newUser();
		const problem = problemIn(await remove(id, { query }));
		expect([problem.code, problem.errors?.[0]?.pointer]).toEqual(["invalid_request", pointer]);
		expect(await rowOf(id)).toMatchObject({ deletion_started_at: null });
	});

	it("refuses a reason in the body", async () => {
		const { id } = await api.newUser();
		expect(problemIn(await remove(id, { body: { reason: "Fraud" } })).errors?.[0]?.pointer).toBe("/reason");
	});
});

describe("403 forbidden", () => {
	it("refuses an admin whose role was taken in Postgres a moment ago, although the token is still accepted", async () => {
		const [former, user] = [await api.newAdmin(), await api.newUser()];
		await api.sql(`update users set role = 'user' where id = '${former.id}'`);
		expect(problemIn(await remove(user.id, { by: former })).code).toBe("forbidden");
		expect(await rowOf(user.id)).toMatchObject({ deletion_started_at: null });
	});
});

describe("404 not_found", () => {
	it.each(["nonsense", newUserId()])("answers not_found for the user id %s", async (id) => {
		expect(problemIn(await remove(id)).code).toBe("not_found");
	});
});

describe("409 own_role", () => {
	it("refuses the own account", async () => {
		expect(problemIn(await remove(admin.id)).code).toBe("own_role");
		expect(await rowOf(admin.id)).toMatchObject({ deletion_started_at: null });
	});
});

describe("409 has_bookings", () => {
	it("keeps an account with a confirmed booking ahead, names the booking, and ends no session", async () => {
		const { id, user } = await sellSeats(api, await api.newShowtime(), ["A1"]);
		const problem = problemIn(await remove(user.id));
		expect([problem.code, problem.bookings]).toEqual(["has_bookings", [id]]);
		expect((await api.call("GET /auth/me", { token: user.token })).status).toBe(200);
		expect(await auditOf(api, user.id)).toEqual([]);
	});
});

describe("503 outcome_unknown", () => {
	it("answers outcome_unknown when Postgres is lost during the deletion, and the same request finishes it", async () => {
		const { id } = await api.newUser();
		expect((await whileWritesLosePostgres(api, "users", () => remove(id))).code).toBe("outcome_unknown");
		expect((await remove(id)).status).toBe(204);
	});

	it("answers outcome_unknown when Redis fails half-way: staff see a deletion that is not finished, and the same request finishes it", async () => {
		const broken = await api.startAnother({
			wrapAuthStore: (authStore) => ({ ...authStore, deny: () => Promise.reject(new SeatStoreFault("unavailable", "no answer")) }),
		});
		const { id } = await api.newUser();
		expect(problemIn(await remove(id, { app: broken })).code).toBe("outcome_unknown");
		const listed = Object((await api.call("GET /admin/users?deleting=true", { token: admin.token })).body);
		expect(listed.items).toMatchObject([{ id, deletionStartedAt: expect.any(String) }]);
		expect((await remove(id)).status).toBe(204);
		expect((await rowOf(id))?.email).toBeNull();
	});
});
