/**
 * Tests that another process can delete an account while the account's user sends requests to the API: requests that the API received
 * before the deletion, and requests sent during and after it.
 */
import { DELETION_STEPS, type DeletionStep, deleteAccount } from "@holdfast/accounts";
import { createDatabase, type Database } from "@holdfast/database";
import { DEFAULT_LIMITS, type ShowtimeId } from "@holdfast/domain";
import { createRebuilder } from "@holdfast/rebuild";
import { createLogger, createPasswords } from "@holdfast/runtime";
import {
	type AuthStore,
	CALL_DEADLINE_MS,
	createAuthStore,
	createSeatStore,
	DENIAL_EFFECTIVE_WITHIN_MS,
	type SeatStore,
} from "@holdfast/seat-store";
import { waitUntil } from "@holdfast/testing";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { problemIn } from "../testing/read-answers.ts";
import { newSession, sessionIn } from "../testing/sign-in.ts";
import { startTestApi, TEST_PASSWORD_LOG_N, type TestApi, type TestUser } from "../testing/start-test-api.ts";

const PASSWORD = "correct horse battery";
/** All steps of a deletion that succeeds: `restore_sign_in` runs only in a deletion that was prevented. */
const STEPS: readonly DeletionStep[] = DELETION_STEPS.filter((step) => step !== "restore_sign_in");
const isAtOrBefore = (step: DeletionStep, last: DeletionStep) => STEPS.indexOf(step) <= STEPS.indexOf(last);

let api: TestApi;
let passwordHash: string;
/** Own connections to Redis and Postgres, as the separate process that deletes the account would have. */
let deleter: { seatStore: SeatStore; authStore: AuthStore; database: Database };
/** The showtime that most tests share. It is installed in Redis, and each test uses different seats of it. */
let showtimeId: ShowtimeId;
let seatsTaken = 0;
/** Gates, keyed by `<call> <user id or showtime id>`: a seat store call waits at its gate until the test opens the gate. */
const gates = new Map<string, Gate>();

type Gate = { readonly arrived: Promise<void>; readonly open: () => void; readonly pass: () => Promise<void> };

function newGate(name: string): Gate {
	const { promise: arrived, resolve: arrive } = Promise.withResolvers<void>();
	const { promise: opened, resolve: open } = Promise.withResolvers<void>();
	const pass = () => {
		arrive();
		return opened;
	};
	const gate = { arrived, open, pass };
	gates.set(name, gate);
	return gate;
}

/** A seat that no other test uses. */
function nextSeat(): string {
	seatsTaken += 1;
	return `${String.fromCharCode("A".charCodeAt(0) + Math.floor((seatsTaken - 1) / 10))}${((seatsTaken - 1) % 10) + 1}`;
}

/** A showtime that is installed in Redis and that this API has not read yet. */
async function newOpenShowtime(): Promise<ShowtimeId> {
	const id = await api.newShowtime();
	expect(await newRebuilder().rebuild(id, 0)).toEqual({ outcome: "opened" });
	return id;
}

const newRebuilder = () => createRebuilder({ ...deleter, quarantineMs: null, log: createLogger("rebuild", "silent") });

beforeAll(async () => {
	api = await startTestApi({
		rates: { authPerAddress: 1_000 },
		wrapStore: (seatStore) => ({
			...seatStore,
			async readShowtime(showtimeId) {
				await gates.get(`read ${showtimeId}`)?.pass();
				return seatStore.readShowtime(showtimeId);
			},
			async placeHold(command) {
				await gates.get(`place ${command.userId}`)?.pass();
				return seatStore.placeHold(command);
			},
			async confirmBooking(command) {
				await gates.get(`confirm ${command.userId}`)?.pass();
				return seatStore.confirmBooking(command);
			},
		}),
	});
	passwordHash = await createPasswords({ logN: TEST_PASSWORD_LOG_N }).hash(PASSWORD);
	const { url } = api.redis;
	deleter = {
		seatStore: createSeatStore({ url, limits: DEFAULT_LIMITS }),
		authStore: createAuthStore({ url }),
		database: createDatabase({ url: api.databaseUrl }),
	};
	showtimeId = await newOpenShowtime();
});
afterAll(async () => {
	deleter.authStore.close();
	await Promise.all([deleter.seatStore.close(), deleter.database.close()]);
	await api.close();
});

