import { Writable } from "node:stream";
import { createPasswords, type Passwords } from "@holdfast/runtime";
import { pino } from "pino";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { DEFAULT_RATES } from "../rates.ts";
import { problemIn, type TestAnswer } from "../testing/read-answers.ts";
import { startTestApi, TEST_PASSWORD_LOG_N, type TestApi, type TestApp } from "../testing/start-test-api.ts";

const PASSWORD = "correct horse battery";
const ALLOWED = DEFAULT_RATES.authPerAccount;
/** Number of attempts above the limit. */
const EXCESS = 3;

let api: TestApi;
let lines: Record<string, unknown>[] = [];
const cheap = createPasswords({ logN: TEST_PASSWORD_LOG_N });
let verifications = 0;
beforeAll(async () => {
	const sink = new Writable({
		write(chunk: Buffer, _encoding, done) {
			lines.push(JSON.parse(chunk.toString()));
			done();
		},
	});
	const passwords: Passwords = {
		...cheap,
		verify(password, stored) {
			verifications += 1;
			return cheap.verify(password, stored);
		},
	};
	api = await startTestApi({ rates: { authPerAddress: 1_000 }, logger: pino({ level: "info" }, sink), passwords });
});
afterAll(() => api.close());

const register = (app: TestApp, email: string) =>
	app.call("POST /auth/register", { body: { email, password: PASSWORD, displayName: "Ada" } });
const logIn = (email: string, password = PASSWORD) => api.call("POST /auth/login", { body: { email, password } });

async function countOf(rows: string): Promise<number> {
	return Number((await api.sql(`select count(*) as rows from ${rows}`))[0]?.rows);
}
const accountsOf = (email: string) => countOf(`users where email = '${email}'`);
const sessionsOf = (email: string) => countOf(`refresh_families where user_id = (select id from users where email = '${email}')`);

let barriers = 0;

/**
 * Resolves once all earlier requests have finished their work: it signs in to another account, which passes through the same queues of
 * Redis, Postgres and scrypt, and each queue is first in, first out.
 */
async function earlierRequestsToEnd(): Promise<void> {
	barriers += 1;
	for (let round = 0; round < EXCESS; round += 1) await logIn(`barrier${barriers}@example.com`);
}

const statuses = (answers: readonly TestAnswer[]) => answers.map(({ status }) => status);
const times = <Item>(count: number, item: Item): Item[] => Array.from({ length: count }, () => item);

describe("the limit of attempts per account", () => {
	it("answers a registration 429 and creates no account", async () => {
		const email = "unknown@example.com";
		const attempts: TestAnswer[] = [];
		for (let attempt = 0; attempt < ALLOWED; attempt += 1) attempts.push(await logIn(email));
		expect(statuses(attempts)).toEqual(times(ALLOWED, 401));
		const refused = await register(api, email);
		expect(problemIn(refused)).toMatchObject({ code: "too_many_requests", status: 429 });
		await earlierRequestsToEnd();
		expect(await accountsOf(email)).toBe(0);
	});

	it.each([
		["one after the other", "serial@example.com"],
		["all at once", "parallel@example.com"],
	])("opens exactly one session for each 200 when correct sign-ins arrive %s", async (order, email) => {
		const lenient = await api.startAnother({ rates: { authPerAccount: 1_000 } });
		// The registration counts as an attempt and opens a session.
		expect((await register(lenient, email)).status).toBe(201);
		const answers: TestAnswer[] = [];
		if (order === "all at once") answers.push(...(await Promise.all(times(ALLOWED + EXCESS, email).map((own) => logIn(own)))));
		else for (let attempt = 0; attempt < ALLOWED + EXCESS; attempt += 1) answers.push(await logIn(email));
		expect(statuses(answers).sort()).toEqual([...times(ALLOWED - 1, 200), ...times(EXCESS + 1, 429)]);
		await earlierRequestsToEnd();
		expect(await sessionsOf(email)).toBe(1 + ALLOWED - 1);
	});

	it("computes no password hash for a refused attempt and logs it once as too_many_requests", async () => {
		const email = "refused@example.com";
		for (let attempt = 0; attempt < ALLOWED; attempt += 1) await logIn(email);
		await earlierRequestsToEnd();
		lines = [];
		const before = verifications;
		for (let attempt = 0; attempt < 20; attempt += 1) expect((await logIn(email)).status).toBe(429);
		await earlierRequestsToEnd();
		// Only the log-ins of `earlierRequestsToEnd` verify a password.
		expect(verifications - before).toBe(EXCESS);
		const refused = lines.filter(({ outcome }) => outcome !== "invalid_credentials");
		expect(refused.map(({ msg, outcome, status }) => [msg, outcome, status])).toEqual(
			times(20, ["request completed", "too_many_requests", 429]),
		);
		const metrics = (await api.app.inject("/metrics")).payload;
		expect(metrics).toMatch(/^holdfast_outcomes_total\{operation="logIn",outcome="too_many_requests"\} \d+$/m);
	});
});
