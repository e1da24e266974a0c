/** Requests that must not wait behind other requests which Postgres blocks with a locked table or row. */
import { type HeldLock, holdLock, waitUntil } from "@holdfast/testing";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { problemIn, type TestAnswer } from "./testing/read-answers.ts";
import { settleOutboxes } from "./testing/settle-outboxes.ts";
import { sessionIn } from "./testing/sign-in.ts";
import { startTestApi, type TestApi, type TestUser } from "./testing/start-test-api.ts";

const PASSWORD = "correct horse battery";
/** More readers than the connection pool has connections. */
const READERS = 60;

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

/** Sends requests that wait for the lock until Postgres cancels their statements after 2 s. */
function startReaders(paths: readonly string[], token?: string) {
	let answered = 0;
	const answers = Array.from({ length: READERS }, (_, index) =>
		api.call(paths[index % paths.length] ?? "", token === undefined ? {} : { token }).finally(() => {
			answered += 1;
		}),
	);
	return { answers: Promise.all(answers), countAnswered: () => answered };
}

/** Expects that each request succeeds before any reader is answered, which shows that it did not wait behind one. */
async function expectServedMeanwhile(asks: readonly (() => Promise<TestAnswer>)[], countAnswered: () => number): Promise<void> {
	for (const ask of asks) {
		const answer = await ask();
		expect([answer.status, answer.body]).toEqual([200, expect.anything()]);
		expect(countAnswered()).toBe(0);
	}
}

describe("with the table movies locked and 60 readers of the catalogue waiting", () => {
	it("log-in, /auth/me, own bookings and health answer as usual, and the readers get 503 unavailable", async () => {
		held = await holdLock(api.databaseUrl, "lock table movies in access exclusive mode");
		const readers = startReaders(["GET /movies", "GET /showtimes"]);
		const asks = [
			() => own("GET /auth/me"),
			() => own("GET /bookings"),
			() => own(`GET /bookings/${bookingId}`),
			() => api.call("GET /health"),
		];
		await expectServedMeanwhile(asks, readers.countAnswered);
		// Checked outside `expectServedMeanwhile`: the password hash alone may take longer than a reader waits.
		expect((await logIn()).status).toBe(200);
		const list = Object((await own("GET /bookings")).body);
		expect(list.items).toMatchObject([{ id: bookingId, status: "confirmed", recorded: true, seats: ["A1"] }]);
		for (const answer of await readers.answers) expect(problemIn(answer)).toMatchObject({ code: "unavailable", retryable: true });
		await held.release();
		expect((await api.call("GET /movies")).status).toBe(200);
	});
});

describe("with the table bookings locked and 60 readers of their own bookings waiting", () => {
	it("log-in, /auth/me and the catalogue answer as usual", async () => {
		held = await holdLock(api.databaseUrl, "lock table bookings in access exclusive mode");
		const readers = startReaders(["GET /bookings"], ada.token);
		const asks = [() => own("GET /auth/me"), () => api.call("GET /movies"), () => api.call("GET /showtimes")];
		await expectServedMeanwhile(asks, readers.countAnswered);
		expect((await logIn()).status).toBe(200);
		for (const answer of await readers.answers) expect(problemIn(answer).code).toBe("unavailable");
	});
});

describe("with the row of one user locked", () => {
	it("the log-in of that user gets 503 unavailable after the lock timeout, and other users can log in in the meantime", async () => {
		const bob = sessionIn(
			await api.call("POST /auth/register", { body: { email: "bob@example.com", password: PASSWORD, displayName: "Bob" } }),
		);
		held = await holdLock(api.databaseUrl, "select 1 from users where email = 'ada@example.com' for update");
		let isAnswered = false;
		const waiting = logIn().finally(() => {
			isAnswered = true;
		});
		const isWaiting = "select clock_timestamp() - query_start as waited from pg_stat_activity where wait_event_type = 'Lock'";
		await waitUntil("the log-in to wait for the row", async () => (await api.sql(isWaiting)).length > 0);
		expect((await api.call("POST /auth/refresh", { body: { refreshToken: bob.refreshToken } })).status).toBe(200);
		expect(isAnswered).toBe(false);
		expect((await logIn("bob@example.com")).status).toBe(200);
		expect(problemIn(await waiting).code).toBe("unavailable");
		expect((await own("GET /auth/me")).status).toBe(200);
		await held.release();
		expect((await logIn()).status).toBe(200);
	});
});
