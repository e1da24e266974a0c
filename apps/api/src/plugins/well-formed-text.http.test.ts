import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { sendRaw } from "../testing/fuzz/send-raw.ts";
import { originOf } from "../testing/read-stream.ts";
import { sessionIn } from "../testing/sign-in.ts";
import { startTestApi, type TestApi } from "../testing/start-test-api.ts";

const EMAIL = "zoe@example.com";
const PASSWORD = "pässwört für alle";
const ILL_FORMED = "must be well-formed Unicode: it contains an unpaired surrogate";

let api: TestApi;
let port: number;
let token: string;
beforeAll(async () => {
	api = await startTestApi({ rates: { authPerAddress: 1_000, authPerAccount: 1_000 } });
	port = Number(new URL(await originOf(api)).port);
	const registered = await api.call("POST /auth/register", { body: { email: EMAIL, password: PASSWORD, displayName: "Zoë" } });
	token = sessionIn(registered).accessToken;
});
afterAll(() => api.close());

type Wire = { readonly status: number; readonly body: Record<string, unknown> };

/** Sends exactly these bytes: no HTTP client repairs them. */
async function ask(line: string, headers: readonly string[], body: Buffer): Promise<Wire> {
	const own = [...headers, "host: api.test", "connection: close", ...(body.length > 0 ? [`content-length: ${body.length}`] : [])];
	const bytes = Buffer.concat([Buffer.from(`${line} HTTP/1.1\r\n${own.join("\r\n")}\r\n\r\n`, "latin1"), body]);
	const outcome = await sendRaw(port, bytes, { isHead: false, deadlineMs: 30_000 });
	if (outcome.outcome !== "answered") throw new Error(`no answer: ${outcome.outcome}`);
	return { status: outcome.status, body: outcome.body === "" ? {} : Object(JSON.parse(outcome.body)) };
}

const post = (body: Buffer, type = "application/json", path = "/api/v1/auth/login") => ask(`POST ${path}`, [`content-type: ${type}`], body);
const get = (target: string, headers: readonly string[] = []) => ask(`GET ${target}`, headers, Buffer.alloc(0));
const credentials = (password = PASSWORD) => JSON.stringify({ email: EMAIL, password });
const codeOf = ({ status, body }: Wire) => [status, body.code ?? null];

