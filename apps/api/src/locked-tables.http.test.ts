/** Requests of one kind while Postgres makes another kind wait: a table or a row that somebody has locked. */
import { CONNECTION_BUDGETS } from "@holdfast/database";
import { type HeldLock, holdLock, waitUntil } from "@holdfast/testing";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { problemIn, type TestAnswer } from "./testing/read-answers.ts";
import { settleOutboxes } from "./testing/settle-outboxes.ts";
import { sessionIn } from "./testing/sign-in.ts";
import { startTestApi, type TestApi, type TestUser } from "./testing/start-test-api.ts";

const PASSWORD = "correct horse battery";
/** As many as the report that this test answers had. */
const READERS = 60;
/** Below the statement timeout of 2 s; a log-in takes a quarter of a second for its password hash. */
const USUAL_MS_MAX = 1_800;

let api: TestApi;
let ada: TestUser;
let bookingId: string;
let held: HeldLock | null = null;

beforeAll(async () => {
	api = await startTestApi({ rates: { authPerAccount: 1_000, authPerAddress: 1_000, userBurst: 1_000, userRate: 1_000 } });
	const registered = await api.call("POST /auth/register", {
		body: { email: "ada@example.com", password: PASSWORD, displayName: "Ada" },
	});
	const { accessToken } = sessionIn(registered);
	const [row] = await api.sql("select id from users where email = 'ada@example.com'");
	ada = { id: String(row?.id) as TestUser["id"], token: accessToken };
	const booking = await api.held(ada, await api.newShowtime(), ["A1"]);
	bookingId = booking.id;
	await api.call(`POST /bookings/${bookingId}/confirm`, { token: ada.token });
	await settleOutboxes(api.seatStore, api.databaseUrl);
});
afterEach(async () => {
	await held?.release();
	held = null;
});
afterAll(() => api.close());

const logIn = (email = "ada@example.com") => api.call("POST /auth/login", { body: { email, password: PASSWORD } });
const own = (request: string) => api.call(request, { token: ada.token });

/** An answer, and after how long it came. */
async function timed(asking: Promise<TestAnswer>): Promise<{ answer: TestAnswer; ms: number }> {
	const startMs = performance.now();
	const answer = await asking;
	return { answer, ms: performance.now() - startMs };
}

/** Signs in, asks who it is, and lists its bookings, one after the other; each must succeed in its usual time. */
async function expectSignInAndBookings(): Promise<void> {
	for (const ask of [
		() => logIn(),
		() => own("GET /auth/me"),
		() => own("GET /bookings"),
		() => own(`GET /bookings/${bookingId}`),
		() => api.call("GET /health"),
	]) {
		const { answer, ms } = await timed(ask());
		expect([answer.status, answer.body]).toEqual([200, expect.anything()]);
		expect(ms).toBeLessThan(USUAL_MS_MAX);
	}
	const list = Object((await own("GET /bookings")).body);
	expect(list.items).toMatchObject([{ id: bookingId, status: "confirmed", recorded: true, seats: ["A1"] }]);
}

describe("with the table movies locked and 60 readers of the catalogue waiting", () => {
	it("log-in, /auth/me, own bookings and health answer as usual, and the readers get 503 unavailable", async () => {
		held = await holdLock(api.databaseUrl, "lock table movies in access exclusive mode");
		const paths = ["GET /movies", "GET /showtimes"];
		const readers = Array.from({ length: READERS }, (_, place) => api.call(paths[place % paths.length] ?? "GET /movies"));
		for (let round = 0; round < 3; round += 1) await expectSignInAndBookings();
		for (const answer of await Promise.all(readers)) expect(problemIn(answer)).toMatchObject({ code: "unavailable", retryable: true });
		await held.release();
		expect((await api.call("GET /movies")).status).toBe(200);
	});
});

describe("with the table bookings locked and 60 readers of their own bookings waiting", () => {
	it("log-in, /auth/me and the catalogue answer as usual", async () => {
		held = await holdLock(api.databaseUrl, "lock table bookings in access exclusive mode");
		const readers = Array.from({ length: READERS }, () => own("GET /bookings"));
		for (const ask of [() => logIn(), () => own("GET /auth/me"), () => api.call("GET /movies"), () => api.call("GET /showtimes")]) {
			const { answer, ms } = await timed(ask());
			expect(answer.status).toBe(200);
			expect(ms).toBeLessThan(USUAL_MS_MAX);
		}
		for (const answer of await Promise.all(readers)) expect(problemIn(answer).code).toBe("unavailable");
	});
});

describe("with the row of one user locked", () => {
	it("that user's log-in gets 503 unavailable after the lock timeout, and other users sign in meanwhile", async () => {
		const bob = sessionIn(
			await api.call("POST /auth/register", { body: { email: "bob@example.com", password: PASSWORD, displayName: "Bob" } }),
		);
		held = await holdLock(api.databaseUrl, "select 1 from users where email = 'ada@example.com' for update");
		const waiting = logIn();
		const isWaiting = "select clock_timestamp() - query_start as waited from pg_stat_activity where wait_event_type = 'Lock'";
		await waitUntil("the log-in to wait for the row", async () => (await api.sql(isWaiting)).length > 0);
		const { answer, ms } = await timed(api.call("POST /auth/refresh", { body: { refreshToken: bob.refreshToken } }));
		expect(answer.status).toBe(200);
		// Below the lock timeout of `accounts`: it did not wait behind the other one.
		expect(ms).toBeLessThan(CONNECTION_BUDGETS.accounts.lockTimeoutMs);
		expect((await logIn("bob@example.com")).status).toBe(200);
		expect(problemIn(await waiting).code).toBe("unavailable");
		expect((await own("GET /auth/me")).status).toBe(200);
		await held.release();
		expect((await logIn()).status).toBe(200);
	});
});
