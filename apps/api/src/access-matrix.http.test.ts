/**
 * Calls every route of the OpenAPI document without a token, as the owner, as another user and as an admin; and every route of the staff as
 * a user and as an admin who was demoted.
 */
import { setTimeout as delay } from "node:timers/promises";
import { changeRole } from "@holdfast/accounts";
import { createDatabase, OPERATOR } from "@holdfast/database";
import type { ShowtimeId } from "@holdfast/domain";
import { createAuthStore, DENIAL_EFFECTIVE_WITHIN_MS } from "@holdfast/seat-store";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { isForStaff, isRead, listOperations, MISSING_ID, type Operation, requestOf } from "./testing/list-operations.ts";
import { endShowtime, uninstall } from "./testing/provoke.ts";
import { bookingIn, problemIn } from "./testing/read-answers.ts";
import { newSession } from "./testing/sign-in.ts";
import { startTestApi, type TestUser } from "./testing/start-test-api.ts";

const api = await startTestApi({ rates: { userBurst: 10_000, userRate: 10_000 } });
afterAll(() => api.close());

const operations = listOperations((await api.call("GET //openapi.json")).body);
const staff = operations.filter(isForStaff);
/** The routes of a user's own data. */
const guarded = operations.filter((operation) => operation.token === "required" && !isForStaff(operation));
const open = operations.filter(({ token }) => token !== "required");
const hasParam = ({ path }: Operation) => path.includes("{");

/** Creates a resource of this user, for the parameter of a guarded path. A path without an entry is a gap in this matrix. */
const OWNED: Readonly<Record<string, (owner: TestUser, changeShowtime?: ShowtimeChange) => Promise<string>>> = {
	"/api/v1/bookings/{id}": createHold,
	"/api/v1/bookings/{id}/confirm": createHold,
};

/** A change of the showtime after the resource was created. */
type ShowtimeChange = (showtimeId: ShowtimeId) => Promise<unknown>;
const SHOWTIME_STATES: readonly [string, ShowtimeChange][] = [
	["on sale", async () => {}],
	["not installed", (showtimeId) => uninstall(api, showtimeId)],
	["being rebuilt", (showtimeId) => rebuild(showtimeId)],
	["ended and no longer installed", (showtimeId) => endShowtime(api, showtimeId)],
];

async function rebuild(showtimeId: ShowtimeId): Promise<void> {
	await uninstall(api, showtimeId);
	await api.seatStore.claimShowtime(showtimeId, { token: "another process", ledgerEpoch: 1 });
}

async function createHold(owner: TestUser, changeShowtime: ShowtimeChange = async () => {}): Promise<string> {
	const showtimeId = await api.newShowtime();
	const { id } = await api.held(owner, showtimeId, ["A1"]);
	await changeShowtime(showtimeId);
	return id;
}

function ask(operation: Operation, { id, token, body }: { id?: string; token?: string | undefined; body?: unknown }) {
	return api.call(requestOf(operation, id), { token, ...(body !== undefined && { body }) });
}

/** The number of rebuilds that requests have caused. */
async function countRebuilds(): Promise<string | undefined> {
	const { payload } = await api.app.inject("/metrics");
	return /^holdfast_rebuilds_total (\d+)$/m.exec(payload)?.[1];
}

/** The responses of these routes change from request to request. */
const LIVE = ["/api/v1/health", "/api/v1/showtimes/{showtimeId}/seats/stream"];

async function createAdmin(): Promise<TestUser> {
	const user = await api.newUser();
	await api.sql(`update users set role = 'admin' where id = '${user.id}'`);
	return { id: user.id, token: (await newSession(api, user)).accessToken };
}

/** Demotes the admin from another process, and waits as long as a denial takes to reach this one. */
async function demote({ id }: TestUser): Promise<void> {
	const [authStore, database] = [createAuthStore({ url: api.redis.url }), createDatabase({ url: api.databaseUrl })];
	await changeRole({ authStore, database }, { userId: id, role: "user", origin: OPERATOR });
	await delay(DENIAL_EFFECTIVE_WITHIN_MS);
	authStore.close();
	await database.close();
}

it("the document has guarded and open routes, and the matrix can create a resource for each guarded path", () => {
	expect(operations.filter(({ token }) => token === "optional").map(({ name }) => name)).toContain(
		"GET /api/v1/showtimes/{showtimeId}/seats",
	);
	expect(guarded.length).toBeGreaterThanOrEqual(7);
	expect(staff.length).toBeGreaterThanOrEqual(4);
	expect(open.length).toBeGreaterThanOrEqual(8);
	expect(
		guarded
			.filter(hasParam)
			.map(({ path }) => path)
			.filter((path) => OWNED[path] === undefined),
	).toEqual([]);
});

/** A refresh needs its token. Health answers 503 while a store is slow, which on a busy machine happens: its own tests judge that. */
const EXPECTED_OF_OPEN: Readonly<Record<string, readonly number[]>> = { "/api/v1/auth/refresh": [400], "/api/v1/health": [200, 503] };

describe("a request without a token", () => {
	it.each([...guarded, ...staff])("is refused at $name, whatever its body is", async (operation) => {
		for (const body of [undefined, "{ not json", { id: MISSING_ID }]) {
			const answer = await ask(operation, isRead(operation) ? {} : { body });
			expect([answer.status, problemIn(answer).code]).toEqual([401, "unauthenticated"]);
		}
	});

	it.each(open)("is answered at $name", async (operation) => {
		const { status } = await ask(operation, operation.method === "GET" ? {} : { body: {} });
		const expected = EXPECTED_OF_OPEN[operation.path] ?? [200, 400, 404];
		expect(expected).toContain(status);
	});
});

