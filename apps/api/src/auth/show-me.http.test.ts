import { newUserId } from "@holdfast/domain";
import { mintTokens } from "@holdfast/testing";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { expectNoQuery, expectUserLimit, NOWHERE, withoutTables } from "../testing/provoke.ts";
import { problemIn } from "../testing/read-answers.ts";
import { JWT_SECRET, startTestApi, type TestApi } from "../testing/start-test-api.ts";

let api: TestApi;
beforeAll(async () => {
	api = await startTestApi();
});
afterAll(() => api.close());

describe("200", () => {
	it("shows the user behind the token", async () => {
		const user = await api.newUser();
		const { body } = await api.call("GET /auth/me", { token: user.token });
		expect(body).toEqual({
			id: user.id,
			email: `buyer-${user.id}@example.com`,
			displayName: "Buyer",
			role: "user",
			createdAt: expect.stringMatching(/^\d{4}-\d\d-\d\dT/),
		});
	});
});

describe("400 invalid_request", () => {
	it("refuses a query, which it does not take", async () => expectNoQuery(api, "GET /auth/me", (await api.newUser()).token));
});

describe("401 unauthenticated", () => {
	it("is the answer without a token", async () => {
		expect(problemIn(await api.call("GET /auth/me")).code).toBe("unauthenticated");
	});

	it("refuses a token whose user is gone", async () => {
		const [token] = mintTokens(JWT_SECRET, [newUserId()]);
		expect(problemIn(await api.call("GET /auth/me", { token })).code).toBe("unauthenticated");
	});
});

describe("429 too_many_requests", () => {
	it("refuses a user who asks more often than the limit, and not at it", () => expectUserLimit(api, "GET /auth/me"));
});

describe("500 internal", () => {
	it("says nothing of what broke", async () => {
		const { token } = await api.newUser();
		expect(problemIn(await (await withoutTables(api)).call("GET /auth/me", { token }))).toMatchObject({ code: "internal", status: 500 });
	});
});

describe("503 unavailable", () => {
	it("is the answer without Postgres", async () => {
		const { token } = await api.newUser();
		const orphan = await api.another({ databaseUrl: NOWHERE });
		expect(problemIn(await orphan.call("GET /auth/me", { token })).code).toBe("unavailable");
	});
});
