import { newUserId } from "@holdfast/domain";
import { mintTokens } from "@holdfast/testing";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
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
		expect(body).toMatchObject({ id: user.id, displayName: "Buyer", role: "user" });
	});
});

describe("401 unauthenticated", () => {
	it("refuses a token whose user is gone", async () => {
		const [token] = mintTokens(JWT_SECRET, [newUserId()]);
		expect(problemIn(await api.call("GET /auth/me", { token })).code).toBe("unauthenticated");
	});
});
