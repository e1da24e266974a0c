/**
 * The one place that writes `application/problem+json`. Routes answer a problem with `reply.problem(code)`. Thrown errors, requests
 * that Fastify rejects and bytes that are not HTTP get a code here. No stack trace, SQL or key name ever reaches a client.
 */
import { STATUS_CODES } from "node:http";
import type { Socket } from "node:net";
import { DatabaseOutcomeUnknown, isDatabaseUnavailable } from "@holdfast/database";
import { QueueFull } from "@holdfast/runtime";
import { SeatStoreFault } from "@holdfast/seat-store";
import type { FastifyError, FastifyReply, FastifyRequest } from "fastify";
import fp from "fastify-plugin";
import type { ProblemBody } from "../contract/problem-schema.ts";
import { type ProblemCode, problemSpec, problemType } from "../contract/problems.ts";
import { findValidationErrors } from "./find-validation-errors.ts";
import { MalformedRequest } from "./malformed-request.ts";
import { BAD_ENCODING } from "./reject-bad-encoding.ts";
import { requestIdOf, responseHeadersFor } from "./response-headers.ts";
import { SECURITY_HEADERS } from "./security-headers.ts";

/** What a route may add to the table's row. */
export type ProblemExtras = Partial<Pick<ProblemBody, "detail" | "seats" | "errors">> & {
	/** Value of `Retry-After`, where it is known better than by the table. */
	readonly retryAfterSeconds?: number;
	/** What the log calls it, where that knows more than the client is told. */
	readonly outcome?: string;
};

declare module "fastify" {
	interface FastifyReply {
		/** Answer a problem of the table. Give its result back from the handler. */
		problem(code: ProblemCode, extras?: ProblemExtras): FastifyReply;
	}
	interface FastifyContextConfig {
		/** The problems this route may answer, for the document. */
		problems?: readonly ProblemCode[];
	}
}

const MEDIA_TYPE = "application/problem+json";

export const sendProblems = fp(
	(app, _options, done) => {
		app.decorateReply("problem", function (this: FastifyReply, code, extras = {}) {
			return sendProblem(this.request, this, code, extras);
		});
		app.setNotFoundHandler((request, reply) => sendProblem(request, reply, "not_found", { detail: "There is no such route." }));
		app.addHook("preParsing", (request, reply, payload, next) => {
			// Its client left while an earlier hook waited. Nothing more will be heard of its body, not even an error.
			if (request.raw.destroyed && !request.raw.complete) answerCutOff(request, reply);
			else next(null, payload);
		});
		app.setErrorHandler<FastifyError>((error, request, reply) => {
			// What broke is the client's connection, not one to a store: both may say ECONNRESET.
			if (error === request.raw.errored) return answerCutOff(request, reply);
			const { code, extras } = problemOfError(error);
			if (problemSpec(code).status >= 500) reply.fault = error;
			return sendProblem(request, reply, code, extras);
		});
		done();
	},
	{ name: "send-problems", dependencies: ["log-outcomes"] },
);

/** Answer what the router refuses before any hook runs: a path that cannot be decoded, or one with an overlong part, which names nothing. */
export function answerFrameworkError(error: FastifyError, request: FastifyRequest, reply: FastifyReply): FastifyReply {
	reply.headers({ ...SECURITY_HEADERS, ...responseHeadersFor(request.id) });
	if (error.code !== "FST_ERR_BAD_URL") return sendProblem(request, reply, "not_found", {});
	return sendProblem(request, reply, "invalid_request", { errors: [{ pointer: "/path", message: BAD_ENCODING }] });
}

/** Outcome of a request whose client left before its body was complete: no answer, no fault, and not counted as answered. */
export const CLIENT_ABORTED = "client_aborted";

/** Connections that `answerClientError` has answered, whatever became of the request they carried. */
const answeredSockets = new WeakSet<Socket>();

/** Whether `answerClientError` sent its answer on this connection before it closed it. */
export const wasSentClientError = (socket: Socket): boolean => answeredSockets.has(socket);

