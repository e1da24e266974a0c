import { createHmac, createSign, generateKeyPairSync, randomUUID } from "node:crypto";
import { waitUntil } from "@holdfast/testing";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { problemIn } from "../testing/read-answers.ts";
import { JWT_SECRET, startTestApi, type TestApi, type TestUser } from "../testing/start-test-api.ts";

let api: TestApi;
let user: TestUser;
beforeAll(async () => {
	// One user asks for everything here.
	api = await startTestApi({ rates: { userBurst: 10_000, userRate: 10_000 } });
	user = await api.newUser();
});
afterAll(() => api.close());

const nowSeconds = () => Math.floor(Date.now() / 1000);
const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString("base64url");

/** A token made by hand, so that each of its parts can be wrong. */
function token({
	header = {},
	tokenClaims = {},
	secret = JWT_SECRET,
	hash = "sha256",
}: {
	header?: object;
	tokenClaims?: object;
	secret?: string;
	hash?: string;
}) {
	const all = {
		sub: user.id,
		role: "user",
		jti: randomUUID(),
		family: randomUUID(),
		iss: "holdfast",
		aud: "holdfast-api",
		exp: nowSeconds() + 60,
		...tokenClaims,
	};
	const signed = `${encode({ alg: "HS256", typ: "JWT", ...header })}.${encode(all)}`;
	return `${signed}.${createHmac(hash, secret).update(signed).digest("base64url")}`;
}

const KEY_PAIR = generateKeyPairSync("rsa", { modulusLength: 2048 });
const PUBLIC_KEY = String(KEY_PAIR.publicKey.export({ type: "spki", format: "pem" }));
const OWN_SECRET = "a secret of the attacker's, long enough for anybody";
const OWN_JWK = { kty: "oct", k: Buffer.from(OWN_SECRET).toString("base64url") };

/** A token that says RS256 and is just that. */
function signedByPair({ privateKey }: typeof KEY_PAIR): string {
	const [, tokenClaims] = token({}).split(".");
	const signed = `${encode({ alg: "RS256", typ: "JWT" })}.${tokenClaims}`;
	return `${signed}.${createSign("RSA-SHA256").update(signed).sign(privateKey).toString("base64url")}`;
}

const me = (authorization?: string) => api.call("GET /auth/me", { headers: authorization === undefined ? {} : { authorization } });

describe("a valid token", () => {
	it("is taken, whatever the case of its scheme", async () => {
		expect((await me(`Bearer ${token({})}`)).status).toBe(200);
		expect((await me(`bearer ${token({})}`)).status).toBe(200);
	});

	it("is refused from its expiry on, though it was taken a moment before", async () => {
		const brief = `Bearer ${token({ tokenClaims: { exp: nowSeconds() + 3 } })}`;
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
		["a changed token claim", () => changed()],
		["another issuer", () => `Bearer ${token({ tokenClaims: { iss: "somebody" } })}`],
		["another audience", () => `Bearer ${token({ tokenClaims: { aud: "another-api" } })}`],
		["an expired token", () => `Bearer ${token({ tokenClaims: { exp: nowSeconds() - 1 } })}`],
		["a token that never expires", () => `Bearer ${token({ tokenClaims: { exp: undefined } })}`],
		["a token without a user", () => `Bearer ${token({ tokenClaims: { sub: undefined } })}`],
		["a user that cannot exist", () => `Bearer ${token({ tokenClaims: { sub: "root" } })}`],
		["a role that there is not", () => `Bearer ${token({ tokenClaims: { role: "root" } })}`],
		["a token without an id", () => `Bearer ${token({ tokenClaims: { jti: undefined } })}`],
		["a token without a family", () => `Bearer ${token({ tokenClaims: { family: undefined } })}`],
		["a family that cannot exist", () => `Bearer ${token({ tokenClaims: { family: "' or 1=1" } })}`],
		["a family that is a list", () => `Bearer ${token({ tokenClaims: { family: [randomUUID()] } })}`],
		["a signature by a key pair", () => `Bearer ${signedByPair(KEY_PAIR)}`],
		["a signature by a public key, taken for the secret", () => `Bearer ${token({ secret: PUBLIC_KEY })}`],
		["RS256 in the header over a signature by the secret", () => `Bearer ${token({ header: { alg: "RS256" } })}`],
		["an algorithm in other letters", () => `Bearer ${token({ header: { alg: "hs256" } })}`],
		["a key that the token brings along", () => `Bearer ${token({ header: { jwk: OWN_JWK }, secret: OWN_SECRET })}`],
		["a token of tomorrow", () => `Bearer ${token({ tokenClaims: { nbf: nowSeconds() + 3600 } })}`],
		["a token twice as long as any of ours", () => `Bearer ${token({ tokenClaims: { padding: "x".repeat(2_000) } })}`],
		["a token behind another header's comma", () => `Bearer ${token({})}, Bearer ${token({})}`],
	];

	/** Everything as it was signed, save for the role. */
	function changed(): string {
		const [header, tokenClaims = "", signature] = token({}).split(".");
		const all = JSON.parse(Buffer.from(tokenClaims, "base64url").toString());
		return `Bearer ${header}.${encode({ ...all, role: "admin" })}.${signature}`;
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

describe("a family that was denied", () => {
	it("is refused with every one of its tokens, those verified before included, and no other family is", async () => {
		const family = randomUUID();
		const [one, two, other] = [token({ tokenClaims: { family } }), token({ tokenClaims: { family } }), token({})];
		expect((await me(`Bearer ${one}`)).status).toBe(200);
		await api.authStore.deny(family, Date.now() + 60_000);
		for (const denied of [one, two]) expect(problemIn(await me(`Bearer ${denied}`)).code).toBe("unauthenticated");
		expect((await me(`Bearer ${other}`)).status).toBe(200);
	});

	it("is refused by another process within a second, where a token is needed and where it is only welcome", async () => {
		const [other, family, showtimeId] = [await api.another(), randomUUID(), await api.newShowtime()];
		const denied = token({ tokenClaims: { family } });
		await waitUntil("the other to hear of denials", async () => other.authStore.isDenied(family) === false);
		await api.authStore.deny(family, Date.now() + 60_000);
		await waitUntil("it to hear of this one", async () => (await other.call("GET /auth/me", { token: denied })).status === 401, 1_000);
		expect((await other.call(`GET /showtimes/${showtimeId}/seats`, { token: denied })).status).toBe(401);
		expect((await other.call(`GET /showtimes/${showtimeId}/seats`)).status).toBe(200);
	});
});

describe("503 unavailable", () => {
	it("is the answer to every token while nobody can tell whether it was denied, and not to those without one", async () => {
		await api.redis.kill();
		const needy = await waitUntil("the loss to be noticed", async () => {
			const answer = await me(`Bearer ${token({})}`);
			return answer.status === 503 && answer;
		});
		expect(problemIn(needy)).toMatchObject({ code: "unavailable", retryable: true });
		expect(problemIn(await me()).code).toBe("unauthenticated");
		expect((await api.call("GET /movies")).status).toBe(200);
		await api.redis.restart();
		await waitUntil("it to be heard again", async () => (await me(`Bearer ${token({})}`)).status === 200);
	});
});
