/**
 * Provokes, at every operation of the OpenAPI document, the answers that come before the route's own work: from hooks, or because a store
 * is unreachable. An operation gives such an answer exactly if it declares it, so the tests of the single routes need not repeat them.
 */
import { newUserId } from "@holdfast/domain";
import { mintTokens, waitUntil } from "@holdfast/testing";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { BODY_MAX_BYTES, PLAN_BODY_MAX_BYTES } from "./contract/problems.ts";
import { type AnswerOfHook, OF_THE_ROUTE } from "./testing/answers-of-hooks.ts";
import { withoutPostgres, withoutRedis } from "./testing/broken-apps.ts";
import { isForStaff, isRead, listOperations, type Operation, requestOf } from "./testing/list-operations.ts";
import { withoutTables } from "./testing/provoke.ts";
import type { TestAnswer } from "./testing/read-answers.ts";
import { JWT_SECRET, startTestApi, type TestApp, type TestCall } from "./testing/start-test-api.ts";

/** The largest body of an operation that accepts more than `BODY_MAX_BYTES`. */
const BODY_MAX_BYTES_OF: Readonly<Record<string, number>> = { createSeatPlan: PLAN_BODY_MAX_BYTES };
/** What an example lacks to get as far as the stores. The token in the document has the form of no token. */
const ADDED_TO_BODY: Readonly<Record<string, object>> = {
	refreshSession: { refreshToken: Buffer.alloc(84, 1).toString("base64url") },
	createShowtime: { startsAt: "2099-01-01T20:00:00Z" },
	blockSeats: { block: ["A1"] },
};

const rates = { userBurst: 10_000, userRate: 10_000, authPerAddress: 10_000, authPerAccount: 10_000, refreshPerAddress: 10_000 };
const api = await startTestApi({ rates });
afterAll(() => api.close());
const operations = listOperations((await api.call("GET //openapi.json")).body);
beforeAll(async () => {
	await connected(api);
});

const tokenOf = (role: "user" | "admin"): string | undefined => mintTokens(JWT_SECRET, [newUserId()], role)[0];
const admin = tokenOf("admin");

/** Calls the operation, as an admin where it reads a token. */
const ask = (app: TestApp, operation: Operation, options: TestCall = {}): Promise<TestAnswer> =>
	app.call(requestOf(operation), { ...(operation.token !== "ignored" && { token: admin }), ...options });

/** Calls the operation with a body that none accepts, so that nothing is changed. */
const askUnreadably = (app: TestApp, operation: Operation, options: TestCall = {}): Promise<TestAnswer> =>
	ask(app, operation, { ...(!isRead(operation) && { body: "{ not json" }), ...options });

/** Sends the operation a request that it accepts, as far as that can be said without its resources. */
const askWell = (app: TestApp, operation: Operation): Promise<TestAnswer> =>
	ask(app, operation, {
		...(operation.body !== undefined && { body: { ...Object(operation.body), ...ADDED_TO_BODY[operation.operationId] } }),
	});

/** Waits until the app has its connection to Redis. On a busy machine a new one takes longer than a request waits for it. */
async function connected(app: TestApp): Promise<TestApp> {
	await waitUntil("the app to reach Redis", async () => (await app.call("GET /bookings", { token: tokenOf("user") })).status !== 503);
	return app;
}

const textOf = ({ status, body }: TestAnswer): string => `${status} ${Object(body).code ?? ""}`.trimEnd();

/** Returns the operations that give this answer although they do not declare it, or declare it and do not give it. */
async function findViolations(answer: AnswerOfHook, provoke: (operation: Operation) => Promise<string>): Promise<string[]> {
	const seen: { operation: Operation; text: string }[] = [];
	for (const operation of operations) seen.push({ operation, text: await provoke(operation) });
	return seen
		.filter(({ operation }) => OF_THE_ROUTE[operation.operationId]?.includes(answer) !== true)
		.filter(({ operation: { answers }, text }) => answers.has(answer) !== (text === answer))
		.map(({ operation: { name, answers }, text }) => `${name} ${answers.has(answer) ? "declares" : "does not declare"} it, got ${text}`);
}

it("the document has operations of the staff, of users and of everyone", () => {
	for (const token of ["required", "optional", "ignored"]) expect(operations.some((operation) => operation.token === token)).toBe(true);
	expect(operations.filter(isForStaff).length).toBeGreaterThanOrEqual(4);
});

describe("401 unauthenticated", () => {
	it("refuses an invalid access token at exactly the operations that declare the answer", async () => {
		const provoke = async (operation: Operation) => textOf(await askUnreadably(api, operation, { token: "not.a.token" }));
		expect(await findViolations("401 unauthenticated", provoke)).toEqual([]);
	});

	it("refuses a missing access token at exactly the operations that require one", async () => {
		const refusing = [];
		for (const operation of operations)
			if (textOf(await askUnreadably(api, operation, { token: undefined })) === "401 unauthenticated") refusing.push(operation.name);
		expect(refusing).toEqual(operations.filter(({ token }) => token === "required").map(({ name }) => name));
	});
});

