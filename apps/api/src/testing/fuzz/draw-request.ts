/** Draws random requests: valid, nearly valid and invalid ones to the routes of the OpenAPI document, and some to paths without a route. */
import type { Random } from "@holdfast/testing";
import { drawAtBounds, drawFitting, drawHostile, HOSTILE_TEXTS, type KnownValues, mutate, type Schema } from "./draw-value.ts";

type Parameter = { readonly name: string; readonly in: string; readonly required?: boolean; readonly schema: Schema };
/** One operation of the OpenAPI document. */
export type Operation = {
	readonly operationId: string;
	readonly method: string;
	readonly path: string;
	readonly parameters: readonly Parameter[];
	readonly body: Schema | null;
};

/** Bytes to send. `mayHang`: the request announces more than it sends, so the server may wait for the rest. */
export type DrawnRequest = {
	readonly operationId: string;
	readonly method: string;
	readonly target: string;
	readonly bytes: Buffer;
	readonly mayHang: boolean;
};

/** The operations, schemas, values and tokens from which requests are drawn. */
export type Surface = {
	/** An operation that occurs more often here is drawn more often. */
	readonly operations: readonly Operation[];
	readonly schemas: Readonly<Record<string, Schema>>;
	readonly knownValues: KnownValues;
	readonly tokens: readonly string[];
};

type Draft = { method: string; target: string; headers: [string, string][]; body: Buffer | null };

const BODY_MAX_BYTES = 16 * 1024;
const METHODS = [
	"GET",
	"HEAD",
	"POST",
	"PUT",
	"PATCH",
	"DELETE",
	"OPTIONS",
	"TRACE",
	"PROPFIND",
	"QUERY",
	"HOLD",
	"get",
	"PRI",
	"M-SEARCH",
];
const TARGETS = [
	"/",
	"//",
	"/api",
	"/api/v1",
	"/api/v1/",
	"/api/v2/movies",
	"/API/V1/MOVIES",
	"/api/v1//movies",
	"/api/v1/movies/",
	"/api/v1/movies/..",
	"/api/v1/%2e%2e/movies",
	"/api/v1/movies%2f",
	"/api/v1/movies;x=1",
	"/api/v1/movies?",
	"/api/v1/movies#part",
	"/%zz",
	"/%",
	"/%00",
	"/%c0%af",
	"/\u00e9",
	"*",
	"http://elsewhere.test/api/v1/movies",
	"elsewhere.test:443",
	"/openapi.json",
	"/openapi.json?x=1",
	"/docs",
	"/docs/",
	"/docs/..%2f..%2fpackage.json",
	"/docs/js/nothing.js",
	"/metrics",
	"/favicon.ico",
	"/.env",
	`/${"x".repeat(9_000)}`,
	`/api/v1/movies?q=${"x".repeat(9_000)}`,
	`/api/v1/movies?${"limit=1&".repeat(1_000)}`,
	"/api/v1/movies?limit=1&limit=2",
	"/api/v1/movies?limit[]=1",
	"/api/v1/movies?__proto__[x]=1",
	"/api/v1/movies?q=%ff%fe",
	"/api/v1/movies?%",
	"/api/v1/movies/%ed%a0%80",
	"/api/v1/movies?q=\u00e9",
];
const ODD_HEADERS: readonly (readonly [string, string])[] = [
	["accept", "text/xml"],
	["accept", "text/csv"],
	["accept", "text/csv;q=1.0000, */*;q=x"],
	["accept", "application/json;q=0"],
	["accept-encoding", "gzip, br, zstd;q=0"],
	["accept-version", "9.9.9"],
	["connection", "upgrade"],
	["content-encoding", "gzip"],
	["content-type", "application/json; charset=utf-16"],
	["content-type", 'application/json; charset="ISO-8859-1"'],
	["content-type", "application/json; charset=UTF-8"],
	["content-type", "application/json;".repeat(50)],
	["content-type", "text/plain"],
	["content-type", ""],
	["cookie", `a=${"b".repeat(2_000)}`],
	["date", "yesterday"],
	["expect", "100-continue"],
	["expect", "a-miracle"],
	["host", "a b"],
	["host", ""],
	["host", "elsewhere.test:99999"],
	["if-match", "*, *"],
	["if-modified-since", "Sun, 22 Nov 2026 20:00:00 GMT"],
	["if-none-match", '"", W/"", *'],
	["idempotency-key", "x".repeat(65)],
	["last-event-id", "-1"],
	["origin", "https://evil.test"],
	["access-control-request-method", "POST"],
	["prefer", "wait=0, wait=soon, handling=lenient"],
	["range", "bytes=0-1,5-"],
	["te", "trailers"],
	["transfer-encoding", "identity"],
	["upgrade", "websocket"],
	["upgrade", "h2c"],
	["x-forwarded-for", "127.0.0.1, , ::1, nonsense"],
	["x-forwarded-host", "evil.test"],
	["x-http-method-override", "DELETE"],
	["x-request-id", "a\tb"],
	["x-request-id", "ok-request-0001"],
	["__proto__", "x"],
	["constructor", "x"],
];

