import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { problemIn } from "../testing/read-answers.ts";
import { startTestApi, type TestApi } from "../testing/start-test-api.ts";

const PASSWORD = "correct horse battery";

let api: TestApi;
beforeAll(async () => {
	api = await startTestApi();
});
afterAll(() => api.close());

const register = (body: object) => api.call("POST /auth/register", { body });

describe("201", () => {
	it("registers a person and signs them in, with the token that the rest of the API takes", async () => {
		const answer = await register({ email: "Ada@Example.com", password: PASSWORD, displayName: " Ada " });
		expect(answer.status).toBe(201);
		expect(answer.headers["cache-control"]).toBe("no-store");
		expect(answer.body).toMatchObject({ user: { email: "Ada@Example.com", displayName: "Ada", role: "user" }, expiresInSeconds: 900 });
		expect(JSON.stringify(answer.body)).not.toMatch(/password|scrypt/i);
		const { accessToken, user } = Object(answer.body);
		expect((await api.call("GET /auth/me", { token: accessToken })).body).toEqual(user);
		const [showtimeId] = [await api.newShowtime()];
		expect((await api.hold({ id: user.id, token: accessToken }, showtimeId, ["A1"])).status).toBe(201);
	});
});

describe("409 email_taken", () => {
	it("refuses an address that is in use, in whatever case, and lets one of two at once through", async () => {
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
	])("refuses %j", async (body, pointer) => {
		const problem = problemIn(await register(body));
		expect([problem.code, problem.errors?.map((flaw) => flaw.pointer)]).toEqual(["invalid_request", [pointer]]);
	});

	it("names every flaw at once", async () => {
		expect(problemIn(await register({ email: "bob", password: "x" })).errors?.map(({ pointer }) => pointer)).toEqual([
			"/displayName",
			"/email",
			"/password",
		]);
	});
});