describe("a request body", () => {
	it("is answered 400 when the correct password arrives in Latin-1 or with other bytes that are not UTF-8", async () => {
		expect((await post(Buffer.from(credentials(), "utf8"))).status).toBe(200);
		for (const body of [Buffer.from(credentials(), "latin1"), Buffer.from(credentials().replaceAll("ä", "\xfe"), "latin1")]) {
			const answer = await post(body);
			expect(codeOf(answer)).toEqual([400, "invalid_request"]);
			expect(answer.body.errors).toEqual([{ pointer: "", message: "the body is not valid UTF-8" }]);
		}
	});

	it.each([
		["a lone continuation byte", [0x80]],
		["a sequence cut short", [0xe2, 0x82]],
		["an overlong slash", [0xc0, 0xaf]],
		["an encoded surrogate", [0xed, 0xa0, 0x80]],
		["a code point past U+10FFFF", [0xf4, 0x90, 0x80, 0x80]],
		["the byte ff", [0xff]],
	])("is answered 400 for %s in a value or in a name", async (_what, bytes) => {
		const odd = Buffer.from(bytes);
		for (const [head, tail] of [
			['{"email":"', '","password":"x"}'],
			['{"', '":1}'],
		] as const) {
			const answer = await post(Buffer.concat([Buffer.from(head), odd, Buffer.from(tail)]));
			expect([...codeOf(answer), answer.body.errors]).toEqual([
				400,
				"invalid_request",
				[{ pointer: "", message: "the body is not valid UTF-8" }],
			]);
		}
	});

	it("is answered 400 with a pointer to each ill-formed string or property name at any depth", async () => {
		const body = '{"email":"a\\ud800@example.com","password":"\\uDFFF","a/b":[{"c":["fine","\\uD83D \\uDE00"]}],"d":{"\\udc00":1}}';
		const { status, body: problem } = await post(Buffer.from(body));
		expect([status, problem.code]).toEqual([400, "invalid_request"]);
		expect(problem.errors).toEqual(
			expect.arrayContaining([
				{ pointer: "/email", message: ILL_FORMED },
				{ pointer: "/password", message: ILL_FORMED },
				{ pointer: "/a~1b/0/c/1", message: ILL_FORMED },
				{ pointer: "/d", message: "must have well-formed property names: one contains an unpaired surrogate" },
			]),
		);
		expect(problem.errors).toHaveLength(4);
		expect(JSON.stringify(problem)).not.toMatch(/\\ud[89a-f]/i);
	});

	it("gets at most twenty errors for ill-formed strings", async () => {
		const of = async (count: number) =>
			(await post(Buffer.from(JSON.stringify(Array.from({ length: count }, () => "\ud800"))))).body.errors;
		expect([await of(20), await of(21)]).toEqual([Array(20).fill(expect.anything()), Array(20).fill(expect.anything())]);
	});

	it("is accepted with paired surrogates, escaped or not, and after one byte order mark", async () => {
		const escaped = credentials("\ud83d\ude00 wrong").replace("\ud83d\ude00", "\\ud83d\\uDE00");
		expect(codeOf(await post(Buffer.from(escaped)))).toEqual([401, "invalid_credentials"]);
		expect(codeOf(await post(Buffer.from(credentials("\ud83d\ude00 wrong"))))).toEqual([401, "invalid_credentials"]);
		// RFC 8259, 8.1: a parser may ignore one byte order mark. A second one is part of the text.
		expect((await post(Buffer.from(`\ufeff${credentials()}`))).status).toBe(200);
		expect(codeOf(await post(Buffer.from(`\ufeff\ufeff${credentials()}`)))).toEqual([400, "invalid_request"]);
		expect(codeOf(await post(Buffer.from(`\ufeff${credentials()}`, "utf16le")))).toEqual([400, "invalid_request"]);
	});

	it.each([
		"application/json; charset=iso-8859-1",
		"application/json;charset=utf-16",
		"application/json; charset=us-ascii",
		'application/json; charset="windows-1252"',
		"application/json; charset=",
		"application/json; charset=utf-8; charset=iso-8859-1",
		"application/json; CHARSET=Latin1",
		"application/json; v=1; charset = koi8-r",
	])("is answered 415 when it is sent as %s", async (type) => {
		expect(codeOf(await post(Buffer.from(credentials()), type))).toEqual([415, "unsupported_media_type"]);
	});

	it.each([
		"application/json; charset=utf-8",
		"application/json;charset=UTF-8",
		'application/json; charset="UTF-8"',
		"Application/JSON; Charset=Utf-8; v=1",
		"application/json; v=1",
	])("is accepted when it is sent as %s", async (type) => {
		expect((await post(Buffer.from(credentials()), type)).status).toBe(200);
	});

	it("is answered 415 when it has a content coding", async () => {
		const send = (coding: string) =>
			ask("POST /api/v1/auth/login", ["content-type: application/json", `content-encoding: ${coding}`], Buffer.from(credentials()));
		expect(codeOf(await send("gzip"))).toEqual([415, "unsupported_media_type"]);
		expect((await send("identity")).status).toBe(200);
	});

	it.each(["POST /api/v1/auth/logout", "DELETE /api/v1/bookings/0191d3a0-0000-7000-8000-000000000001"])(
		"is answered 400 for invalid UTF-8 on a route without a body: %s",
		async (line) => {
			const headers = ["content-type: application/json", `authorization: Bearer ${token}`];
			expect(codeOf(await ask(line, headers, Buffer.from('{"\xff":1}', "latin1")))).toEqual([400, "invalid_request"]);
		},
	);
});

/** Percent-encoded bytes that are not UTF-8, and text that is not valid percent-encoding. */
const BAD_ENCODINGS = ["%ff", "%80", "%c3", "%c0%af", "%ed%a0%80", "%f4%90%80%80", "%ED%A0%BD%ED%B8%80", "caf%e9", "50%", "%zz"];

