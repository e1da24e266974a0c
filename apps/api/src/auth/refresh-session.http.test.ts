import { randomBytes } from "node:crypto";
import { askRedis, waitUntil } from "@holdfast/testing";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { whileWritesLosePostgres } from "../testing/provoke.ts";
import { problemIn } from "../testing/read-answers.ts";
import { expired, newSession, type Session, sessionIn, tokenClaimsOf } from "../testing/sign-in.ts";
import { startTestApi, type TestApi } from "../testing/start-test-api.ts";

let api: TestApi;
beforeAll(async () => {
	api = await startTestApi({ rates: { authPerAddress: 1_000, refreshPerAddress: 1_000 } });
});
afterAll(() => api.close());

const REQUEST = "POST /auth/refresh";
const refresh = (refreshToken: unknown) => api.call(REQUEST, { body: { refreshToken } });
const me = (token: string) => api.call("GET /auth/me", { token });

/** Moves the last use of this session's tokens into the past. */
const age = ({ accessToken }: Session, interval: string) =>
	api.sql(`update refresh_families set rotated_at = rotated_at - interval '${interval}' where id = '${tokenClaimsOf(accessToken).family}'`);

describe("200", () => {
	it("returns the next refresh token and an access token of the same family", async () => {
		const first = await newSession(api);
		const answer = await refresh(first.refreshToken);
		const second = sessionIn(answer);
		expect([answer.status, answer.headers["cache-control"]]).toEqual([200, "no-store"]);
		expect(answer.body).toMatchObject({ user: { id: first.user.id, role: "user" }, expiresInSeconds: 900 });
		expect(second.refreshToken).not.toBe(first.refreshToken);
		const [before, after] = [tokenClaimsOf(first.accessToken), tokenClaimsOf(second.accessToken)];
		expect(after).toMatchObject({ sub: first.user.id, role: "user", iss: "holdfast", aud: "holdfast-api", family: before.family });
		expect([after.jti === before.jti, Number(after.exp) - Number(after.iat)]).toEqual([false, 900]);
		expect((await me(second.accessToken)).status).toBe(200);
	});

	it("returns the same refresh token again to a client whose response was lost", async () => {
		const first = await newSession(api);
		const [lost, found] = [sessionIn(await refresh(first.refreshToken)), sessionIn(await refresh(first.refreshToken))];
		expect(found.refreshToken).toBe(lost.refreshToken);
		expect((await refresh(found.refreshToken)).status).toBe(200);
	});

	it("accepts a refresh token that was issued under another JWT_SECRET", async () => {
		const first = await newSession(api);
		const restarted = await api.startAnother({ jwtSecret: "a new secret, set when the old one may have leaked" });
		expect((await restarted.call("GET /auth/me", { token: first.accessToken })).status).toBe(401);
		const second = sessionIn(await restarted.call(REQUEST, { body: { refreshToken: first.refreshToken } }));
		expect((await restarted.call("GET /auth/me", { token: second.accessToken })).status).toBe(200);
	});

	it("issues an access token with the current role of the user", async () => {
		const first = await newSession(api);
		await api.sql(`update users set role = 'admin' where id = '${first.user.id}'`);
		expect(tokenClaimsOf(sessionIn(await refresh(first.refreshToken)).accessToken).role).toBe("admin");
	});
});

describe("401 unauthenticated", () => {
	it("gets the same answer for every malformed, unknown, expired or ended token, and for one of a blocked user", async () => {
		const [outdated, ended, blocked] = [await newSession(api), await newSession(api), await newSession(api)];
		await api.sql(`update users set blocked_at = now() where id = '${blocked.user.id}'`);
		await api.sql(`update refresh_families set expires_at = now() where id = '${tokenClaimsOf(outdated.accessToken).family}'`);
		await api.call("POST /auth/logout", { token: ended.accessToken });
		const problems = [];
		for (const token of [
			"",
			"x",
			"A".repeat(64),
			"A".repeat(256),
			outdated.accessToken.slice(0, 256),
			outdated.refreshToken,
			ended.refreshToken,
			blocked.refreshToken,
		]) {
			const { requestId: _own, ...problem } = problemIn(await refresh(token));
			problems.push(problem);
		}
		expect(new Set(problems.map((problem) => JSON.stringify(problem))).size).toBe(1);
		expect(problems[0]).toMatchObject({ code: "unauthenticated", detail: expect.stringContaining("refresh token") });
	});

	it("ends every token of the family, in every process, when a refresh token is used again after the grace period", async () => {
		const other = await api.startAnother();
		const stolen = await newSession(api);
		const owner = sessionIn(await refresh(stolen.refreshToken));
		await waitUntil(
			"the other process to receive denials",
			async () => (await other.call("GET /auth/me", { token: owner.accessToken })).status === 200,
		);
		await age(owner, "10 seconds");
		expect(problemIn(await refresh(stolen.refreshToken)).code).toBe("unauthenticated");
		expect(problemIn(await refresh(owner.refreshToken)).code).toBe("unauthenticated");
		for (const { accessToken } of [stolen, owner]) expect((await me(accessToken)).status).toBe(401);
		await waitUntil(
			"the other process to refuse the token",
			async () => (await other.call("GET /auth/me", { token: owner.accessToken })).status === 401,
			1_000,
		);
	});

	it("refuses a forged refresh token for the family of an expired access token and does not end that family", async () => {
		const session = await newSession(api);
		const family = Buffer.from(String(tokenClaimsOf(expired(session.accessToken)).family).replaceAll("-", ""), "hex");
		// In the format of a token without a MAC, and in the current format.
		const invented = [randomBytes(32), randomBytes(4 + 32 + 32)].map((rest) => Buffer.concat([family, rest]).toString("base64url"));
		for (const token of invented) expect(problemIn(await refresh(token))).toMatchObject({ code: "unauthenticated", status: 401 });
		expect((await me(session.accessToken)).status).toBe(200);
		expect((await refresh(session.refreshToken)).status).toBe(200);
	});

	it("ends the family when a refresh token is used again five rotations later", async () => {
		const stolen = await newSession(api);
		let owner: Session = stolen;
		for (let rotation = 0; rotation < 5; rotation += 1) owner = sessionIn(await refresh(owner.refreshToken));
		expect(problemIn(await refresh(stolen.refreshToken)).code).toBe("unauthenticated");
		expect(problemIn(await refresh(owner.refreshToken)).code).toBe("unauthenticated");
		expect((await me(owner.accessToken)).status).toBe(401);
	});

	it("refuses a refresh token that is sent as an access token", async () => {
		const { refreshToken } = await newSession(api);
		expect(problemIn(await me(refreshToken)).code).toBe("unauthenticated");
	});
});

