import { connect } from "node:net";
import { WRITE_PROBE_KEY } from "@holdfast/seat-store/testing";
import { waitUntil } from "@holdfast/testing";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { problemIn, type TestAnswer } from "../testing/read-answers.ts";
import { startTestApi, type TestApi, type TestApp, type TestUser } from "../testing/start-test-api.ts";
import { accountOf } from "./limit-requests.ts";

let api: TestApi;
beforeAll(async () => {
	api = await startTestApi();
});
afterAll(() => api.close());

/** Ask for one's bookings so often, one after the other. */
async function askMany(app: TestApp, { token }: TestUser, count: number, headers: Record<string, string> = {}): Promise<TestAnswer[]> {
	const answers = [];
	for (let request = 0; request < count; request += 1) answers.push(await app.call("GET /bookings", { token, headers }));
	return answers;
}

const tally = (answers: readonly TestAnswer[]) => [200, 429].map((status) => answers.filter((answer) => answer.status === status).length);

describe("a user's requests to /bookings", () => {
	it("are answered up to the burst, refused past it, and answered again at the rate", async () => {
		const app = await api.another({ rates: { userBurst: 3, userRate: 1 } });
		const [user, other] = [await api.newUser(), await api.newUser()];
		expect(tally(await askMany(app, user, 3))).toEqual([3, 0]);
		const refused = await app.call("GET /bookings", { token: user.token });
		expect(problemIn(refused)).toMatchObject({ code: "too_many_requests", status: 429, retryable: true });
		expect(refused.headers["retry-after"]).toBe("1");
		expect((await app.call("GET /bookings", { token: other.token })).status).toBe(200);
		await waitUntil("a token", async () => (await app.call("GET /bookings", { token: user.token })).status === 200, 2_000);
	});

	it("may be 100 at once, whichever they are", async () => {
		const user = await api.newUser();
		const answers = await askMany(api, user, 101);
		// A machine that takes a second for them has refilled five.
		expect(tally(answers)[0]).toBeGreaterThanOrEqual(100);
		const more = await askMany(api, user, 100);
		expect(tally(more)[1]).toBeGreaterThan(0);
	});

	it("count on every one of its routes, refused before the body is read, and not where one signs out", async () => {
		const app = await api.another({ rates: { userBurst: 1, userRate: 1 } });
		const requests = ["POST /bookings", "GET /bookings", "GET /bookings/x", "DELETE /bookings/x", "POST /bookings/x/confirm"];
		for (const request of requests) {
			const user = await api.newUser();
			expect(tally(await askMany(app, user, 1))).toEqual([1, 0]);
			const body = request.startsWith("POST") ? "{ not json" : undefined;
			expect(problemIn(await app.call(request, { token: user.token, body })).code).toBe("too_many_requests");
			expect((await app.call("POST /auth/logout", { token: user.token })).status).toBe(204);
		}
	});

	it("are not counted for one who is not signed in", async () => {
		const app = await api.another({ rates: { userBurst: 1, userRate: 1 } });
		for (let request = 0; request < 5; request += 1) expect((await app.call("GET /bookings")).status).toBe(401);
	});
});

describe("an address", () => {
	it("may send what it likes to /bookings, unless a limit is set", async () => {
		const users = await api.newUsers(5);
		const limited = await api.another({ rates: { ipLimit: 4 } });
		for (const [app, expected] of [
			[api, [5, 0]],
			[limited, [4, 1]],
		] as const) {
			const answers = [];
			for (const { token } of users) answers.push(await app.call("GET /bookings", { token }));
			expect(tally(answers)).toEqual(expected);
		}
	});

	it("is that of the connection, whatever the client writes, unless a proxy is trusted", async () => {
		const user = await api.newUser();
		const forwarded = (address: string) => ({ "x-forwarded-for": address });
		const direct = await api.another({ rates: { ipLimit: 2 } });
		expect(
			tally([...(await askMany(direct, user, 2, forwarded("192.0.2.1"))), ...(await askMany(direct, user, 1, forwarded("192.0.2.2")))]),
		).toEqual([2, 1]);
		const strangers = await api.another({ rates: { ipLimit: 2 }, trustProxy: ["10.0.0.0/8"] });
		expect(
			tally([
				...(await askMany(strangers, user, 2, forwarded("192.0.2.1"))),
				...(await askMany(strangers, user, 1, forwarded("192.0.2.2"))),
			]),
		).toEqual([2, 1]);
		const proxied = await api.another({ rates: { ipLimit: 2 }, trustProxy: ["loopback"] });
		expect(
			tally([...(await askMany(proxied, user, 2, forwarded("192.0.2.1"))), ...(await askMany(proxied, user, 1, forwarded("192.0.2.2")))]),
		).toEqual([3, 0]);
		// What the client wrote before the proxy added its own address is not believed.
		expect(tally(await askMany(proxied, user, 1, forwarded("192.0.2.9, 192.0.2.1")))).toEqual([0, 1]);
	});
});

