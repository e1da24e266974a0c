import { DENIAL_WAIT_MS } from "@holdfast/accounts";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { auditOf } from "../testing/admin.ts";
import { whileHashingQueueIsFull, whileWritesLosePostgres } from "../testing/provoke.ts";
import { problemIn } from "../testing/read-answers.ts";
import { sessionIn } from "../testing/sign-in.ts";
import { startTestApi, type TestApi, type TestApp, type TestUser } from "../testing/start-test-api.ts";

const PASSWORD = "correct horse battery";

let api: TestApi;
let made = 0;
beforeAll(async () => {
	api = await startTestApi({ rates: { authPerAddress: 1_000 } });
});
afterAll(() => api.close());

type Registered = TestUser & { readonly email: string; readonly refreshToken: string };

async function register(email = `user-${made++}@example.com`): Promise<Registered> {
	const answer = await api.call("POST /auth/register", { body: { email, password: PASSWORD, displayName: "Ada" } });
	const { accessToken, refreshToken } = sessionIn(answer);
	return { id: Object(answer.body).user.id, token: accessToken, refreshToken, email };
}

const deleteMe = ({ token }: TestUser, password = PASSWORD, app: TestApp = api) =>
	app.call("DELETE /auth/me", { token, body: { password } });
const me = async ({ token }: TestUser) => (await api.call("GET /auth/me", { token })).status;
const logIn = ({ email }: Registered, password = PASSWORD) => api.call("POST /auth/login", { body: { email, password } });
const rowOf = async ({ id }: TestUser) =>
	(await api.sql(`select email, display_name, deletion_started_at from users where id = '${id}'`))[0];

describe("204", () => {
	it("erases the person, ends the sessions, releases the holds, frees the e-mail, and writes no audit row", async () => {
		const [user, showtimeId] = [await register(), await api.newShowtime()];
		await api.held(user, showtimeId, ["A1"]);
		expect((await deleteMe(user)).status).toBe(204);
		expect(await rowOf(user)).toMatchObject({ email: null, display_name: null });
		expect([await me(user), problemIn(await logIn(user)).code]).toEqual([401, "invalid_credentials"]);
		expect((await api.call("POST /auth/refresh", { body: { refreshToken: user.refreshToken } })).status).toBe(401);
		expect((await api.seatStore.inspectSeats(showtimeId)).owners).toEqual([]);
		expect(await auditOf(api, user.id)).toEqual([]);
		expect((await register(user.email)).id).not.toBe(user.id);
	});

	it("waits by default until no other process accepts a request of the user, and a repeat is 401", async () => {
		const [user, other] = [await register(), await api.startAnother({ denialWaitMs: undefined })];
		const startMs = performance.now();
		expect((await deleteMe(user, PASSWORD, other)).status).toBe(204);
		expect(performance.now() - startMs).toBeGreaterThanOrEqual(DENIAL_WAIT_MS);
		expect([await me(user), (await deleteMe(user)).status]).toEqual([401, 401]);
	});
});

describe("400 invalid_request", () => {
	it.each([
		[undefined, ""],
		[{}, "/password"],
		[{ password: 12345678 }, "/password"],
		[{ password: "x".repeat(129) }, "/password"],
		[{ password: PASSWORD, reason: "Bored" }, "/reason"],
	])("refuses the body %j and points at the invalid field", async (body, pointer) => {
		const user = await register();
		const problem = problemIn(await api.call("DELETE /auth/me", { token: user.token, body }));
		expect([problem.code, problem.errors?.[0]?.pointer, await me(user)]).toEqual(["invalid_request", pointer, 200]);
	});
});

describe("401 unauthenticated", () => {
	it.each(["blocked_at", "deletion_started_at"])(
		"refuses a user whose %s was set a moment ago, although the token is still accepted",
		async (column) => {
			const user = await register();
			await api.sql(`update users set ${column} = now() where id = '${user.id}'`);
			expect(problemIn(await deleteMe(user)).code).toBe("unauthenticated");
			expect((await rowOf(user))?.email).toBe(user.email);
		},
	);
});

describe("401 invalid_credentials", () => {
	it("refuses a wrong password, says that the account was not deleted, and the session goes on", async () => {
		const user = await register();
		const problem = problemIn(await deleteMe(user, "wrong password"));
		expect([problem.code, problem.detail.includes("was not deleted")]).toEqual(["invalid_credentials", true]);
		expect([await me(user), (await logIn(user)).status]).toEqual([200, 200]);
	});
});

describe("409 own_role", () => {
	it("refuses an admin, also one whose token is from before the promotion", async () => {
		const user = await register();
		await api.sql(`update users set role = 'admin' where id = '${user.id}'`);
		expect(problemIn(await deleteMe(user)).code).toBe("own_role");
		expect(await rowOf(user)).toMatchObject({ email: user.email, deletion_started_at: null });
	});
});

describe("409 has_bookings", () => {
	it("keeps an account with confirmed bookings ahead, names them, and deletes it once they are cancelled", async () => {
		const [user, showtimeId] = [await register(), await api.newShowtime()];
		const ids: string[] = [];
		for (const seat of ["A1", "A2"]) {
			const { id } = await api.held(user, showtimeId, [seat]);
			await api.call(`POST /bookings/${id}/confirm`, { token: user.token });
			ids.push(id);
		}
		const problem = problemIn(await deleteMe(user));
		expect([problem.code, problem.bookings?.toSorted(), problem.counts]).toEqual(["has_bookings", ids.toSorted(), undefined]);
		expect(await me(user)).toBe(200);
		for (const id of ids) await api.call(`DELETE /bookings/${id}`, { token: user.token });
		expect((await deleteMe(user)).status).toBe(204);
	});
});

describe("429 too_many_requests", () => {
	it("refuses the eleventh password for one account in a minute, sign-ins and deletions counted together, even the right one", async () => {
		const user = await register();
		// The registration was the first attempt.
		for (let attempt = 2; attempt <= 10; attempt += 1)
			expect((await (attempt % 2 === 0 ? logIn(user, "guess") : deleteMe(user, "guess"))).status).toBe(401);
		const refused = await deleteMe(user);
		expect([problemIn(refused).code, Number(refused.headers["retry-after"]) > 0]).toEqual(["too_many_requests", true]);
		expect(await rowOf(user)).toMatchObject({ email: user.email, deletion_started_at: null });
	});
});

describe("503 busy", () => {
	it("answers busy while the password hashing queue is full, and deletes nothing", async () => {
		const user = await register();
		expect(problemIn(await whileHashingQueueIsFull(() => deleteMe(user))).code).toBe("busy");
		expect(await me(user)).toBe(200);
	});
});

describe("503 outcome_unknown", () => {
	it("answers outcome_unknown when Postgres is lost during the deletion", async () => {
		const user = await register();
		expect((await whileWritesLosePostgres(api, "users", () => deleteMe(user))).code).toBe("outcome_unknown");
	});
});