describe("400 invalid_request", () => {
	it.each([
		[{}, "/refreshToken"],
		[{ refreshToken: 7 }, "/refreshToken"],
		[{ refreshToken: "x".repeat(257) }, "/refreshToken"],
		[{ refreshToken: ["x"] }, "/refreshToken"],
		[{ refreshToken: "x", userId: "y" }, "/userId"],
	])("refuses the refresh body %j and points at the invalid field", async (body, pointer) => {
		const problem = problemIn(await api.call(REQUEST, { body }));
		expect([problem.code, problem.errors?.[0]?.pointer]).toEqual(["invalid_request", pointer]);
	});
});

describe("429 too_many_requests", () => {
	it("refuses refresh requests of one address beyond the rate limit, and not those at the limit", async () => {
		const strict = await api.startAnother({ rates: { refreshPerAddress: 2 }, trustProxy: ["127.0.0.1"] });
		const ask = async (address: string) =>
			(await strict.call(REQUEST, { body: { refreshToken: "x" }, headers: { "x-forwarded-for": address } })).status;
		expect([await ask("192.0.2.1"), await ask("192.0.2.1"), await ask("192.0.2.1"), await ask("192.0.2.2")]).toEqual([401, 401, 429, 401]);
	});

	it("counts refreshes apart from sign-ins, so that neither blocks the other", async () => {
		const strict = await api.startAnother({ rates: { refreshPerAddress: 2, authPerAddress: 2 }, trustProxy: ["127.0.0.1"] });
		const ask = async (request: string, address: string) =>
			(await strict.call(request, { body: {}, headers: { "x-forwarded-for": address } })).status;
		const signIn = "POST /auth/login";
		const askEach = async (requests: readonly string[], address: string) => {
			const statuses: number[] = [];
			for (const request of requests) statuses.push(await ask(request, address));
			return statuses;
		};
		expect(await askEach([REQUEST, REQUEST, REQUEST, signIn, signIn, signIn], "192.0.2.11")).toEqual([400, 400, 429, 400, 400, 429]);
		expect(await askEach([signIn, signIn, signIn, REQUEST, REQUEST, REQUEST], "192.0.2.12")).toEqual([400, 400, 429, 400, 400, 429]);
		expect(await askRedis(api.redis.port, "KEYS", "attempts:refresh:*")).not.toBe("*0");
	});
});

describe("503 outcome_unknown", () => {
	it("answers outcome_unknown when Postgres is lost during the write, and the same request within 10 s succeeds", async () => {
		const { refreshToken } = await newSession(api);
		const problem = await whileWritesLosePostgres(api, "refresh_families", () => refresh(refreshToken));
		expect([problem.code, problem.retryable]).toEqual(["outcome_unknown", true]);
		expect((await refresh(refreshToken)).status).toBe(200);
	});

	it("answers outcome_unknown when a reuse was detected and Redis does not acknowledge the denial", async () => {
		const stolen = await newSession(api);
		const owner = sessionIn(await refresh(stolen.refreshToken));
		await age(owner, "1 minute");
		const broken = await api.startAnother({
			rates: { refreshPerAddress: 1_000 },
			wrapAuthStore: (authStore) => ({
				...authStore,
				async deny(family, untilMs) {
					api.redis.pause();
					return authStore.deny(family, untilMs).finally(() => api.redis.resume());
				},
			}),
		});
		expect(problemIn(await broken.call(REQUEST, { body: { refreshToken: stolen.refreshToken } }))).toMatchObject({
			code: "outcome_unknown",
			retryable: true,
		});
		// No token of the family is valid any more. The next request repeats the denial that Redis may have missed.
		const denied: string[] = [];
		const recording = await api.startAnother({
			rates: { refreshPerAddress: 1_000 },
			wrapAuthStore: (authStore) => ({
				...authStore,
				deny(family, untilMs) {
					denied.push(family);
					return authStore.deny(family, untilMs);
				},
			}),
		});
		for (const { refreshToken } of [owner, stolen]) {
			expect(problemIn(await recording.call(REQUEST, { body: { refreshToken } })).code).toBe("unauthenticated");
		}
		expect(denied).toEqual([tokenClaimsOf(owner.accessToken).family]);
		expect((await me(owner.accessToken)).status).toBe(401);
	});
});