/** The body of this request will never be complete. Its client has been told, or has left; what is sent now reaches nobody and is for the log. */
function answerCutOff(request: FastifyRequest, reply: FastifyReply): FastifyReply {
	const outcome = wasSentClientError(request.raw.socket) ? "invalid_request" : CLIENT_ABORTED;
	return sendProblem(request, reply, "invalid_request", { detail: CUT_SHORT, outcome });
}

const CUT_SHORT = "The request ended before its body was complete. Nothing was done.";

/** What Node says of a request that it did not take. */
const CLIENT_ERRORS: Readonly<Record<string, string>> = {
	HPE_INVALID_EOF_STATE: CUT_SHORT,
	HPE_HEADER_OVERFLOW: "The headers are too large.",
	ERR_HTTP_REQUEST_TIMEOUT: "The request took too long to arrive. Nothing was done.",
};

/** Answer bytes that are not HTTP or come too slowly, straight to the socket, and hang up. */
export function answerClientError(error: Error & { code?: string }, socket: Socket): void {
	if (error.code === "ECONNRESET" || socket.destroyed) return;
	const { headers, body } = clientErrorAnswer(error.code);
	const head = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
	answeredSockets.add(socket);
	if (socket.writable) socket.write(`HTTP/1.1 400 ${STATUS_CODES[400]}\r\n${head.join("")}\r\n${body}`);
	socket.destroy(error);
}

/** What is answered, as 400, to bytes that are not an HTTP request; the connection ends with it. `code`: Node's, where it has one. */
export function clientErrorAnswer(code?: string): { headers: Record<string, string | number>; body: string } {
	const requestId = requestIdOf({ headers: {} });
	const detail = CLIENT_ERRORS[code ?? ""] ?? "This is not a valid HTTP request.";
	const body = JSON.stringify(problemBody("invalid_request", "/", requestId, { detail }));
	const headers = {
		"content-type": MEDIA_TYPE,
		"content-length": Buffer.byteLength(body),
		connection: "close",
		...SECURITY_HEADERS,
		...responseHeadersFor(requestId),
	};
	return { headers, body };
}

function sendProblem(request: FastifyRequest, reply: FastifyReply, code: ProblemCode, given: ProblemExtras): FastifyReply {
	const { status, retryAfterSeconds: usual } = problemSpec(code);
	const { retryAfterSeconds = usual, outcome = code, ...extras } = given;
	reply.outcome = outcome;
	reply.code(status).header("content-type", MEDIA_TYPE);
	if (retryAfterSeconds !== undefined) reply.header("retry-after", retryAfterSeconds);
	if (status === 401) reply.header("www-authenticate", 'Bearer realm="holdfast"');
	const query = request.url.indexOf("?");
	const instance = query === -1 ? request.url : request.url.slice(0, query);
	return reply.send(JSON.stringify(problemBody(code, instance, request.id, extras)));
}

function problemBody(
	code: ProblemCode,
	instance: string,
	requestId: string,
	extras: Omit<ProblemExtras, "retryAfterSeconds" | "outcome">,
): ProblemBody {
	const { status, title, detail, retryable } = problemSpec(code);
	return { type: problemType(code), title, status, detail, instance, code, retryable, requestId, ...extras };
}

function problemOfError(error: FastifyError): { code: ProblemCode; extras: ProblemExtras } {
	if (error instanceof SeatStoreFault) return { code: error.kind, extras: {} };
	if (error instanceof DatabaseOutcomeUnknown) return { code: "outcome_unknown", extras: {} };
	if (isDatabaseUnavailable(error)) return { code: "unavailable", extras: {} };
	if (error instanceof QueueFull) return { code: "busy", extras: {} };
	if (error instanceof MalformedRequest) return { code: "invalid_request", extras: { errors: error.errors } };
	if (error.validation)
		return { code: "invalid_request", extras: { errors: findValidationErrors(error.validation, error.validationContext ?? "body") } };
	switch (error.statusCode) {
		case 413:
			return { code: "payload_too_large", extras: {} };
		case 415:
			return { code: "unsupported_media_type", extras: {} };
	}
	if (error.statusCode !== undefined && error.statusCode >= 400 && error.statusCode < 500)
		return { code: "invalid_request", extras: { errors: [{ pointer: "", message: "the body is not valid JSON" }] } };
	return { code: "internal", extras: {} };
}