describe("a query string", () => {
	it.each(BAD_ENCODINGS)("is answered 400 for %s in a value or in a name", async (bad) => {
		const inValue = await get(`/api/v1/movies?limit=1&q=${bad}`);
		expect([...codeOf(inValue), inValue.body.errors]).toEqual([
			400,
			"invalid_request",
			[{ pointer: "/query/q", message: "must be percent-encoded UTF-8" }],
		]);
		const inName = await get(`/api/v1/movies?${bad}=1`);
		expect([...codeOf(inName), inName.body.errors]).toEqual([
			400,
			"invalid_request",
			[{ pointer: "/query", message: "must be percent-encoded UTF-8" }],
		]);
	});

	it("is answered 400 for bytes that are not percent-encoded, valid UTF-8 or not", async () => {
		for (const bytes of ["caf\xe9", "caf\xc3\xa9"])
			expect(codeOf(await get(`/api/v1/movies?q=${bytes}`))).toEqual([400, "invalid_request"]);
	});

	it("is accepted when it is percent-encoded UTF-8, including a percent sign and a plus sign", async () => {
		for (const good of ["caf%C3%A9", "%F0%9F%98%80", "100%25", "a+b", "%2B", "%EF%BB%BFx"])
			expect((await get(`/api/v1/movies?q=${good}`)).status).toBe(200);
	});

	it("is answered 400 for a NUL, which Postgres rejects", async () => {
		expect(codeOf(await get("/api/v1/movies?q=a%00"))).toEqual([400, "invalid_request"]);
		expect(codeOf(await get("/api/v1/movies?cursor=%00"))).toEqual([400, "invalid_request"]);
	});
});

describe("the path of a request", () => {
	it.each(BAD_ENCODINGS)("is answered 400 for %s", async (bad) => {
		for (const target of [`/api/v1/movies/${bad}`, `/${bad}`, `/api/v1/showtimes/${bad}/seats?view=status`]) {
			const answer = await get(target);
			expect([...codeOf(answer), answer.body.errors]).toEqual([
				400,
				"invalid_request",
				[{ pointer: "/path", message: "must be percent-encoded UTF-8" }],
			]);
		}
	});

	it("is answered 400 for bytes that are not percent-encoded", async () => {
		for (const bytes of ["caf\xe9", "caf\xc3\xa9"]) expect(codeOf(await get(`/api/v1/movies/${bytes}`))).toEqual([400, "invalid_request"]);
	});

	it("is answered 404 when it is correctly encoded and names no resource", async () => {
		for (const good of ["caf%C3%A9", "%00", "100%25"]) expect(codeOf(await get(`/api/v1/movies/${good}`))).toEqual([404, "not_found"]);
	});
});

describe("the cursor of a list", () => {
	it.each([
		["bytes that are not UTF-8", Buffer.from('["caf\xe9","0191d3a0-0000-7000-8000-000000000001"]', "latin1")],
		["a string that is not well-formed", Buffer.from('["\\ud800","0191d3a0-0000-7000-8000-000000000001"]')],
		["a NUL", Buffer.from('["\\u0000","0191d3a0-0000-7000-8000-000000000001"]')],
	])("is answered 400 when it encodes %s", async (_what, bytes) => {
		for (const list of ["movies", "showtimes"])
			expect(codeOf(await get(`/api/v1/${list}?cursor=${bytes.toString("base64url")}`))).toEqual([400, "invalid_request"]);
	});
});

describe("a request header", () => {
	it("never passes bytes beyond ASCII on to a store or an answer", async () => {
		const owner = await api.newUser();
		const showtimeId = await api.newShowtime();
		const hold = (header: string) =>
			ask(
				"POST /api/v1/bookings",
				["content-type: application/json", `authorization: Bearer ${owner.token}`, header],
				Buffer.from(JSON.stringify({ showtimeId, seats: ["A1"] })),
			);
		expect(codeOf(await hold("idempotency-key: caf\xe9"))).toEqual([400, "invalid_request"]);
		expect(codeOf(await get("/api/v1/auth/me", ["authorization: Bearer caf\xe9"]))).toEqual([401, "unauthenticated"]);
		const { body } = await get("/api/v1/nowhere", ["x-request-id: request-\xe9\xe9\xe9\xe9"]);
		expect(body.requestId).toMatch(/^[0-9a-f-]{36}$/);
	});
});
