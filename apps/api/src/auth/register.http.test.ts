import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { UNREACHABLE_POSTGRES, whileHashingQueueIsFull, whileWritesLosePostgres } from "../testing/provoke.ts";
import { problemIn } from "../testing/read-answers.ts";
import { sessionIn, tokenClaimsOf } from "../testing/sign-in.ts";
import { startTestApi, type TestApi } from "../testing/start-test-api.ts";

const PASSWORD = "correct horse battery";

let api: TestApi;
beforeAll(async () => {
	api = await startTestApi();
});
afterAll(() => api.close());

const REQUEST = "POST /auth/register";
const register = (body: object) => api.call("POST /auth/register", { body });

describe("201", () => {
	it("registers a user and returns tokens that the rest of the API accepts", async () => {
		const answer = await register({ email: "Ada@Example.com", password: PASSWORD, displayName: " Ada " });
		expect(answer.status).toBe(201);
		expect(answer.headers["cache-control"]).toBe("no-store");
		expect(answer.body).toMatchObject({ user: { email: "Ada@Example.com", displayName: "Ada", role: "user" }, expiresInSeconds: 900 });
		expect(JSON.stringify(answer.body)).not.toMatch(/password|scrypt/i);
		const { accessToken, refreshToken, user } = Object(answer.body);
		expect(tokenClaimsOf(accessToken)).toEqual({
			sub: user.id,
			role: "user",
			jti: expect.stringMatching(/^[0-9a-f-]{36}$/),
			family: expect.stringMatching(/^[0-9a-f-]{36}$/),
			iss: "holdfast",
			aud: "holdfast-api",
			iat: expect.any(Number),
			exp: Number(tokenClaimsOf(accessToken).iat) + 900,
		});
		expect(sessionIn(await api.call("POST /auth/refresh", { body: { refreshToken } })).accessToken).not.toBe(accessToken);
		expect((await api.call("GET /auth/me", { token: accessToken })).body).toEqual(user);
		const [showtimeId] = [await api.newShowtime()];
		expect((await api.hold({ id: user.id, token: accessToken }, showtimeId, ["A1"])).status).toBe(201);
	});
});

describe("409 email_taken", () => {
	it("refuses an e-mail that is in use, in any case, and registers exactly one of two concurrent requests", async () => {
		const both = await Promise.all(
			["eve@example.com", "EVE@example.com"].map((email) => register({ email, password: PASSWORD, displayName: "Eve" })),
		);
		expect(both.map(({ status }) => status).toSorted()).toEqual([201, 409]);
		expect(problemIn(await register({ email: "Eve@Example.com", password: PASSWORD, displayName: "Eve" })).code).toBe("email_taken");
	});
});

describe("400 invalid_request", () => {
	const valid = { email: "bob@example.com", password: PASSWORD, displayName: "Bob" };
	it.each([
		[{ ...valid, email: "bob" }, "/email"],
		[{ ...valid, email: `${"b".repeat(250)}@example.com` }, "/email"],
		[{ ...valid, password: "seven77" }, "/password"],
		[{ ...valid, password: "x".repeat(129) }, "/password"],
		[{ ...valid, displayName: "   " }, "/displayName"],
		[{ ...valid, displayName: "B\u0000b" }, "/displayName"],
		[{ ...valid, displayName: "B".repeat(81) }, "/displayName"],
		[{ ...valid, displayName: 7 }, "/displayName"],
		[{ ...valid, role: "admin" }, "/role"],
		[{ email: valid.email, password: valid.password }, "/displayName"],
	])("refuses the registration body %j and points at the invalid field", async (body, pointer) => {
		const problem = problemIn(await register(body));
		expect([problem.code, problem.errors?.map((error) => error.pointer)]).toEqual(["invalid_request", [pointer]]);
	});

	it("lists every invalid field at once", async () => {
		expect(problemIn(await register({ email: "bob", password: "x" })).errors?.map(({ pointer }) => pointer)).toEqual([
			"/displayName",
			"/email",
			"/password",
		]);
	});
});

describe("429 too_many_requests", () => {
	const eve = { email: "eve@example.com", password: PASSWORD, displayName: "Eve" };

	it("refuses the eleventh attempt with one e-mail in a minute, with or without an account", async () => {
		// Sign-ins count as well, and cost no password hash while Postgres is unreachable.
		const withoutPostgres = await api.startAnother({ databaseUrl: UNREACHABLE_POSTGRES });
		const mallory = { email: "mallory@example.com", password: PASSWORD };
		const attempts = [];
		for (let attempt = 0; attempt < 9; attempt += 1) attempts.push(await withoutPostgres.call("POST /auth/login", { body: mallory }));
		for (let attempt = 9; attempt < 11; attempt += 1) attempts.push(await withoutPostgres.call(REQUEST, { body: { ...eve, ...mallory } }));
		expect(attempts.map(({ status }) => status)).toEqual([...Array.from({ length: 10 }, () => 503), 429]);
		expect(problemIn(await register({ ...eve, email: "Mallory@Example.com" })).code).toBe("too_many_requests");
		expect(await api.sql("select 1 from users where lower(email) = 'mallory@example.com'")).toEqual([]);
	});
});

describe("503 busy", () => {
	it("answers busy to a registration while the password hashing queue is full", async () => {
		const answer = await whileHashingQueueIsFull(() => register({ email: "lou@example.com", password: PASSWORD, displayName: "Lou" }));
		expect(problemIn(answer)).toMatchObject({ code: "busy", retryable: true });
	});
});

describe("503 outcome_unknown", () => {
	it("answers outcome_unknown when Postgres is lost during the write, and the same request registers the user or answers email_taken", async () => {
		const body = { email: "ida@example.com", password: PASSWORD, displayName: "Ida" };
		const problem = await whileWritesLosePostgres(api, "refresh_families", () => register(body));
		expect([problem.code, problem.retryable]).toEqual(["outcome_unknown", true]);
		expect(await api.sql("select 1 from users where email = 'ida@example.com'")).toEqual([]);
		expect((await register(body)).status).toBe(201);
		expect(problemIn(await register(body)).code).toBe("email_taken");
	});
});
