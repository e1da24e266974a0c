import { newUserId } from "@holdfast/domain";
import { mintTokens } from "@holdfast/testing";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { expectNoQuery } from "../testing/provoke.ts";
import { problemIn } from "../testing/read-answers.ts";
import { JWT_SECRET, startTestApi, type TestApi } from "../testing/start-test-api.ts";

let api: TestApi;
beforeAll(async () => {
	api = await startTestApi();
});
afterAll(() => api.close());

describe("200", () => {
	it("shows the user of the access token", async () => {
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
	it("refuses a query parameter at /auth/me", async () => expectNoQuery(api, "GET /auth/me", (await api.newUser()).token));
});

describe("401 unauthenticated", () => {
	it("refuses an access token whose user no longer exists", async () => {
		const [token] = mintTokens(JWT_SECRET, [newUserId()]);
		expect(problemIn(await api.call("GET /auth/me", { token })).code).toBe("unauthenticated");
	});
});
