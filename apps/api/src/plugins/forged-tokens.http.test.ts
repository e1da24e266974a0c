import { randomBytes, randomUUID } from "node:crypto";
import { setImmediate as nextTurn } from "node:timers/promises";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { byRunLength } from "@holdfast/testing";
import { afterAll, beforeAll, expect, it } from "vitest";
import { startTestApi, type TestApi } from "../testing/start-test-api.ts";

let api: TestApi;
beforeAll(async () => {
	api = await startTestApi();
});
afterAll(() => api.close());

const FORGED = byRunLength({ short: 2_500, long: 10_000 });
/** The memory that each request may leave behind: a sixteenth of what a cached token takes. */
const KEPT_BYTES_MAX = FORGED * 400;
const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString("base64url");

/** Returns a token with a random signature, as long as the API accepts. */
function forgedToken(): string {
	const tokenClaims = {
		sub: randomUUID(),
		role: "user",
		jti: randomUUID(),
		family: randomUUID(),
		padding: randomBytes(640).toString("hex"),
	};
	return `${encode({ alg: "HS256", typ: "JWT" })}.${encode(tokenClaims)}.${randomBytes(32).toString("base64url")}`;
}

/** Sends a request with this token and returns its status. Waits one turn of the event loop, so that its memory can be freed. */
async function statusFor(token: string): Promise<number> {
	const { statusCode } = await api.app.inject({ url: "/api/v1/auth/me", headers: { authorization: `Bearer ${token}` } });
	await nextTurn();
	return statusCode;
}

it(`requests with ${FORGED} forged tokens leave no tokens in memory`, async () => {
	setFlagsFromString("--expose-gc");
	const collect: () => void = runInNewContext("gc");
	const heapBytes = () => {
		collect();
		collect();
		return process.memoryUsage().heapUsed;
	};
	for (let warmUp = 0; warmUp < 1_000; warmUp += 1) await statusFor("not.a.token");
	const before = heapBytes();
	let refused = 0;
	for (let sent = 0; sent < FORGED; sent += 1) if ((await statusFor(forgedToken())) === 401) refused += 1;
	expect(refused).toBe(FORGED);
	const keptBytes = heapBytes() - before;
	console.log(`${FORGED} forged tokens: ${(keptBytes / 1024 / 1024).toFixed(1)} MB kept`);
	expect(keptBytes).toBeLessThan(KEPT_BYTES_MAX);
});
