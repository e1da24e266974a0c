/** `npm run admin:create` and `npm run admin:revoke` on a running stack, and the answers of the API afterwards. */
import { execFile } from "node:child_process";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { openTestStack, type TestStack } from "./open-test-stack.ts";

const ROOT = join(import.meta.dirname, "../../..");
const EMAIL = "ada@example.com";

let test: TestStack;
beforeAll(async () => {
	test = await openTestStack();
});
afterAll(() => test.close());

function run(command: string): Promise<{ readonly code: number; readonly printed: string }> {
	const { databaseUrl, redisUrl } = test.stack.info;
	const env = { ...process.env, DATABASE_URL: databaseUrl, REDIS_URL: redisUrl };
	return new Promise((resolve) => {
		execFile("npm", ["run", "--silent", command, "--", "--email", EMAIL], { cwd: ROOT, env }, (error, stdout, stderr) =>
			resolve({ code: error === null ? 0 : Number(error.code), printed: stdout + stderr }),
		);
	});
}

async function signIn(password: string): Promise<{ accessToken: string; refreshToken: string }> {
	const answer = await fetch(`${test.stack.info.apiUrl}/api/v1/auth/login`, {
		method: "POST",
		headers: { "content-type": "application/json" },
		body: JSON.stringify({ email: EMAIL, password }),
	});
	return Object(await answer.json());
}

async function listMovies(accessToken: string): Promise<number> {
	const headers = { authorization: `Bearer ${accessToken}` };
	return (await fetch(`${test.stack.info.apiUrl}/api/v1/admin/movies`, { headers })).status;
}

it("the first admin signs in with the printed password; once admin:revoke returns, old tokens are refused and new ones have no role", async () => {
	const created = await run("admin:create");
	expect([created.code, created.printed]).toEqual([
		0,
		expect.stringMatching(/^Created the admin ada@example\.com .*\nPassword: \S{24}\n$/),
	]);
	const password = /Password: (\S+)/.exec(created.printed)?.[1] ?? "";
	const sessions = await Promise.all(Array.from({ length: 3 }, () => signIn(password)));
	for (const { accessToken } of sessions) expect(await listMovies(accessToken)).toBe(200);

	expect((await run("admin:revoke")).code).toBe(0);
	for (const { accessToken } of sessions) expect(await listMovies(accessToken)).toBe(401);
	for (const { refreshToken } of sessions) {
		const answer = await fetch(`${test.stack.info.apiUrl}/api/v1/auth/refresh`, {
			method: "POST",
			headers: { "content-type": "application/json" },
			body: JSON.stringify({ refreshToken }),
		});
		expect(answer.status).toBe(401);
	}
	expect(await listMovies((await signIn(password)).accessToken)).toBe(403);
});
