/** Every route that the OpenAPI document lists, asked by nobody, by the owner, by another user and by an admin. */
import { newBookingId, newShowtimeId, type ShowtimeId } from "@holdfast/domain";
import { afterAll, describe, expect, it } from "vitest";
import { endShowtime, uninstall } from "./testing/provoke.ts";
import { bookingIn, problemIn } from "./testing/read-answers.ts";
import { newSession } from "./testing/sign-in.ts";
import { startTestApi, type TestUser } from "./testing/start-test-api.ts";

const api = await startTestApi({ rates: { userBurst: 10_000, userRate: 10_000 } });
afterAll(() => api.close());

type Operation = {
	readonly name: string;
	readonly method: string;
	readonly path: string;
	/** Whether a token is needed, only welcome, or not looked at. */
	readonly token: "needed" | "welcome" | "ignored";
};

const METHODS = ["get", "head", "post", "put", "patch", "delete"];

async function listOperations(): Promise<Operation[]> {
	const { paths } = Object((await api.call("GET //openapi.json")).body);
	return Object.entries(paths).flatMap(([path, operations]) =>
		Object.entries(Object(operations))
			.filter(([method]) => METHODS.includes(method))
			.map(([method, operation]) => ({
				name: `${method.toUpperCase()} ${path}`,
				method: method.toUpperCase(),
				path,
				token: tokenOf(Object(operation).security),
			})),
	);
}

/** OpenAPI: each entry is one way to be let in, and an empty one is nobody's. */
function tokenOf(security: unknown): Operation["token"] {
	const ways: readonly object[] = Array.isArray(security) ? security : [];
	if (!ways.some((way) => Object.keys(way).length > 0)) return "ignored";
	return ways.every((way) => Object.keys(way).length > 0) ? "needed" : "welcome";
}

const operations = await listOperations();
const guarded = operations.filter(({ token }) => token === "needed");
const open = operations.filter(({ token }) => token !== "needed");
const hasParam = ({ path }: Operation) => path.includes("{");

/** Something that belongs to this user, for the parameter of a guarded path. A path that is not here is a gap in this matrix. */
const OWNED: Readonly<Record<string, (owner: TestUser, become?: Fate) => Promise<string>>> = {
	"/api/v1/bookings/{id}": aHold,
	"/api/v1/bookings/{id}/confirm": aHold,
};

/** What became of the showtime since. */
type Fate = (showtimeId: ShowtimeId) => Promise<unknown>;
const FATES: readonly [string, Fate][] = [
	["on sale", async () => {}],
	["not installed", (showtimeId) => uninstall(api, showtimeId)],
	["being rebuilt", (showtimeId) => rebuild(showtimeId)],
	["over and not installed any more", (showtimeId) => endShowtime(api, showtimeId)],
];

async function rebuild(showtimeId: ShowtimeId): Promise<void> {
	await uninstall(api, showtimeId);
	await api.seatStore.claimShowtime(showtimeId, { token: "somebody else", ledgerEpoch: 1 });
}

async function aHold(owner: TestUser, become: Fate = async () => {}): Promise<string> {
	const showtimeId = await api.newShowtime();
	const { id } = await api.held(owner, showtimeId, ["A1"]);
	await become(showtimeId);
	return id;
}

/** Well formed, of nothing there is. */
const NOTHING = newBookingId(newShowtimeId());

function ask({ method, path }: Operation, { id, token, body }: { id?: string; token?: string | undefined; body?: unknown }) {
	return api.call(`${method} /${path.replaceAll(/\{[^}]+\}/g, id ?? NOTHING)}`, { token, ...(body !== undefined && { body }) });
}

/** How often a request made the API rebuild a showtime. */
async function countRebuilds(): Promise<string | undefined> {
	const { payload } = await api.app.inject("/metrics");
	return /^holdfast_rebuilds_total (\d+)$/m.exec(payload)?.[1];
}

/** What these show changes from one question to the next by itself. */
const LIVE = ["/api/v1/health", "/api/v1/showtimes/{showtimeId}/seats/stream"];

async function anAdmin(): Promise<TestUser> {
	const user = await api.newUser();
	await api.sql(`update users set role = 'admin' where id = '${user.id}'`);
	return { id: user.id, token: (await newSession(api, user)).accessToken };
}

