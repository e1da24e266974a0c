/** What no answer to any request may be, however odd the request was. */
import { isUtf8 } from "node:buffer";
import { type ContractCheck, createContractCheck, type OpenapiDocument } from "../check-contract.ts";
import type { DrawnRequest } from "./draw-request.ts";
import type { RawOutcome } from "./send-raw.ts";

/** What is inside a server, and nothing for outside. */
const INSIDE = /node_modules|node:internal|\n\s+at |\bat (async )?[\w.]+ \(|file:\/\/\/|select .* from |\{b\d+\}:|ECONNREFUSED/;
/** Pages for people: files, not problems. */
const PAGES = /^(\/docs(\/|$|\?)|\/metrics$)/;

/** Gives what is wrong with an answer; null: nothing. */
export function createJudge(document: OpenapiDocument): (request: DrawnRequest, outcome: RawOutcome) => string | null {
	const check = createContractCheck(document);
	return (request, outcome) => {
		if (outcome.outcome !== "answered") return request.mayHang ? null : `no answer: ${outcome.outcome}`;
		const { status, headers, body } = outcome;
		if (status >= 500 && status !== 503) return `${status}: ${body.slice(0, 300)}`;
		const [inside] = INSIDE.exec(body) ?? [];
		if (inside !== undefined && !isEcho(request, inside) && !PAGES.test(request.target))
			return `the answer shows what is inside, ${JSON.stringify(inside)}: ${body.slice(0, 300)}`;
		if (status < 300 && isBadText(request)) return `${status} for bytes that are not UTF-8`;
		if (request.method === "HEAD") return null;
		const isJson = headers["content-type"]?.includes("json") === true;
		if (status >= 400 && !isJson) return `${status} is no problem+json: ${headers["content-type"]} ${body.slice(0, 300)}`;
		const answer = { status, headers, body: isJson ? parse(body) : body };
		// What is no HTTP has no route: it is a problem like any other, of no path.
		const isOfNoRoute = status === 400 && Object(answer.body).instance === "/";
		return flawOf(check, { method: request.method, path: isOfNoRoute ? "/" : pathOf(request.target), ...answer });
	};
}

const BODY_METHODS = ["POST", "PUT", "PATCH", "DELETE"];

/** Bytes in the body or the query that are not UTF-8: nothing may come of them. A chunked body is cut where it happens to be. */
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

/** A seat that is not there and a path of no route are named in the answer: hostile texts among them. */
const isEcho = ({ bytes, target }: DrawnRequest, text: string): boolean => bytes.includes(text) || decodeLoosely(target).includes(text);

function decodeLoosely(target: string): string {
	try {
		return decodeURIComponent(target);
	} catch {
		return target;
	}
}

function flawOf(check: ContractCheck, answer: Parameters<ContractCheck>[0]): string | null {
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

/** Of an absolute address too, as a proxy is asked for one. */
const pathOf = (target: string): string => target.replace(/^https?:\/\/[^/]*/, "").replace(/[?#].*$/s, "");
