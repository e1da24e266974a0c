/** Checks fuzz responses for what must never occur, whatever the request was. */
import { isUtf8 } from "node:buffer";
import { type ContractCheck, createContractCheck, type OpenapiDocument } from "../check-contract.ts";
import type { DrawnRequest } from "./draw-request.ts";
import { HOSTILE_TEXTS } from "./draw-value.ts";
import type { RawOutcome } from "./send-raw.ts";

/** Internals of the server that must not appear in a response: stack traces, SQL, Redis keys, network errors. */
const INTERNALS = /node_modules|node:internal|\n\s+at |\bat (async )?[\w.]+ \(|file:\/\/\/|select .* from |\{b\d+\}:|ECONNREFUSED/;
/** Pages of text for people, in which such a match is no leak. */
const TEXT_PAGES = /^(\/docs(\/|$|\?)|\/metrics$)/;

/** Returns a function that describes what is wrong with a response, or returns null if nothing is. */
export function createAnswerCheck(document: OpenapiDocument): (request: DrawnRequest, outcome: RawOutcome) => string | null {
	const check = createContractCheck(document);
	return (request, outcome) => {
		if (outcome.outcome !== "answered") return request.mayHang ? null : `no response: ${outcome.outcome}`;
		const { status, headers, body } = outcome;
		if (status >= 500 && status !== 503) return `${status}: ${body.slice(0, 300)}`;
		const [internals] = INTERNALS.exec(body) ?? [];
		// Staff store texts, and their lists show them: a hostile text that an earlier request stored is no leak.
		const isStored = status < 300 && HOSTILE_TEXTS.some((text) => text.includes(internals ?? ""));
		if (internals !== undefined && !isEcho(request, internals) && !isStored && !TEXT_PAGES.test(request.target))
			return `the response shows internals, ${JSON.stringify(internals)}: ${body.slice(0, 300)}`;
		if (status < 300 && isBadText(request)) return `${status} for bytes that are not UTF-8`;
		// A compressed body was read as text. `constant-body.test.ts` checks that it is the body that is sent uncompressed.
		if (request.method === "HEAD" || "content-encoding" in headers) return null;
		const isJson = headers["content-type"]?.includes("json") === true;
		if (status >= 400 && !isJson) return `${status} is not problem+json: ${headers["content-type"]} ${body.slice(0, 300)}`;
		const answer = { status, headers, body: isJson ? parse(body) : body };
		// Bytes that are not HTTP match no route: the problem in the response has no path.
		const isOfNoRoute = status === 400 && Object(answer.body).instance === "/";
		return violationOf(check, { method: request.method, path: isOfNoRoute ? "/" : pathOf(request.target), ...answer });
	};
}

const BODY_METHODS = ["POST", "PUT", "PATCH", "DELETE"];

/**
 * True if the body or the query is not UTF-8: the request must not succeed. Chunked bodies are not checked, because a character may
 * span two chunks.
 */
function isBadText({ method, target, bytes }: DrawnRequest): boolean {
	const query = target.split(/[?#]/).slice(1).join("&");
	if (query.split(/[&=]/).some((part) => !isDecodable(part))) return true;
	const headEnd = bytes.indexOf("\r\n\r\n") + 4;
	const isChunked = /transfer-encoding/i.test(bytes.subarray(0, headEnd).toString("latin1"));
	return BODY_METHODS.includes(method) && !isChunked && !isUtf8(bytes.subarray(headEnd));
}

function isDecodable(text: string): boolean {
	try {
		decodeURIComponent(text);
		return true;
	} catch {
		return false;
	}
}

/** True if the match only repeats text of the request: responses name unknown seats and unknown paths. */
const isEcho = ({ bytes, target }: DrawnRequest, text: string): boolean => bytes.includes(text) || decodeLoosely(target).includes(text);

function decodeLoosely(target: string): string {
	try {
		return decodeURIComponent(target);
	} catch {
		return target;
	}
}

function violationOf(check: ContractCheck, answer: Parameters<ContractCheck>[0]): string | null {
	try {
		check(answer);
		return null;
	} catch (error) {
		return error instanceof Error ? error.message : String(error);
	}
}

function parse(body: string): unknown {
	try {
		return JSON.parse(body);
	} catch {
		return body;
	}
}

/** The path of a target, which may be an absolute URL as in a request to a proxy. */
const pathOf = (target: string): string => target.replace(/^https?:\/\/[^/]*/, "").replace(/[?#].*$/s, "");