const emailOf = ({ id }: TestUser) => `buyer-${id}@example.com`;
const logIn = (user: TestUser) => api.call("POST /auth/login", { body: { email: emailOf(user), password: PASSWORD } });
const register = (user: TestUser) =>
	api.call("POST /auth/register", { body: { email: emailOf(user), password: PASSWORD, displayName: "Again" } });

/** Creates a user who can log in. */
async function newUser(): Promise<TestUser> {
	const user = await api.newUser();
	await api.sql(`update users set password_hash = '${passwordHash}' where id = '${user.id}'`);
	return user;
}

/** Deletes the account of `user` from the separate process. Calls `beforeStep` before each step of the deletion. */
function runDeletion(user: TestUser, beforeStep: (step: DeletionStep) => Promise<void> = async () => {}) {
	return deleteAccount({ ...deleter, rebuilder: newRebuilder(), beforeStep }, emailOf(user));
}

/**
 * Calls `run` for each step with a new user, all at the same time, because each deletion waits until every process has received the
 * denial.
 */
const atEachStep = (run: (step: DeletionStep, user: TestUser) => Promise<void>, steps = STEPS) =>
	Promise.all(steps.map(async (step) => run(step, await newUser())));

async function isAnonymous({ id }: TestUser): Promise<boolean> {
	return (await api.sql(`select email from users where id = '${id}'`))[0]?.email === null;
}

describe.concurrent("a confirm request that the API received before the deletion of the account began", () => {
	it("prevents the deletion if Redis runs it before the holds are released, and is refused if Redis runs it later", async () => {
		const results = new Map<DeletionStep, unknown>();
		await atEachStep(async (step, user) => {
			const { id } = await api.held(user, showtimeId, [nextSeat()]);
			const gate = newGate(`confirm ${user.id}`);
			const confirm = api.call(`POST /bookings/${id}/confirm`, { token: user.token });
			await gate.arrived;
			const result = await runDeletion(user, async (next) => {
				if (next !== step) return;
				gate.open();
				await confirm;
			});
			results.set(step, [(await confirm).status, result.outcome]);
			if (result.outcome === "deleted") return expect(await isAnonymous(user)).toBe(true);
			expect(await isAnonymous(user)).toBe(false);
			const { accessToken } = await newSession(api, user);
			expect((await api.call(`GET /bookings/${id}`, { token: accessToken })).body).toMatchObject({ status: "confirmed" });
		});
		expect(results).toEqual(new Map(STEPS.map((step) => [step, step === "anonymise" ? [409, "deleted"] : [200, "bookings_ahead"]])));
	});
});

describe.concurrent("a confirm that is sent during the deletion of the account", () => {
	it("either succeeds and prevents the deletion, or is refused, so that no account with a confirmed booking is anonymised", async () => {
		await atEachStep(async (step, user) => {
			const { id } = await api.held(user, showtimeId, [nextSeat()]);
			let status = 0;
			const { outcome } = await runDeletion(user, async (next) => {
				if (next === step) ({ status } = await api.call(`POST /bookings/${id}/confirm`, { token: user.token }));
			});
			if (isAtOrBefore(step, "deny_tokens")) expect([step, status, outcome]).toEqual([step, 200, "bookings_ahead"]);
			// Until the wait ends, the API may or may not have received the denial, so both answers are allowed.
			else if (isAtOrBefore(step, "wait")) expect([step, outcome]).toEqual([step, status === 200 ? "bookings_ahead" : "deleted"]);
			else expect([step, status, outcome]).toEqual([step, 401, "deleted"]);
			expect(await isAnonymous(user)).toBe(outcome === "deleted");
		});
	});
});

