import { createHmac, randomUUID } from "node:crypto";
import { waitUntil } from "@holdfast/testing";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { problemIn } from "../testing/read-answers.ts";
import { JWT_SECRET, startTestApi, type TestApi, type TestUser } from "../testing/start-test-api.ts";

let api: TestApi;
let user: TestUser;
beforeAll(async () => {
	api = await startTestApi();
	user = await api.newUser();
});
afterAll(() => api.close());

const nowSeconds = () => Math.floor(Date.now() / 1000);
const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString("base64url");

/** A token made by hand, so that each of its parts can be wrong. */
function token({
	header = {},
	claims = {},
	secret = JWT_SECRET,
	hash = "sha256",
}: {
	header?: object;
	claims?: object;
	secret?: string;
	hash?: string;
}) {
	const all = { sub: user.id, role: "user", jti: randomUUID(), iss: "holdfast", aud: "holdfast-api", exp: nowSeconds() + 60, ...claims };
	const signed = `${encode({ alg: "HS256", typ: "JWT", ...header })}.${encode(all)}`;
	return `${signed}.${createHmac(hash, secret).update(signed).digest("base64url")}`;
}

const me = (authorization?: string) => api.call("GET /auth/me", { headers: authorization === undefined ? {} : { authorization } });

describe("a valid token", () => {
	it("is taken, whatever the case of its scheme", async () => {
		expect((await me(`Bearer ${token({})}`)).status).toBe(200);
		expect((await me(`bearer ${token({})}`)).status).toBe(200);
	});

	it("is refused from its expiry on, though it was taken a moment before", async () => {
		const brief = `Bearer ${token({ claims: { exp: nowSeconds() + 3 } })}`;
		expect((await me(brief)).status).toBe(200);
		expect((await me(brief)).status).toBe(200);
		await waitUntil("the token to expire", async () => (await me(brief)).status === 401);
		expect(problemIn(await me(brief)).code).toBe("unauthenticated");
	});
});

describe("401 unauthenticated", () => {
	const cases: [string, () => string | undefined][] = [
		["no token", () => undefined],
		["another scheme", () => `Basic ${Buffer.from("ada:secret").toString("base64")}`],
		["an empty token", () => "Bearer "],
		["what is no token", () => "Bearer a.b.c"],
		["two tokens", () => `Bearer ${token({})} ${token({})}`],
		["another key", () => `Bearer ${token({ secret: "another secret of enough characters" })}`],
		["no algorithm", () => `Bearer ${encode({ alg: "none", typ: "JWT" })}.${token({}).split(".")[1]}.`],
		["another algorithm", () => `Bearer ${token({ header: { alg: "HS512" }, hash: "sha512" })}`],
		["a changed claim", () => changed()],
		["another issuer", () => `Bearer ${token({ claims: { iss: "somebody" } })}`],
		["another audience", () => `Bearer ${token({ claims: { aud: "another-api" } })}`],
		["an expired token", () => `Bearer ${token({ claims: { exp: nowSeconds() - 1 } })}`],
		["a token that never expires", () => `Bearer ${token({ claims: { exp: undefined } })}`],
		["a token without a user", () => `Bearer ${token({ claims: { sub: undefined } })}`],
		["a user that cannot exist", () => `Bearer ${token({ claims: { sub: "root" } })}`],
		["a token without an id", () => `Bearer ${token({ claims: { jti: undefined } })}`],
	];

	function changed(): string {
		const [header, , signature] = token({}).split(".");
		return `Bearer ${header}.${encode({ sub: user.id, role: "admin", jti: "1", iss: "holdfast", aud: "holdfast-api", exp: nowSeconds() + 60 })}.${signature}`;
	}

	it.each(cases)("refuses %s", async (_name, authorization) => {
		const answer = await me(authorization());
		expect([problemIn(answer).code, answer.headers["www-authenticate"]]).toEqual(["unauthenticated", 'Bearer realm="holdfast"']);
	});

	it("guards every route that is somebody's own, before it reads what was sent", async () => {
		const id = randomUUID();
		for (const request of [
			"POST /bookings",
			"GET /bookings",
			`GET /bookings/${id}`,
			`DELETE /bookings/${id}`,
			`POST /bookings/${id}/confirm`,
		]) {
			const answer = await api.call(request, request.startsWith("POST") ? { body: "{ not json" } : {});
			expect(problemIn(answer).code).toBe("unauthenticated");
		}
	});
});