/** Percent-encodings of bytes that are not UTF-8, and invalid percent-encodings. */
const BAD_ENCODINGS = ["%ff", "%80", "caf%e9", "%c0%af", "%e2%82", "%ed%a0%80", "%f4%90%80%80", "%", "%zz", "50%25%"];
/** Bytes that are not UTF-8: a stray byte, a truncated sequence, an overlong one, a surrogate, one past the last code point. */
const BAD_BYTES = [[0xff], [0x80], [0xe9], [0xe2, 0x82], [0xc0, 0xaf], [0xed, 0xa0, 0x80], [0xf4, 0x90, 0x80, 0x80]];

/** Draws one request. The same `random` gives the same request. */
export function drawRequest(random: Random, surface: Surface): DrawnRequest {
	if (random.once(25)) return drawGarbage(random);
	if (random.once(40)) {
		const target = `/api/v1/movies${random.once(3) ? "/" : "?q="}${random.pick(BAD_ENCODINGS)}`;
		return finish(random, "badEncoding", { method: "GET", target, headers: [["host", "api.test"]], body: null });
	}
	if (random.once(8)) {
		const [method, target] = [random.pick(METHODS), random.pick(TARGETS)];
		return finish(random, "nowhere", { method, target, headers: [["host", "api.test"]], body: random.once(3) ? Buffer.from("{}") : null });
	}
	const operation = random.pick(surface.operations);
	return finish(random, operation.operationId, drawForRoute(random, operation, surface));
}

function drawForRoute(random: Random, { operationId, method, path, parameters, body }: Operation, surface: Surface): Draft {
	const { knownValues, schemas } = surface;
	const draw = (name: string, schema: Schema): unknown => {
		if (!random.once(5)) return drawFitting(random, name, schema, knownValues, schemas);
		return random.once(2) ? drawAtBounds(random, schema) : drawHostile(random);
	};
	const query = parameters
		.filter((parameter) => parameter.in === "query" && random.once(2))
		.map(({ name, schema }) => [name, draw(name, schema)]);
	if (random.once(12)) query.push([random.pick(HOSTILE_TEXTS), drawHostile(random)]);
	if (query.length > 0 && random.once(12)) query.push(random.pick(query));
	const filled = path.replaceAll(/\{(\w+)\}/g, (_whole, name: string) => inPath(random, draw(`${operationId}.${name}`, PATH_PARAMETER)));
	const encoded = query.map((pair) => pair.map((part) => encodeURIComponent(textOf(part))).join("="));
	if (random.once(20)) encoded.push(random.once(2) ? `${random.pick(BAD_ENCODINGS)}=1` : `q=${random.pick(BAD_ENCODINGS)}`);
	const search = encoded.join("&");
	const headers: [string, string][] = [["host", "api.test"]];
	for (const { name, schema } of parameters.filter((parameter) => parameter.in === "header" && random.once(3)))
		headers.push([name, headerText(draw(name, schema))]);
	if (!random.once(6)) {
		const token = random.pick(random.once(12) ? HOSTILE_TEXTS : (knownValues[`${operationId}.token`] ?? surface.tokens));
		headers.push(["authorization", `Bearer ${headerText(token)}`]);
	}
	const drawn = body === null ? null : drawBody(random, drawFitting(random, "", body, knownValues, schemas));
	const spare = body === null && random.once(6) ? drawBody(random, {}) : null;
	const bytes = drawn ?? spare;
	if (bytes !== null && !random.once(20)) headers.push(["content-type", "application/json"]);
	const sentMethod = random.once(15) ? random.pick(METHODS) : method;
	return { method: sentMethod, target: search === "" ? filled : `${filled}?${search}`, headers, body: bytes };
}