describe.concurrent("a log-in with the right password during the deletion of the account", () => {
	// packages/accounts/src/delete-account.pg.test.ts covers every step, without the cost of hashing passwords.
	it("opens no session that outlives the deletion, and no session at all after the step `deny_sign_in`", async () => {
		const steps: readonly DeletionStep[] = ["find_account", "deny_sign_in", "deny_tokens", "anonymise"];
		const logInBefore = async (step: DeletionStep, user: TestUser) => {
			await api.held(user, showtimeId, [nextSeat()]);
			const answers: Awaited<ReturnType<typeof logIn>>[] = [];
			const { outcome } = await runDeletion(user, async (next) => {
				if (next === step) answers.push(await logIn(user));
			});
			expect(outcome).toBe("deleted");
			const [answer] = answers;
			if (answer === undefined) throw new Error("the log-in was not sent");
			if (!isAtOrBefore(step, "deny_sign_in")) return expect([step, problemIn(answer).code]).toEqual([step, "invalid_credentials"]);
			const { accessToken, refreshToken } = sessionIn(answer);
			expect((await api.call("GET /auth/me", { token: accessToken })).status).toBe(401);
			expect((await api.call("POST /auth/refresh", { body: { refreshToken } })).status).toBe(401);
		};
		await atEachStep(logInBefore, steps);
	});
});

describe.concurrent("a hold request that the API received before the deletion of the account began", () => {
	it("is released even if a process that has not received the denial sends it to Redis at the last possible moment", async () => {
		const user = await newUser();
		const gate = newGate(`place ${user.id}`);
		const held = api.hold(user, showtimeId, [nextSeat()]);
		await gate.arrived;
		const result = await runDeletion(user, async (next) => {
			if (next === "wait") setTimeout(gate.open, DENIAL_EFFECTIVE_WITHIN_MS + CALL_DEADLINE_MS);
		});
		expect(result).toMatchObject({ outcome: "deleted", holdsReleased: 1 });
		expect((await held).status).toBe(201);
	});

	it("is refused if the API receives the denial before it sends the hold to Redis", async () => {
		const [user, uncachedShowtimeId] = [await newUser(), await newOpenShowtime()];
		const gate = newGate(`read ${uncachedShowtimeId}`);
		const held = api.hold(user, uncachedShowtimeId, ["A1"]);
		await gate.arrived;
		const result = await runDeletion(user, async (next) => {
			if (next === "anonymise") gate.open();
		});
		expect(problemIn(await held).code).toBe("unauthenticated");
		expect(result).toMatchObject({ outcome: "deleted", holdsReleased: 0 });
		expect((await api.seatStore.inspectSeats(uncachedShowtimeId)).owners).toEqual([]);
	});
});

describe.concurrent("a deleted account", () => {
	it("has no valid session, cannot log in, and frees its e-mail for a new user", async () => {
		const user = await newUser();
		const session = await newSession(api, user);
		expect((await runDeletion(user)).outcome).toBe("deleted");
		for (const token of [user.token, session.accessToken]) expect((await api.call("GET /auth/me", { token })).status).toBe(401);
		expect((await api.call("POST /auth/refresh", { body: { refreshToken: session.refreshToken } })).status).toBe(401);
		expect(problemIn(await logIn(user)).code).toBe("invalid_credentials");
		const again = await register(user);
		expect(again.body).toMatchObject({ user: { email: emailOf(user), displayName: "Again" } });
		expect(Object(again.body).user.id).not.toBe(user.id);
		expect((await api.call("GET /auth/me", { token: sessionIn(again).accessToken })).status).toBe(200);
		expect(sessionIn(await logIn(user)).accessToken).toBeTruthy();
	});

	it("gets 401 from /auth/me even with its old token after the denial was removed", async () => {
		const user = await newUser();
		await runDeletion(user);
		await deleter.authStore.allow(user.id);
		await waitUntil("the API to remove the denial", () => api.authStore.isDenied(user.id) === false);
		expect(problemIn(await api.call("GET /auth/me", { token: user.token })).code).toBe("unauthenticated");
	});

	it("blocks its e-mail for new users until its row is anonymised", async () => {
		const user = await newUser();
		const answers: number[] = [];
		await runDeletion(user, async (next) => {
			if (next === "anonymise") answers.push((await register(user)).status);
		});
		answers.push((await register(user)).status);
		expect(answers).toEqual([409, 201]);
	});
});
