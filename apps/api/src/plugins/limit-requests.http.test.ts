import { waitUntil } from "@holdfast/testing";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { problemIn, type TestAnswer } from "../testing/read-answers.ts";
import { startTestApi, type TestApi, type TestApp, type TestUser } from "../testing/start-test-api.ts";
import { watchRedis } from "../testing/watch-redis.ts";
import { accountOf } from "./limit-requests.ts";

let api: TestApi;
beforeAll(async () => {
	api = await startTestApi();
});
afterAll(() => api.close());

/** Lists the user's bookings `count` times, one request after the other. */
async function listMany(app: TestApp, { token }: TestUser, count: number, headers: Record<string, string> = {}): Promise<TestAnswer[]> {
	const answers = [];
	for (let request = 0; request < count; request += 1) answers.push(await app.call("GET /bookings", { token, headers }));
	return answers;
}

const tally = (answers: readonly TestAnswer[]) => [200, 429].map((status) => answers.filter((answer) => answer.status === status).length);

describe("a user's requests to /bookings", () => {
	it("are answered up to the burst, then 429, then answered at the rate", async () => {
		const app = await api.startAnother({ rates: { userBurst: 3, userRate: 1 } });
		const [user, other] = [await api.newUser(), await api.newUser()];
		expect(tally(await listMany(app, user, 3))).toEqual([3, 0]);
		const refused = await app.call("GET /bookings", { token: user.token });
		expect(problemIn(refused)).toMatchObject({ code: "too_many_requests", status: 429, retryable: true });
		expect(refused.headers["retry-after"]).toBe("1");
		expect((await app.call("GET /bookings", { token: other.token })).status).toBe(200);
		await waitUntil("the bucket to refill", async () => (await app.call("GET /bookings", { token: user.token })).status === 200, 2_000);
	});

	it("are answered for a burst of 100 and refused above it", async () => {
		const user = await api.newUser();
		const answers = await listMany(api, user, 101);
		// On a machine that takes a second for them, the bucket has refilled by five.
		expect(tally(answers)[0]).toBeGreaterThanOrEqual(100);
		const more = await listMany(api, user, 100);
		expect(tally(more)[1]).toBeGreaterThan(0);
	});

	it("are counted on all booking routes before the body is read, and not on sign-out", async () => {
		const app = await api.startAnother({ rates: { userBurst: 1, userRate: 1 } });
		const requests = ["POST /bookings", "GET /bookings", "GET /bookings/x", "DELETE /bookings/x", "POST /bookings/x/confirm"];
		for (const request of requests) {
			const user = await api.newUser();
			expect(tally(await listMany(app, user, 1))).toEqual([1, 0]);
			const body = request.startsWith("POST") ? "{ not json" : undefined;
			expect(problemIn(await app.call(request, { token: user.token, body })).code).toBe("too_many_requests");
			expect((await app.call("POST /auth/logout", { token: user.token })).status).toBe(204);
		}
	});

	it("are not counted for clients that are not signed in", async () => {
		const app = await api.startAnother({ rates: { userBurst: 1, userRate: 1 } });
		for (let request = 0; request < 5; request += 1) expect((await app.call("GET /bookings")).status).toBe(401);
	});
});

describe("the limit per address", () => {
	it("does not exist for /bookings unless IP_LIMIT is set", async () => {
		const users = await api.newUsers(5);
		const limited = await api.startAnother({ rates: { ipLimit: 4 } });
		for (const [app, expected] of [
			[api, [5, 0]],
			[limited, [4, 1]],
		] as const) {
			const answers = [];
			for (const { token } of users) answers.push(await app.call("GET /bookings", { token }));
			expect(tally(answers)).toEqual(expected);
		}
	});

	it("counts by the address of the connection, and by X-Forwarded-For only behind a trusted proxy", async () => {
		const user = await api.newUser();
		const forwarded = (address: string) => ({ "x-forwarded-for": address });
		const direct = await api.startAnother({ rates: { ipLimit: 2 } });
		expect(
			tally([...(await listMany(direct, user, 2, forwarded("192.0.2.1"))), ...(await listMany(direct, user, 1, forwarded("192.0.2.2")))]),
		).toEqual([2, 1]);
		const untrusted = await api.startAnother({ rates: { ipLimit: 2 }, trustProxy: ["10.0.0.0/8"] });
		expect(
			tally([
				...(await listMany(untrusted, user, 2, forwarded("192.0.2.1"))),
				...(await listMany(untrusted, user, 1, forwarded("192.0.2.2"))),
			]),
		).toEqual([2, 1]);
		const proxied = await api.startAnother({ rates: { ipLimit: 2 }, trustProxy: ["loopback"] });
		expect(
			tally([...(await listMany(proxied, user, 2, forwarded("192.0.2.1"))), ...(await listMany(proxied, user, 1, forwarded("192.0.2.2")))]),
		).toEqual([3, 0]);
		// An address that the client itself wrote into the header, before the address that the proxy added, is not used.
		expect(tally(await listMany(proxied, user, 1, forwarded("192.0.2.9, 192.0.2.1")))).toEqual([0, 1]);
	});
});

