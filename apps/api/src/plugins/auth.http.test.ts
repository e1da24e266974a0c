import { createHmac, createSign, generateKeyPairSync, randomUUID } from "node:crypto";
import { waitUntil } from "@holdfast/testing";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { problemIn } from "../testing/read-answers.ts";
import { JWT_SECRET, startTestApi, type TestApi, type TestUser } from "../testing/start-test-api.ts";

let api: TestApi;
let user: TestUser;
beforeAll(async () => {
	// All requests of this file are sent by one user.
	api = await startTestApi({ rates: { userBurst: 10_000, userRate: 10_000 } });
	user = await api.newUser();
});
afterAll(() => api.close());

const nowSeconds = () => Math.floor(Date.now() / 1000);
const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString("base64url");

/** Builds a token by hand, so that any of its parts can be made invalid. */
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
const OWN_SECRET = "a secret of the attacker, long enough for HS256";
const OWN_JWK = { kty: "oct", k: Buffer.from(OWN_SECRET).toString("base64url") };

/** Returns a token that is signed with RS256 and says so. */
function signedByPair({ privateKey }: typeof KEY_PAIR): string {
	const [, tokenClaims] = token({}).split(".");
	const signed = `${encode({ alg: "RS256", typ: "JWT" })}.${tokenClaims}`;
	return `${signed}.${createSign("RSA-SHA256").update(signed).sign(privateKey).toString("base64url")}`;
}

const me = (authorization?: string) => api.call("GET /auth/me", { headers: authorization === undefined ? {} : { authorization } });

describe("a valid token", () => {
	it("is accepted, whatever the case of its scheme", async () => {
		expect((await me(`Bearer ${token({})}`)).status).toBe(200);
		expect((await me(`bearer ${token({})}`)).status).toBe(200);
	});

	it("is refused from its expiry on, even if it was accepted before", async () => {
		const brief = `Bearer ${token({ tokenClaims: { exp: nowSeconds() + 3 } })}`;
		expect((await me(brief)).status).toBe(200);
		expect((await me(brief)).status).toBe(200);
		await waitUntil("the token to be refused", async () => (await me(brief)).status === 401);
		expect(problemIn(await me(brief)).code).toBe("unauthenticated");
	});
});