describe("a route of the staff", () => {
	let user: TestUser;
	let demoted: TestUser;
	let again: TestUser;
	/** The answers to the admin before the demotion, and a second after it. */
	const seen = { before: new Map<Operation, number>(), after: new Map<Operation, number>() };
	beforeAll(async () => {
		[user, demoted] = [await api.newUser(), await createAdmin()];
		const statusOf = async (operation: Operation) =>
			(await ask(operation, { token: demoted.token, ...(!isRead(operation) && { body: "{ not json" }) })).status;
		for (const operation of staff) seen.before.set(operation, await statusOf(operation));
		await demote(demoted);
		for (const operation of staff) seen.after.set(operation, await statusOf(operation));
		again = { id: demoted.id, token: (await newSession(api, demoted)).accessToken };
	});

	it.each(staff)(
		"refuses $name: a user, an admin who was demoted a second ago, and the same person after signing in again",
		async (operation) => {
			expect([401, 403]).not.toContain(seen.before.get(operation));
			const answers = [];
			for (const { token } of [user, demoted, again])
				answers.push(await ask(operation, { token, ...(!isRead(operation) && { body: {} }) }));
			expect(answers.map(({ status, body }) => [status, Object(body).code])).toEqual([
				[403, "forbidden"],
				[401, "unauthenticated"],
				[403, "forbidden"],
			]);
			expect(seen.after.get(operation)).toBe(401);
		},
	);
});

describe("the owner of a resource", () => {
	it.each(guarded.filter(hasParam))("gets the own resource at $name", async (operation) => {
		const owner = await api.newUser();
		const answer = await ask(operation, { id: (await OWNED[operation.path]?.(owner)) ?? "", token: owner.token });
		expect(answer.status).toBe(200);
	});
});

describe.each([
	["another user", () => api.newUser()],
	["an admin", createAdmin],
])("%s", (_who, newStranger) => {
	describe.each(SHOWTIME_STATES)("at a showtime that is %s", (_state, changeShowtime) => {
		it.each(guarded.filter(hasParam))("gets the same 404 at $name as for a missing resource, and changes nothing", async (operation) => {
			const [owner, stranger] = [await api.newUser(), await newStranger()];
			const id = (await OWNED[operation.path]?.(owner, changeShowtime)) ?? "";
			const rebuildsBefore = await countRebuilds();
			const seen = async (requestedId: string) => {
				const answer = await ask(operation, { id: requestedId, token: stranger.token });
				const { requestId: _id, instance: _path, ...problem } = problemIn(answer);
				const { "x-request-id": _requestId, "x-server-time": _time, date: _date, "content-length": _length, ...headers } = answer.headers;
				return { problem, headers };
			};
			const [notTheirs, notThere] = [await seen(id), await seen(MISSING_ID)];
			expect(notTheirs.problem).toMatchObject({ code: "not_found", status: 404 });
			expect(notTheirs).toEqual(notThere);
			expect(await countRebuilds()).toBe(rebuildsBefore);
			const mine = bookingIn(await api.call(`GET /bookings/${id}`, { token: owner.token }));
			expect([mine.status, mine.version]).toEqual(["pending", 1]);
		});
	});

	it.each(guarded.filter((operation) => !hasParam(operation) && operation.method === "GET"))(
		"gets no data of other users at $name",
		async (operation) => {
			const [owner, stranger] = [await api.newUser(), await newStranger()];
			const id = await createHold(owner);
			const answer = await ask(operation, { token: stranger.token });
			expect(answer.status).toBe(200);
			expect(JSON.stringify(answer.body)).not.toContain(id);
			expect(JSON.stringify(answer.body)).not.toContain(owner.id);
		},
	);
});

describe.each([
	["the owner", async (owner: TestUser) => owner],
	["another user", () => api.newUser()],
	["an admin", createAdmin],
])("%s", (who, newAsker) => {
	it.each(open.filter(({ method, path }) => method === "GET" && !LIVE.includes(path)))(
		"gets the public response at $name, plus the own marks if any",
		async (operation) => {
			const owner = await api.newUser();
			const showtimeId = await api.newShowtime();
			await api.held(owner, showtimeId, ["A1"]);
			const asker = await newAsker(owner);
			const shown = async (token?: string) => {
				const { status, body } = await ask(operation, { id: showtimeId, token });
				const { requestId: _own, ...rest } = Object(body);
				return { status, text: JSON.stringify(rest) };
			};
			const [mine, anonymous] = [await shown(asker.token), await shown()];
			expect(mine.status).toBe(anonymous.status);
			if (operation.token === "optional" && who === "the owner") {
				expect(mine.text).not.toBe(anonymous.text);
				expect(mine.text.replaceAll(',"mine":true', "")).toBe(anonymous.text);
			} else expect(mine.text).toBe(anonymous.text);
			expect(anonymous.text).not.toContain(owner.id);
		},
	);
});

describe("an invalid access token", () => {
	it.each(operations.filter(({ token }) => token !== "ignored"))(
		"is refused at $name, even where no token is required",
		async (operation) => {
			const answer = await ask(operation, { token: "not.a.token", ...(!isRead(operation) && { body: {} }) });
			expect([answer.status, problemIn(answer).code]).toEqual([401, "unauthenticated"]);
		},
	);
});