describe("403 forbidden", () => {
	it("refuses a user without the role at exactly the operations that declare the answer, which are those of the staff", async () => {
		const token = tokenOf("user");
		const provoke = async (operation: Operation) =>
			textOf(await askUnreadably(api, operation, operation.token === "ignored" ? {} : { token }));
		expect(await findViolations("403 forbidden", provoke)).toEqual([]);
		for (const operation of operations)
			expect([operation.name, operation.answers.has("403 forbidden")]).toEqual([operation.name, isForStaff(operation)]);
	});
});

describe("413 payload_too_large", () => {
	it("refuses a body one byte over the limit at exactly the operations that declare the answer, and no body at the limit", async () => {
		const atLimit: string[] = [];
		const provoke = async (operation: Operation) => {
			const maxBytes = BODY_MAX_BYTES_OF[operation.operationId] ?? BODY_MAX_BYTES;
			const bodyOf = (bytes: number) => JSON.stringify({ x: "x".repeat(bytes - 8) });
			atLimit.push(textOf(await ask(api, operation, { body: bodyOf(maxBytes) })));
			return textOf(await ask(api, operation, { body: bodyOf(maxBytes + 1) }));
		};
		expect(await findViolations("413 payload_too_large", provoke)).toEqual([]);
		expect(atLimit).not.toContain("413 payload_too_large");
	});
});

describe("415 unsupported_media_type", () => {
	it("refuses a form at exactly the operations that declare the answer", async () => {
		const form = { body: "email=ada", headers: { "content-type": "application/x-www-form-urlencoded" } };
		const provoke = async (operation: Operation) => textOf(await ask(api, operation, form));
		expect(await findViolations("415 unsupported_media_type", provoke)).toEqual([]);
	});
});

describe("429 too_many_requests", () => {
	it("refuses the second request of a user or an address, at a rate of one, at exactly the operations that declare the answer", async () => {
		const rate = { userBurst: 1, userRate: 0.001, authPerAddress: 1, refreshPerAddress: 1 };
		const strict = await connected(await api.startAnother({ rates: rate, trustProxy: ["127.0.0.1"] }));
		const provoke = async (operation: Operation) => {
			const options = {
				headers: { "x-forwarded-for": `192.0.2.${operations.indexOf(operation)}` },
				...(operation.token !== "ignored" && { token: tokenOf("admin") }),
			};
			const [first, second] = [await askUnreadably(strict, operation, options), await askUnreadably(strict, operation, options)];
			if (second.status === 429 && !(Number(second.headers["retry-after"]) > 0)) return "429 without a time to wait";
			return first.status === 429 ? "429 at the rate" : textOf(second);
		};
		expect(await findViolations("429 too_many_requests", provoke)).toEqual([]);
	});
});

describe("500 internal", () => {
	it("is answered on a database without tables by exactly the operations that declare it, without the name of a table", async () => {
		const app = await connected(await withoutTables(api, { rates }));
		const provoke = async (operation: Operation) => {
			const answer = await askWell(app, operation);
			return /relation|select |insert /i.test(JSON.stringify(answer.body)) ? "SQL" : textOf(answer);
		};
		expect(await findViolations("500 internal", provoke)).toEqual([]);
	});
});

describe("503 unavailable", () => {
	it("is answered without Postgres or without Redis by exactly the operations that declare it", async () => {
		const noPostgres = await withoutPostgres(api, { rates });
		// At once: each waits a second for Redis.
		const noRedis = await withoutRedis(api, { rates });
		const withoutRedisAnswers = await Promise.all(operations.map((operation) => askWell(noRedis, operation)));
		const provoke = async (operation: Operation) => {
			const answers = [await askWell(noPostgres, operation), withoutRedisAnswers[operations.indexOf(operation)]];
			const refused = answers.find((answer) => answer !== undefined && textOf(answer) === "503 unavailable");
			if (refused === undefined) return answers.map((answer) => answer && textOf(answer)).join(" and ");
			return refused.headers["retry-after"] === "2" ? textOf(refused) : "503 without a time to wait";
		};
		expect(await findViolations("503 unavailable", provoke)).toEqual([]);
	});

	it("is answered without Redis by every operation that reads a token or counts attempts, because none could be refused", async () => {
		const app = await withoutRedis(api, { rates });
		const guarded = operations.filter(({ token }) => token !== "ignored");
		const counted = operations.filter(({ path }) => ["register", "login", "refresh"].some((name) => path === `/api/v1/auth/${name}`));
		const seen = await Promise.all([...guarded, ...counted].map(async (own) => `${own.name} ${textOf(await askWell(app, own))}`));
		expect(seen).toEqual([...guarded, ...counted].map(({ name }) => `${name} 503 unavailable`));
	});
});