describe("401 unauthenticated", () => {
	const cases: [string, () => string | undefined][] = [
		["no token", () => undefined],
		["a token of another scheme", () => `Basic ${Buffer.from("ada:secret").toString("base64")}`],
		["an empty token", () => "Bearer "],
		["text that is not a token", () => "Bearer a.b.c"],
		["two tokens", () => `Bearer ${token({})} ${token({})}`],
		["a token signed with another secret", () => `Bearer ${token({ secret: "another secret of enough characters" })}`],
		["a token without a signature", () => `Bearer ${encode({ alg: "none", typ: "JWT" })}.${token({}).split(".")[1]}.`],
		["a token signed with another algorithm", () => `Bearer ${token({ header: { alg: "HS512" }, hash: "sha512" })}`],
		["a token with a changed claim", () => changed()],
		["a token of another issuer", () => `Bearer ${token({ tokenClaims: { iss: "another" } })}`],
		["a token for another audience", () => `Bearer ${token({ tokenClaims: { aud: "another-api" } })}`],
		["an expired token", () => `Bearer ${token({ tokenClaims: { exp: nowSeconds() - 1 } })}`],
		["a token that never expires", () => `Bearer ${token({ tokenClaims: { exp: undefined } })}`],
		["a token without a user", () => `Bearer ${token({ tokenClaims: { sub: undefined } })}`],
		["a token with an invalid user id", () => `Bearer ${token({ tokenClaims: { sub: "root" } })}`],
		["a token with an unknown role", () => `Bearer ${token({ tokenClaims: { role: "root" } })}`],
		["a token without an id", () => `Bearer ${token({ tokenClaims: { jti: undefined } })}`],
		["a token without a family", () => `Bearer ${token({ tokenClaims: { family: undefined } })}`],
		["a token with an invalid family", () => `Bearer ${token({ tokenClaims: { family: "' or 1=1" } })}`],
		["a token whose family is a list", () => `Bearer ${token({ tokenClaims: { family: [randomUUID()] } })}`],
		["a token signed with RS256", () => `Bearer ${signedByPair(KEY_PAIR)}`],
		["a token signed with a public key as the HS256 secret", () => `Bearer ${token({ secret: PUBLIC_KEY })}`],
		["a token that says RS256 and is signed with the HS256 secret", () => `Bearer ${token({ header: { alg: "RS256" } })}`],
		["a token whose algorithm is in lower case", () => `Bearer ${token({ header: { alg: "hs256" } })}`],
		["a token that contains its own key", () => `Bearer ${token({ header: { jwk: OWN_JWK }, secret: OWN_SECRET })}`],
		["a token that is not valid yet", () => `Bearer ${token({ tokenClaims: { nbf: nowSeconds() + 3600 } })}`],
		["a token that is longer than the API accepts", () => `Bearer ${token({ tokenClaims: { padding: "x".repeat(2_000) } })}`],
		["two Authorization values joined by a comma", () => `Bearer ${token({})}, Bearer ${token({})}`],
	];

	/** Returns a valid token whose role was changed after signing. */
	function changed(): string {
		const [header, tokenClaims = "", signature] = token({}).split(".");
		const all = JSON.parse(Buffer.from(tokenClaims, "base64url").toString());
		return `Bearer ${header}.${encode({ ...all, role: "admin" })}.${signature}`;
	}

	it.each(cases)("answers 401 to a request with %s", async (_name, authorization) => {
		const answer = await me(authorization());
		expect([problemIn(answer).code, answer.headers["www-authenticate"]]).toEqual(["unauthenticated", 'Bearer realm="holdfast"']);
	});

	it("is answered by every booking route before the body is read", async () => {
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
	it("is refused with all of its tokens, including verified ones, and other families are not", async () => {
		const family = randomUUID();
		const [one, two, other] = [token({ tokenClaims: { family } }), token({ tokenClaims: { family } }), token({})];
		expect((await me(`Bearer ${one}`)).status).toBe(200);
		await api.authStore.deny(family, Date.now() + 60_000);
		for (const denied of [one, two]) expect(problemIn(await me(`Bearer ${denied}`)).code).toBe("unauthenticated");
		expect((await me(`Bearer ${other}`)).status).toBe(200);
	});

	it("is refused by another process within a second, on routes that require a token and on routes that accept one", async () => {
		const [other, family, showtimeId] = [await api.startAnother(), randomUUID(), await api.newShowtime()];
		const denied = token({ tokenClaims: { family } });
		await waitUntil("the other process to read the deny list", async () => other.authStore.isDenied(family) === false);
		await api.authStore.deny(family, Date.now() + 60_000);
		await waitUntil(
			"the other process to refuse the denied token",
			async () => (await other.call("GET /auth/me", { token: denied })).status === 401,
			1_000,
		);
		expect((await other.call(`GET /showtimes/${showtimeId}/seats`, { token: denied })).status).toBe(401);
		expect((await other.call(`GET /showtimes/${showtimeId}/seats`)).status).toBe(200);
	});
});

describe("503 unavailable", () => {
	it("answers 503 to every request with a token while the deny list cannot be read, and not to requests without one", async () => {
		await api.redis.kill();
		const refused = await waitUntil("the API to notice that Redis is unreachable", async () => {
			const answer = await me(`Bearer ${token({})}`);
			return answer.status === 503 && answer;
		});
		expect(problemIn(refused)).toMatchObject({ code: "unavailable", retryable: true });
		expect(problemIn(await me()).code).toBe("unauthenticated");
		expect((await api.call("GET /movies")).status).toBe(200);
		await api.redis.restart();
		await waitUntil("the API to reach Redis again", async () => (await me(`Bearer ${token({})}`)).status === 200);
	});
});
