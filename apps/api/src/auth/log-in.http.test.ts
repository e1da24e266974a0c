import { scryptSync } from "node:crypto";
import { createPasswords } from "@holdfast/runtime";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { UNREACHABLE_POSTGRES, whileHashingQueueIsFull, whileRedisIsPaused, whileWritesLosePostgres } from "../testing/provoke.ts";
import { problemIn } from "../testing/read-answers.ts";
import { sessionIn, tokenClaimsOf } from "../testing/sign-in.ts";
import { startTestApi, TEST_PASSWORD_LOG_N, type TestApi } from "../testing/start-test-api.ts";

const PASSWORD = "correct horse battery";

/** The tests of this file sign in to one account more often than the default limit allows. */
const rates = { authPerAccount: 1_000 };

let api: TestApi;
beforeAll(async () => {
	api = await startTestApi({ rates });
	await api.call("POST /auth/register", { body: { email: "ada@example.com", password: PASSWORD, displayName: "Ada" } });
});
afterAll(() => api.close());

const REQUEST = "POST /auth/login";
const logIn = (email: string, password: string) => api.call("POST /auth/login", { body: { email, password } });

describe("200", () => {
	it("signs in with the e-mail in any case, and returns new tokens each time", async () => {
		const [first, second] = [await logIn("ada@example.com", PASSWORD), await logIn("ADA@Example.com", PASSWORD)];
		expect([first.status, second.status]).toEqual([200, 200]);
		expect(first.body).toMatchObject({ user: { email: "ada@example.com" }, expiresInSeconds: 900 });
		const [one, two] = [sessionIn(first), sessionIn(second)];
		expect([one.accessToken === two.accessToken, one.refreshToken === two.refreshToken]).toEqual([false, false]);
		expect(tokenClaimsOf(one.accessToken).family).not.toBe(tokenClaimsOf(two.accessToken).family);
	});

	it("rehashes a password whose stored hash has another cost, and accepts the password as before", async () => {
		const salt = Buffer.from("sixteen bytes...");
		const hash = scryptSync(PASSWORD, salt, 32, { N: 2 ** 14, r: 8, p: 1 });
		const text = (bytes: Buffer) => bytes.toString("base64").replaceAll("=", "");
		const { id } = await api.newUser();
		await api.sql(
			`update users set email = 'old@example.com', password_hash = '$scrypt$ln=14,r=8,p=1$${text(salt)}$${text(hash)}' where id = '${id}'`,
		);
		const stored = async () => (await api.sql(`select password_hash from users where id = '${id}'`))[0]?.password_hash;
		const before = await stored();
		expect((await logIn("old@example.com", "wrong password")).status).toBe(401);
		expect(await stored()).toBe(before);
		expect((await logIn("old@example.com", PASSWORD)).status).toBe(200);
		const after = await stored();
		expect(after).toMatch(new RegExp(`^\\$scrypt\\$ln=${TEST_PASSWORD_LOG_N},`));
		expect((await logIn("old@example.com", PASSWORD)).status).toBe(200);
		expect(await stored()).toBe(after);
	});
});

describe("401 invalid_credentials", () => {
	it("gives an unknown user, a wrong password, and a wrong password of a blocked user the same answer in similar time", async () => {
		// A log-in with this cost takes over 50 ms; without a hash it takes 2 ms. Noise of the machine is below a factor of 4.
		const slow = await api.startAnother({ rates, passwords: createPasswords({ logN: 15 }) });
		await slow.call("POST /auth/register", { body: { email: "slow@example.com", password: PASSWORD, displayName: "Slow" } });
		const timed = async (email: string) => {
			const startMs = performance.now();
			const problem = problemIn(await slow.call(REQUEST, { body: { email, password: "wrong password" } }));
			return { ms: performance.now() - startMs, problem };
		};
		// The fastest of three: noise of the machine can only add time.
		const fastest = async (email: string) =>
			[await timed(email), await timed(email), await timed(email)].reduce((best, other) => (other.ms < best.ms ? other : best));
		const [wrong, unknown] = [await fastest("slow@example.com"), await fastest("unknown@example.com")];
		await api.sql("update users set blocked_at = now() where email = 'slow@example.com'");
		const blocked = await fastest("slow@example.com");
		const [first, second, third] = [wrong, unknown, blocked].map(({ problem: { requestId: _id, ...problem } }) => problem);
		expect([first, first]).toEqual([second, third]);
		expect(first).toMatchObject({ code: "invalid_credentials", status: 401 });
		expect(Math.min(unknown.ms, blocked.ms)).toBeGreaterThan(wrong.ms / 4);
	});

	it("refuses a password that is too short to be valid like any wrong password", async () => {
		expect(problemIn(await logIn("ada@example.com", "x")).code).toBe("invalid_credentials");
	});
});