describe("the limit per address behind a proxy", () => {
	const user = async () => (await api.newUser()).token;
	const statusesOf = async (app: TestApp, chains: readonly string[]) => {
		const token = await user();
		const statuses: number[] = [];
		for (const chain of chains) statuses.push((await app.call("GET /bookings", { token, headers: { "x-forwarded-for": chain } })).status);
		return statuses;
	};

	it.each([
		["an IPv4 address with different ports", ["203.0.113.8:1042", "203.0.113.8:1043", "203.0.113.8:1044"]],
		[
			"an IPv6 address in brackets with different ports, and another address of its /64",
			["[2001:db8::1]:443", "[2001:db8::1]:444", "2001:db8::2"],
		],
		["an IPv4 address as plain text, mapped to IPv6, and with a port", ["203.0.113.8", "::ffff:203.0.113.8", "[::ffff:203.0.113.8]:80"]],
		["three texts that are not addresses", ["unknown", "_hidden", "203.0.113.8:port"]],
		[
			"an address in front of a trusted proxy that is written with a port",
			["203.0.113.8:1, 10.0.0.2:443", "203.0.113.8:2, 10.0.0.3:443", "203.0.113.8"],
		],
	])("counts %s as one address", async (_what, chains) => {
		const proxied = await api.startAnother({ rates: { ipLimit: 2 }, trustProxy: ["loopback", "10.0.0.0/8"] });
		expect(await statusesOf(proxied, chains)).toEqual([200, 200, 429]);
	});

	it("counts two addresses separately in front of a trusted proxy that is written with a port", async () => {
		const proxied = await api.startAnother({ rates: { ipLimit: 1 }, trustProxy: ["loopback", "10.0.0.0/8"] });
		expect(await statusesOf(proxied, ["203.0.113.8:1, 10.0.0.2:443", "203.0.113.9:1, 10.0.0.2:443"])).toEqual([200, 200]);
	});

	it("counts an address with different ports as one at sign-in too", async () => {
		const proxied = await api.startAnother({ rates: { authPerAddress: 2 }, trustProxy: ["loopback"] });
		const statuses: number[] = [];
		for (const port of [1042, 1043, 1044]) {
			const headers = { "x-forwarded-for": `203.0.113.77:${port}` };
			statuses.push((await proxied.call("POST /auth/login", { body: {}, headers })).status);
		}
		expect(statuses).toEqual([400, 400, 429]);
	});
});

describe("accountOf", () => {
	it.each([
		["ADA@Example.com", "ada@example.com"],
		["\u0130da@example.com", "ida@example.com"],
		["\u212Aim@example.com", "kim@example.com"],
		["\u03A3@example.com", "\u03C3@example.com"],
	])("returns the same key for %s and %s, as Postgres compares them", async (spelling, equal) => {
		expect(accountOf(spelling)).toBe(accountOf(equal));
		const [row] = await api.sql(`select lower('${spelling}') = lower('${equal}') as same`);
		expect(row?.same).toBe("t");
	});
});

describe("a hold", () => {
	it("takes one round trip to Redis, with all limits checked", async () => {
		const [user, showtimeId] = [await api.newUser(), await api.newShowtime()];
		await api.held(user, showtimeId, ["A1"]);
		await waitUntil("the API to read the deny list", () => api.authStore.isDenied("no-family") === false);
		const commands = await watchRedis(api, async () => {
			await api.held(user, showtimeId, ["A2"]);
			await api.call("POST /bookings", { body: {} });
		});
		expect(commands.map(({ name }) => name)).toEqual(["evalsha"]);
	});
});
