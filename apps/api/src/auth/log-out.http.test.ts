import { sendInlineCommand } from "@holdfast/local-stack";
import { DENIED_BUCKETS, deniedKeys } from "@holdfast/seat-store/testing";
import { waitUntil } from "@holdfast/testing";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { UNREACHABLE_POSTGRES, whileWritesLosePostgres } from "../testing/provoke.ts";
import { problemIn } from "../testing/read-answers.ts";
import { expired, newSession, sessionIn } from "../testing/sign-in.ts";
import { startTestApi, type TestApi, type TestApp } from "../testing/start-test-api.ts";

let api: TestApi;
beforeAll(async () => {
	api = await startTestApi({ rates: { authPerAddress: 1_000 } });
});
afterAll(() => api.close());

const REQUEST = "POST /auth/logout";
const logOut = (token: string, app: TestApp = api) => app.call(REQUEST, { token });
const me = (token: string, app: TestApp = api) => app.call("GET /auth/me", { token });
const refresh = (refreshToken: string) => api.call("POST /auth/refresh", { body: { refreshToken } });

describe("204", () => {
	it("ends the refresh token, and the access token at once in this process", async () => {
		const { accessToken, refreshToken } = await newSession(api);
		expect((await me(accessToken)).status).toBe(200);
		const answer = await logOut(accessToken);
		expect([answer.status, answer.body, answer.headers["cache-control"]]).toEqual([204, null, "no-store"]);
		for (const request of ["GET /auth/me", "GET /bookings", "POST /bookings", REQUEST]) {
			expect(problemIn(await api.call(request, { token: accessToken })).code).toBe("unauthenticated");
		}
		expect(problemIn(await refresh(refreshToken)).code).toBe("unauthenticated");
	});

	it("ends the access token in every other process within a second", async () => {
		const others = [await api.startAnother(), await api.startAnother()];
		const { accessToken } = await newSession(api);
		for (const other of others)
			await waitUntil("the other process to receive denials", async () => other.authStore.isDenied(accessToken) === false);
		await logOut(accessToken);
		await waitUntil(
			"the other processes to refuse the token",
			async () => (await Promise.all(others.map((other) => me(accessToken, other)))).every(({ status }) => status === 401),
			1_000,
		);
	});

	it("ends every access token of the sign-in, whichever of them the request carries", async () => {
		const first = await newSession(api);
		const second = sessionIn(await refresh(first.refreshToken));
		expect((await logOut(first.accessToken)).status).toBe(204);
		expect((await me(second.accessToken)).status).toBe(401);
		expect((await refresh(second.refreshToken)).status).toBe(401);
	});

	it("does not end other sign-ins of the same user", async () => {
		const one = await newSession(api);
		const other = await newSession(api, one.user);
		await logOut(one.accessToken);
		expect((await me(other.accessToken)).status).toBe(200);
		expect((await refresh(other.refreshToken)).status).toBe(200);
	});

	it.each([[undefined], ["{}"], [""]])("signs out with the body %j", async (body) => {
		const { accessToken } = await newSession(api);
		expect((await api.call(REQUEST, { token: accessToken, body })).status).toBe(204);
	});
});

describe("401 unauthenticated", () => {
	it("refuses a sign-out without a token, or with a token that was signed out already", async () => {
		const { accessToken } = await newSession(api);
		expect(problemIn(await api.call(REQUEST)).code).toBe("unauthenticated");
		await logOut(accessToken);
		expect(problemIn(await logOut(accessToken)).code).toBe("unauthenticated");
	});

	it("refuses an expired access token and does not end its sign-in", async () => {
		const { accessToken, refreshToken } = await newSession(api);
		expect(problemIn(await logOut(expired(accessToken))).code).toBe("unauthenticated");
		expect((await me(accessToken)).status).toBe(200);
		expect((await refresh(refreshToken)).status).toBe(200);
	});
});

describe("400 invalid_request", () => {
	it("refuses a body with fields, because only the header names a token", async () => {
		const { accessToken, refreshToken } = await newSession(api);
		const problem = problemIn(await api.call(REQUEST, { token: accessToken, body: { refreshToken } }));
		expect([problem.code, problem.errors?.[0]?.pointer]).toEqual(["invalid_request", "/refreshToken"]);
		expect((await me(accessToken)).status).toBe(200);
	});
});

describe("429 too_many_requests", () => {
	it("refuses a user whose other requests have used up the rate limit", async () => {
		const strict = await api.startAnother({ rates: { userBurst: 1, userRate: 1 } });
		const { accessToken } = await newSession(api);
		expect((await me(accessToken, strict)).status).toBe(200);
		const refused = await logOut(accessToken, strict);
		expect([problemIn(refused).code, refused.headers["retry-after"]]).toEqual(["too_many_requests", "1"]);
		expect((await logOut(accessToken)).status).toBe(204);
	});
});

describe("503 unavailable", () => {
	it("answers unavailable without Postgres and ends nothing, and the same request works later", async () => {
		const { accessToken, refreshToken } = await newSession(api);
		const withoutPostgres = await api.startAnother({ databaseUrl: UNREACHABLE_POSTGRES });
		expect(problemIn(await logOut(accessToken, withoutPostgres)).code).toBe("unavailable");
		expect((await logOut(accessToken)).status).toBe(204);
		expect((await refresh(refreshToken)).status).toBe(401);
	});
});

describe("503 outcome_unknown", () => {
	it("answers outcome_unknown when Postgres is lost during the write, and the same request signs out later", async () => {
		const { accessToken, refreshToken } = await newSession(api);
		expect((await whileWritesLosePostgres(api, "refresh_families", () => logOut(accessToken))).code).toBe("outcome_unknown");
		expect((await logOut(accessToken)).status).toBe(204);
		expect((await refresh(refreshToken)).status).toBe(401);
	});

	it("answers outcome_unknown while only one of the two copies of the deny list takes the denial, and 204 when both do", async () => {
		const { accessToken } = await newSession(api);
		const copy = deniedKeys(DENIED_BUCKETS[1]).list;
		await sendInlineCommand(api.redis.port, `SET ${copy} nonsense`);
		expect(problemIn(await logOut(accessToken))).toMatchObject({ code: "outcome_unknown", retryable: true });
		await waitUntil("the denial to take effect", async () => (await me(accessToken)).status === 401);
		await sendInlineCommand(api.redis.port, `DEL ${copy}`);
		expect((await logOut((await newSession(api)).accessToken)).status).toBe(204);
	});

	it("answers outcome_unknown while Redis is paused, and a repeated request signs out or finds the token refused", async () => {
		const { accessToken, refreshToken } = await newSession(api);
		const broken = await api.startAnother({
			wrapAuthStore: (authStore) => ({
				...authStore,
				async deny(family, untilMs) {
					api.redis.pause();
					return authStore.deny(family, untilMs).finally(() => api.redis.resume());
				},
			}),
		});
		expect(problemIn(await logOut(accessToken, broken))).toMatchObject({ code: "outcome_unknown", retryable: true });
		expect((await refresh(refreshToken)).status).toBe(401);
		const again = await waitUntil("Redis to answer again", async () => {
			const answer = await logOut(accessToken, broken);
			return answer.status < 500 && answer;
		});
		expect([204, 401]).toContain(again.status);
		expect((await me(accessToken, broken)).status).toBe(401);
	});
});