it("the document lists routes of both kinds, and the matrix knows whose the guarded ones are", () => {
	expect(operations.filter(({ token }) => token === "welcome").map(({ name }) => name)).toContain(
		"GET /api/v1/showtimes/{showtimeId}/seats",
	);
	expect(guarded.length).toBeGreaterThanOrEqual(7);
	expect(open.length).toBeGreaterThanOrEqual(8);
	expect(
		guarded
			.filter(hasParam)
			.map(({ path }) => path)
			.filter((path) => OWNED[path] === undefined),
	).toEqual([]);
});

describe("nobody", () => {
	it.each(guarded)("is refused at $name, whatever is sent along", async (operation) => {
		for (const body of [undefined, "{ not json", { id: NOTHING }]) {
			const isRead = operation.method === "GET" || operation.method === "HEAD";
			const answer = await ask(operation, isRead ? {} : { body });
			expect([answer.status, problemIn(answer).code]).toEqual([401, "unauthenticated"]);
		}
	});

	it.each(open)("gets an answer at $name", async (operation) => {
		const { status } = await ask(operation, operation.method === "GET" ? {} : { body: {} });
		const expected = operation.path === "/api/v1/auth/refresh" ? [400] : [200, 400, 404];
		expect(expected).toContain(status);
	});
});

describe("the owner", () => {
	it.each(guarded.filter(hasParam))("gets their own at $name", async (operation) => {
		const owner = await api.newUser();
		const answer = await ask(operation, { id: (await OWNED[operation.path]?.(owner)) ?? "", token: owner.token });
		expect(answer.status).toBe(200);
	});
});

describe.each([
	["another user", () => api.newUser()],
	["an admin", anAdmin],
])("%s", (_who, newStranger) => {
	describe.each(FATES)("of a showtime that is %s", (_fate, become) => {
		it.each(guarded.filter(hasParam))("gets the same 404 at $name as for what is not there, and changes nothing", async (operation) => {
			const [owner, stranger] = [await api.newUser(), await newStranger()];
			const id = (await OWNED[operation.path]?.(owner, become)) ?? "";
			const rebuildsBefore = await countRebuilds();
			const seen = async (askedId: string) => {
				const answer = await ask(operation, { id: askedId, token: stranger.token });
				const { requestId: _id, instance: _path, ...problem } = problemIn(answer);
				const { "x-request-id": _requestId, "x-server-time": _time, date: _date, "content-length": _length, ...headers } = answer.headers;
				return { problem, headers };
			};
			const [notTheirs, notThere] = [await seen(id), await seen(NOTHING)];
			expect(notTheirs.problem).toMatchObject({ code: "not_found", status: 404 });
			expect(notTheirs).toEqual(notThere);
			expect(await countRebuilds()).toBe(rebuildsBefore);
			const mine = bookingIn(await api.call(`GET /bookings/${id}`, { token: owner.token }));
			expect([mine.status, mine.version]).toEqual(["pending", 1]);
		});
	});

	it.each(guarded.filter((operation) => !hasParam(operation) && operation.method === "GET"))(
		"gets nothing of anybody else's at $name",
		async (operation) => {
			const [owner, stranger] = [await api.newUser(), await newStranger()];
			const id = await aHold(owner);
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
	["an admin", anAdmin],
])("%s", (who, newAsker) => {
	it.each(open.filter(({ method, path }) => method === "GET" && !LIVE.includes(path)))(
		"is shown at $name what everybody is",
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
			const [mine, everybodys] = [await shown(asker.token), await shown()];
			expect(mine.status).toBe(everybodys.status);
			if (operation.token === "welcome" && who === "the owner") {
				expect(mine.text).not.toBe(everybodys.text);
				expect(mine.text.replaceAll(',"mine":true', "")).toBe(everybodys.text);
			} else expect(mine.text).toBe(everybodys.text);
			expect(everybodys.text).not.toContain(owner.id);
		},
	);
});

describe("a token that is not valid", () => {
	it.each(operations.filter(({ token }) => token !== "ignored"))("is refused at $name, also where none is needed", async (operation) => {
		const isRead = operation.method === "GET" || operation.method === "HEAD";
		const answer = await ask(operation, { token: "not.a.token", ...(!isRead && { body: {} }) });
		expect([answer.status, problemIn(answer).code]).toEqual([401, "unauthenticated"]);
	});
});