const PATH_PARAMETER: Schema = { type: "string", minLength: 1, maxLength: 100 };

const inPath = (random: Random, value: unknown): string =>
	random.once(30)
		? random.pick(BAD_ENCODINGS)
		: random.once(15)
			? headerText(value).replaceAll(/[\s?#]/g, "")
			: encodeURIComponent(textOf(value));

/** `toWellFormed`: a lone surrogate cannot be percent-encoded. */
const textOf = (value: unknown): string =>
	(typeof value === "string" ? value : (JSON.stringify(value) ?? "")).toWellFormed().slice(0, 2_000);

/** The text without line ends and NUL, which a header must not contain. */
const headerText = (value: unknown): string =>
	textOf(value)
		.replaceAll("\u0000", " ")
		.replaceAll(/[\r\n]/g, " ")
		.slice(0, 2_000);

function drawBody(random: Random, fitting: unknown): Buffer {
	const json = Buffer.from(JSON.stringify(fitting));
	switch (random.below(12)) {
		case 0:
		case 1:
		case 2:
		case 3:
			return json;
		case 4:
			return Buffer.from(JSON.stringify(drawHostile(random)) ?? "");
		case 5:
			return json.subarray(0, random.below(json.length));
		case 6:
			return Buffer.concat([json, json]);
		case 7:
			return random.pick([
				Buffer.from([0xef, 0xbb, 0xbf, ...json]),
				Buffer.from(json.toString(), "utf16le"),
				Buffer.from([0xff, 0xfe, 0x00]),
				Buffer.from('{"__proto__":{"x":1}}'),
				Buffer.from('{"constructor":{"prototype":{"x":1}}}'),
				Buffer.from(json.toString().replace('"', '"\\ud800')),
				Buffer.from("[".repeat(8_000)),
				Buffer.from("1e999999"),
				Buffer.from(json.toString().replace('"', '"\u00e9'), "latin1"),
				spliced(json, random.below(json.length), random.pick(BAD_BYTES)),
				spliced(json, json.indexOf('"') + 1, random.pick(BAD_BYTES)),
			]);
		case 8: {
			const bytes = random.pick([BODY_MAX_BYTES - 1, BODY_MAX_BYTES, BODY_MAX_BYTES + 1, 100_000, 2_000_000]);
			return Buffer.from(`{"x":"${"y".repeat(bytes - 8)}"}`);
		}
		default:
			return Buffer.from(JSON.stringify(mutate(random, fitting)) ?? "");
	}
}

const spliced = (json: Buffer, at: number, bytes: readonly number[]): Buffer =>
	Buffer.concat([json.subarray(0, at), Buffer.from(bytes), json.subarray(at)]);

/** Adds unusual headers and framing, and returns the bytes. */
function finish(random: Random, operationId: string, { method, target, headers, body }: Draft): DrawnRequest {
	const all = [...headers];
	while (random.once(4)) all.push([...random.pick(ODD_HEADERS)]);
	if (random.once(15)) all.push(random.pick(all));
	if (random.once(60)) for (let count = 0; count < 200; count += 1) all.push([`x-many-${count}`, "x"]);
	if (random.once(80)) all.push(["x-long", "x".repeat(20_000)]);
	const framing = body === null ? "none" : random.once(12) ? "chunked" : random.once(40) ? "short" : "length";
	if (framing === "length") all.push(["content-length", String(body?.length)]);
	if (framing === "short") all.push(["content-length", String((body?.length ?? 0) + 10)]);
	if (framing === "chunked") all.push(["transfer-encoding", "chunked"]);
	if (!all.some(([name]) => name === "connection")) all.push(["connection", "close"]);
	const head = `${method} ${target} HTTP/1.1\r\n${all.map(([name, value]) => `${name}: ${value}\r\n`).join("")}\r\n`;
	const payload = body === null ? Buffer.alloc(0) : framing === "chunked" ? chunked(random, body) : body;
	// For an incomplete body and for `expect`, a server is right to wait.
	const mayHang = framing === "short" || (body !== null && all.some(([name]) => name === "expect"));
	return { operationId, method, target, bytes: Buffer.concat([Buffer.from(head, "utf8"), payload]), mayHang };
}

function chunked(random: Random, body: Buffer): Buffer {
	const cut = random.below(body.length + 1);
	const chunk = (part: Buffer) => (part.length === 0 ? [] : [Buffer.from(`${part.length.toString(16)}\r\n`), part, Buffer.from("\r\n")]);
	return Buffer.concat([...chunk(body.subarray(0, cut)), ...chunk(body.subarray(cut)), Buffer.from("0\r\n\r\n")]);
}

/** Draws bytes that are nearly HTTP or not HTTP at all. */
function drawGarbage(random: Random): DrawnRequest {
	const text = random.pick([
		"\r\n\r\n",
		"GET\r\n\r\n",
		"GET / HTTP/1.1\r\n\r\n",
		"GET / HTTP/1.0\r\n\r\n",
		"GET / HTTP/2.0\r\nhost: x\r\n\r\n",
		"GET /livez\r\n\r\n",
		"GET / HTTP/1.1\r\nhost: x\r\nno colon here\r\n\r\n",
		"GET / HTTP/1.1\r\nhost: x\r\n folded: 1\r\n\r\n",
		"GET / HTTP/1.1\r\nhost: x\r\nhost: y\r\n\r\n",
		"GET / HTTP/1.1\r\nhost: x\r\na: \u0001\r\n\r\n",
		"GET /\u0001 HTTP/1.1\r\nhost: x\r\n\r\n",
		"POST /api/v1/bookings HTTP/1.1\r\nhost: x\r\ncontent-length: -1\r\n\r\n",
		"POST /api/v1/bookings HTTP/1.1\r\nhost: x\r\ncontent-length: 5\r\ncontent-length: 6\r\n\r\nhello",
		"POST /api/v1/bookings HTTP/1.1\r\nhost: x\r\ncontent-length: 5\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n",
		"POST /api/v1/bookings HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n\r\n",
		"POST /api/v1/bookings HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked, chunked\r\n\r\n0\r\n\r\n",
		"POST /api/v1/bookings HTTP/1.1\r\nhost: x\r\ntransfer-encoding: xchunked\r\n\r\n0\r\n\r\n",
		"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
		"\u0016\u0003\u0001\u0002\u0000\u0001\u0000",
		"CONNECT elsewhere.test:443 HTTP/1.1\r\nhost: x\r\n\r\n",
		"GET http:// HTTP/1.1\r\nhost: x\r\n\r\n",
	]);
	return { operationId: "garbage", method: "GET", target: "/", bytes: Buffer.from(text, "latin1"), mayHang: true };
}
