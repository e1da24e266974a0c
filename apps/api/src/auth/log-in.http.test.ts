import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { problemIn } from "../testing/read-answers.ts";
import { startTestApi, type TestApi } from "../testing/start-test-api.ts";

const PASSWORD = "correct horse battery";

let api: TestApi;
beforeAll(async () => {
	api = await startTestApi();
	await api.call("POST /auth/register", { body: { email: "ada@example.com", password: PASSWORD, displayName: "Ada" } });
});
afterAll(() => api.close());

const logIn = (email: string, password: string) => api.call("POST /auth/login", { body: { email, password } });

describe("200", () => {
	it("signs in with the address in any case, and gives another token each time", async () => {
		const [first, second] = [await logIn("ada@example.com", PASSWORD), await logIn("ADA@Example.com", PASSWORD)];
		expect([first.status, second.status]).toEqual([200, 200]);
		expect(first.body).toMatchObject({ user: { email: "ada@example.com" }, expiresInSeconds: 900 });
		expect(Object(first.body).accessToken).not.toBe(Object(second.body).accessToken);
	});
});

describe("401 invalid_credentials", () => {
	it("is one answer for a wrong password and for nobody, in about one time", { retry: 2 }, async () => {
		await logIn("ada@example.com", PASSWORD);
		const timed = async (email: string) => {
			const startMs = performance.now();
			const answer = await logIn(email, "wrong password");
			return { ms: performance.now() - startMs, problem: problemIn(answer) };
		};
		const [wrong, nobody] = [await timed("ada@example.com"), await timed("nobody@example.com")];
		const { requestId: _one, ...first } = wrong.problem;
		const { requestId: _two, ...second } = nobody.problem;
		expect(first).toEqual(second);
		expect(first).toMatchObject({ code: "invalid_credentials", status: 401 });
		// A login without the hash takes 2 ms; with it, 200 ms and more. Noise of the machine is below a factor of 4.
		expect(nobody.ms).toBeGreaterThan(wrong.ms / 4);
	});

	it("is the answer to a password that is too short to be one", async () => {
		expect(problemIn(await logIn("ada@example.com", "x")).code).toBe("invalid_credentials");
	});
});

describe("400 invalid_request", () => {
	it.each([
		[{ email: "ada@example.com" }, "/password"],
		[{ email: "a\u0000b", password: "x" }, "/email"],
		[{ email: ["ada@example.com"], password: "x" }, "/email"],
		[{ email: "ada@example.com", password: "x", remember: true }, "/remember"],
	])("refuses %j", async (body, pointer) => {
		const problem = problemIn(await api.call("POST /auth/login", { body }));
		expect([problem.code, problem.errors?.[0]?.pointer]).toEqual(["invalid_request", pointer]);
	});
});
