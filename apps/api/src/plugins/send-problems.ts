/**
 * Sends every `application/problem+json` answer. Routes call `reply.problem(code)`. Thrown errors, requests that Fastify rejects, and
 * bytes that are not HTTP are mapped to a code here. Answers never contain a stack trace, SQL or the name of a Redis key.
 */
import { STATUS_CODES } from "node:http";
import type { Socket } from "node:net";
import { DatabaseOutcomeUnknown, isDatabaseUnavailable } from "@holdfast/database";
import { QueueFull } from "@holdfast/runtime";
import { SeatStoreFault } from "@holdfast/seat-store";
import type { FastifyError, FastifyReply, FastifyRequest } from "fastify";
import fp from "fastify-plugin";
import type { ProblemBody } from "../contract/problem-schema.ts";
import { EXACT_DETAILS, type ExactDetail, type ProblemCode, problemSpec, problemType } from "../contract/problems.ts";
import { MalformedRequest } from "./malformed-request.ts";
import { BAD_ENCODING } from "./reject-bad-encoding.ts";
import { requestIdOf, responseHeadersFor } from "./response-headers.ts";
import { SECURITY_HEADERS } from "./security-headers.ts";
import { toValidationErrors } from "./to-validation-errors.ts";

/** Fields that a route may add to, or replace in, the entry of the problem table. */
export type ProblemExtras = Partial<
	Pick<
		ProblemBody,
		| "detail"
		| "seats"
		| "tiers"
		| "count"
		| "totals"
		| "errors"
		| "salesOpenAt"
		| "current"
		| "counts"
		| "bookings"
		| "allowed"
		| "clash"
		| "nextFreeStart"
		| "starts"
		| "instants"
	>
> & {
	/** Value of `Retry-After` in seconds, if the route knows a more exact one than the table. */
	readonly retryAfterSeconds?: number;
	/** Outcome for the log and the metrics, if it is more specific than the code that the client gets. */
	readonly outcome?: string;
};

declare module "fastify" {
	interface FastifyReply {
		/** Answers with a problem of the table. Return the result from the handler. */
		problem(code: ProblemCode, extras?: ProblemExtras): FastifyReply;
	}
	interface FastifyContextConfig {
		/** The problems that this route may answer, for the OpenAPI document. */
		problems?: readonly ProblemCode[];
		/** The cases of `EXACT_DETAILS` that this route may answer, for the OpenAPI document. */
		exactDetails?: readonly ExactDetail[];
	}
}

const MEDIA_TYPE = "application/problem+json";

/** Fastify plugin: decorates replies with `problem` and sets the error handlers of the server. */
export const sendProblems = fp(
	(app, _options, done) => {
		app.decorateReply("problem", function (this: FastifyReply, code, extras = {}) {
			return sendProblem(this.request, this, code, extras);
		});
		app.setNotFoundHandler((request, reply) => sendProblem(request, reply, "not_found", { detail: EXACT_DETAILS.unknown_route.detail }));
		app.addHook("preParsing", (request, reply, payload, next) => {
			// The client disconnected while an earlier hook waited. The body stream would emit nothing more, not even an error.
			if (request.raw.destroyed && !request.raw.complete) answerCutOff(request, reply);
			else next(null, payload);
		});
		app.setErrorHandler<FastifyError>((error, request, reply) => {
			// An error of the client's connection. Compared by identity, because an error of a database connection can have the same code.
			if (error === request.raw.errored) return answerCutOff(request, reply);
			const { code, extras } = problemOfError(error, request);
			if (problemSpec(code).status >= 500) reply.fault = error;
			return sendProblem(request, reply, code, extras);
		});
		done();
	},
	{ name: "send-problems", dependencies: ["log-outcomes"] },
);

/**
 * Answers requests that the router rejects before any hook runs: 400 for a path that cannot be decoded, 404 for a path with a parameter
 * that is too long. For Fastify's `frameworkErrors`.
 */
export function answerFrameworkError(error: FastifyError, request: FastifyRequest, reply: FastifyReply): FastifyReply {
	reply.headers({ ...SECURITY_HEADERS, ...responseHeadersFor(request.id) });
	if (error.code !== "FST_ERR_BAD_URL") return sendProblem(request, reply, "not_found", {});
	return sendProblem(request, reply, "invalid_request", { errors: [{ pointer: "/path", message: BAD_ENCODING }] });
}