describe("403 account_blocked", () => {
	it("answers the right password of a blocked user with account_blocked and opens no session, and a wrong one like any wrong password", async () => {
		await api.call("POST /auth/register", { body: { email: "eve@example.com", password: PASSWORD, displayName: "Eve" } });
		const [eve] = await api.sql("update users set blocked_at = now() where email = 'eve@example.com' returning id");
		const families = async () => (await api.sql(`select id from refresh_families where user_id = '${eve?.id}'`)).length;
		expect(await families()).toBe(1);
		expect(problemIn(await logIn("Eve@example.com", PASSWORD)).code).toBe("account_blocked");
		expect(problemIn(await logIn("eve@example.com", "wrong password")).code).toBe("invalid_credentials");
		expect(await families()).toBe(1);
		await api.sql("update users set blocked_at = null where email = 'eve@example.com'");
		expect((await logIn("eve@example.com", PASSWORD)).status).toBe(200);
	});
});

describe("400 invalid_request", () => {
	it.each([
		[{ email: "ada@example.com" }, "/password"],
		[{ email: "a\u0000b", password: "x" }, "/email"],
		[{ email: ["ada@example.com"], password: "x" }, "/email"],
		[{ email: "ada@example.com", password: "x", remember: true }, "/remember"],
	])("refuses the log-in body %j and points at the invalid field", async (body, pointer) => {
		const problem = problemIn(await api.call("POST /auth/login", { body }));
		expect([problem.code, problem.errors?.[0]?.pointer]).toEqual(["invalid_request", pointer]);
	});
});

describe("429 too_many_requests", () => {
	it("refuses the eleventh attempt at one account in a minute, in any spelling of its e-mail and even with the right password", async () => {
		// Postgres is unreachable for this app, so an attempt costs no password hash.
		const withoutPostgres = await api.startAnother({ databaseUrl: UNREACHABLE_POSTGRES });
		const attempt = (email: string) => withoutPostgres.call(REQUEST, { body: { email, password: "guess" } });
		const answers = [];
		for (let spelling = 0; spelling < 11; spelling += 1)
			answers.push(await attempt(spelling % 2 === 0 ? "bob.\u0130@example.com" : "BOB.i@Example.com"));
		expect(answers.map(({ status }) => status)).toEqual([...Array.from({ length: 10 }, () => 503), 429]);
		expect((await attempt("bob.j@example.com")).status).toBe(503);
		const strict = await api.startAnother();
		await api.sql(`update users set email = 'bob.i@example.com' where email = 'old@example.com'`);
		const families = async () => (await api.sql("select count(*) as families from refresh_families"))[0]?.families;
		const before = await families();
		const refused = await strict.call(REQUEST, { body: { email: "bob.i@example.com", password: PASSWORD } });
		expect(problemIn(refused)).toMatchObject({ code: "too_many_requests", retryable: true });
		expect(Number(refused.headers["retry-after"])).toBeGreaterThan(0);
		expect(Number(refused.headers["retry-after"])).toBeLessThanOrEqual(60);
		// The refused attempt must not open a session, only these two sign-ins do. They take longer than the work of a refused attempt would.
		for (let signIn = 0; signIn < 2; signIn += 1) expect((await logIn("bob.i@example.com", PASSWORD)).status).toBe(200);
		expect(Number(await families())).toBe(Number(before) + 2);
	});

	it("refuses the 61st attempt from one address in a minute to sign in or to register, and not the 60th", async () => {
		const proxied = await api.startAnother({ trustProxy: ["127.0.0.1"] });
		const ask = async (address: string, request = REQUEST) =>
			(await proxied.call(request, { body: {}, headers: { "x-forwarded-for": address } })).status;
		const answers = [];
		for (let request = 0; request < 59; request += 1) answers.push(await ask("192.0.2.1"));
		expect([await ask("192.0.2.1", "POST /auth/register"), new Set(answers)]).toEqual([400, new Set([400])]);
		expect([await ask("192.0.2.1"), await ask("192.0.2.1", "POST /auth/register"), await ask("192.0.2.2")]).toEqual([429, 429, 400]);
	});
});

describe("503 busy", () => {
	it("answers busy to a log-in while the password hashing queue is full", async () => {
		expect(problemIn(await whileHashingQueueIsFull(() => logIn("ada@example.com", PASSWORD)))).toMatchObject({
			code: "busy",
			retryable: true,
		});
	});
});

describe("503 unavailable", () => {
	it("answers unavailable to a log-in while Redis is paused, because uncounted attempts are refused", async () => {
		const body = { email: "ada@example.com", password: PASSWORD };
		expect((await whileRedisIsPaused(api, api, REQUEST, { body })).code).toBe("unavailable");
	});
});

describe("503 outcome_unknown", () => {
	it("answers outcome_unknown to a log-in whose write lost Postgres, and the same request signs in later", async () => {
		const problem = await whileWritesLosePostgres(api, "refresh_families", () => logIn("ada@example.com", PASSWORD));
		expect([problem.code, problem.retryable]).toEqual(["outcome_unknown", true]);
		expect((await logIn("ada@example.com", PASSWORD)).status).toBe(200);
	});
});