describe("an address behind a proxy", () => {
	const user = async () => (await api.newUser()).token;
	const statusesOf = async (app: TestApp, chains: readonly string[]) => {
		const token = await user();
		const statuses: number[] = [];
		for (const chain of chains) statuses.push((await app.call("GET /bookings", { token, headers: { "x-forwarded-for": chain } })).status);
		return statuses;
	};

	it.each([
		["with a port", ["203.0.113.8:1042", "203.0.113.8:1043", "203.0.113.8:1044"]],
		["of IPv6 in brackets with a port, and another of its /64", ["[2001:db8::1]:443", "[2001:db8::1]:444", "2001:db8::2"]],
		["as IPv4, mapped, and with a port", ["203.0.113.8", "::ffff:203.0.113.8", "[::ffff:203.0.113.8]:80"]],
		["that is none, in three spellings", ["unknown", "_hidden", "203.0.113.8:port"]],
		[
			"in front of a trusted proxy that is named with a port",
			["203.0.113.8:1, 10.0.0.2:443", "203.0.113.8:2, 10.0.0.3:443", "203.0.113.8"],
		],
	])("is one address: %s", async (_what, chains) => {
		const proxied = await api.another({ rates: { ipLimit: 2 }, trustProxy: ["loopback", "10.0.0.0/8"] });
		expect(await statusesOf(proxied, chains)).toEqual([200, 200, 429]);
	});

	it("is its own in front of a trusted proxy that is named with a port", async () => {
		const proxied = await api.another({ rates: { ipLimit: 1 }, trustProxy: ["loopback", "10.0.0.0/8"] });
		expect(await statusesOf(proxied, ["203.0.113.8:1, 10.0.0.2:443", "203.0.113.9:1, 10.0.0.2:443"])).toEqual([200, 200]);
	});

	it("is one attempt's address at sign-in too, whatever its port", async () => {
		const proxied = await api.another({ rates: { authPerAddress: 2 }, trustProxy: ["loopback"] });
		const statuses: number[] = [];
		for (const port of [1042, 1043, 1044]) {
			const headers = { "x-forwarded-for": `203.0.113.77:${port}` };
			statuses.push((await proxied.call("POST /auth/login", { body: {}, headers })).status);
		}
		expect(statuses).toEqual([400, 400, 429]);
	});
});

describe("an account", () => {
	it.each([
		["ADA@Example.com", "ada@example.com"],
		["\u0130da@example.com", "ida@example.com"],
		["\u212Aim@example.com", "kim@example.com"],
		["\u03A3@example.com", "\u03C3@example.com"],
	])("of %s is that of %s, as Postgres compares them", async (written, meant) => {
		expect(accountOf(written)).toBe(accountOf(meant));
		const [row] = await api.sql(`select lower('${written}') = lower('${meant}') as same`);
		expect(row?.same).toBe("t");
	});
});

describe("a hold", () => {
	it("remains one round trip to Redis, with everything that is checked on the way", async () => {
		const [user, showtimeId] = [await api.newUser(), await api.newShowtime()];
		await api.held(user, showtimeId, ["A1"]);
		await waitUntil("denials to be heard", () => api.authStore.isDenied("nobody") === false);
		const commands = await watchRedis(api, async () => {
			await api.held(user, showtimeId, ["A2"]);
			await api.call("POST /bookings", { body: {} });
		});
		expect(commands).toEqual(["evalsha"]);
	});
});

/** Heartbeats, and the look at the server that each process takes once a second. */
const isOfHealth = ({ name, rest }: { name: string; rest: string }) =>
	["ping", "info", "config"].includes(name) || (name === "set" && rest.includes(`"${WRITE_PROBE_KEY}"`));

/** The commands that clients send while this runs; a script's own, and those that no request causes, are left out. */
async function watchRedis({ redis }: TestApi, run: () => Promise<unknown>): Promise<string[]> {
	const socket = connect(redis.port, "127.0.0.1");
	let text = "";
	socket.on("data", (chunk) => {
		text += chunk.toString();
	});
	socket.write("MONITOR\r\n");
	await waitUntil("the monitor", () => text.includes("+OK"));
	await run();
	await api.authStore.countAttempt("end", "of-the-watch", 1_000);
	await waitUntil("the end", () => text.includes("attempts:end"));
	socket.destroy();
	return [...text.matchAll(/^\+\S+ \[\d+ (\S+)\] "(\w+)"([^\r\n]*)/gm)]
		.filter(([, from]) => from !== "lua")
		.map(([, , name = "", rest = ""]) => ({ name: name.toLowerCase(), rest }))
		.filter((command) => !isOfHealth(command) && !command.rest.includes("attempts:end"))
		.map(({ name }) => name);
}