/** Outcome of a request whose client disconnected before the body was complete. The request is not counted as answered or failed. */
export const CLIENT_ABORTED = "client_aborted";

/** Connections on which `answerClientError` has sent its answer. */
const answeredSockets = new WeakSet<Socket>();

/** Whether `answerClientError` has sent its answer on this connection. */
export const wasSentClientError = (socket: Socket): boolean => answeredSockets.has(socket);

/**
 * Completes a request whose body will never be complete, so that it is logged. The client does not get this answer: it has either got
 * the one of `answerClientError` or disconnected.
 */
function answerCutOff(request: FastifyRequest, reply: FastifyReply): FastifyReply {
	const outcome = wasSentClientError(request.raw.socket) ? "invalid_request" : CLIENT_ABORTED;
	return sendProblem(request, reply, "invalid_request", { detail: EXACT_DETAILS.body_cut_short.detail, outcome });
}

/** `detail` of the answer, by the error code of Node's HTTP parser. */
const CLIENT_ERRORS: Readonly<Record<string, string>> = {
	HPE_INVALID_EOF_STATE: EXACT_DETAILS.body_cut_short.detail,
	HPE_HEADER_OVERFLOW: EXACT_DETAILS.headers_too_large.detail,
	ERR_HTTP_REQUEST_TIMEOUT: EXACT_DETAILS.request_too_slow.detail,
};

/** Answers 400 to bytes that are not HTTP or arrive too slowly, directly on the socket, and closes the connection. */
export function answerClientError(error: Error & { code?: string }, socket: Socket): void {
	if (error.code === "ECONNRESET" || socket.destroyed) return;
	const { headers, body } = clientErrorAnswer(error.code);
	const head = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
	answeredSockets.add(socket);
	if (socket.writable) socket.write(`HTTP/1.1 400 ${STATUS_CODES[400]}\r\n${head.join("")}\r\n${body}`);
	socket.destroy(error);
}

/** Returns headers and body of the 400 for bytes that are not a valid HTTP request. `code` is the error code of Node, if there is one. */
export function clientErrorAnswer(code?: string): { headers: Record<string, string | number>; body: string } {
	const requestId = requestIdOf({ headers: {} });
	const detail = CLIENT_ERRORS[code ?? ""] ?? EXACT_DETAILS.malformed_http.detail;
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
	const { status, retryAfterSeconds: defaultRetryAfterSeconds } = problemSpec(code);
	const { retryAfterSeconds = defaultRetryAfterSeconds, outcome = code, ...extras } = given;
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

function problemOfError(error: FastifyError, request: FastifyRequest): { code: ProblemCode; extras: ProblemExtras } {
	if (error instanceof SeatStoreFault) return { code: error.kind, extras: {} };
	if (error instanceof DatabaseOutcomeUnknown) return { code: "outcome_unknown", extras: {} };
	if (isDatabaseUnavailable(error)) return { code: "unavailable", extras: {} };
	if (error instanceof QueueFull) return { code: "busy", extras: {} };
	if (error instanceof MalformedRequest) return { code: "invalid_request", extras: { errors: error.errors } };
	if (error.validation)
		return { code: "invalid_request", extras: { errors: toValidationErrors(error.validation, error.validationContext ?? "body") } };
	switch (error.statusCode) {
		case 413:
			return { code: "payload_too_large", extras: exactDetailOf(request, "payload_too_large") };
		case 415:
			return { code: "unsupported_media_type", extras: {} };
	}
	if (error.statusCode !== undefined && error.statusCode >= 400 && error.statusCode < 500)
		return { code: "invalid_request", extras: { errors: [{ pointer: "", message: "the body cannot be read as JSON" }] } };
	return { code: "internal", extras: {} };
}

/** The more exact `detail` of a problem for which the route of the request documents one. */
function exactDetailOf({ routeOptions }: FastifyRequest, code: ProblemCode): ProblemExtras {
	const name = routeOptions.config.exactDetails?.find((exact) => EXACT_DETAILS[exact].code === code);
	return name === undefined ? {} : { detail: EXACT_DETAILS[name].detail };
}
