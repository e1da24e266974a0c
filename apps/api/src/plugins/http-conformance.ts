/**
 * Answers requests that Node would otherwise reject itself, with an empty body and without our headers. An HTTP/1.1 request without
 * `Host` (RFC 9112, 3.2) gets the same 400 problem as bytes that are not HTTP. A request with an unknown `Expect` (RFC 9110, 10.1.1)
 * is processed as if it had none. Requires `http.requireHostHeader: false`.
 */
import fp from "fastify-plugin";
import { clientErrorAnswer } from "./send-problems.ts";

/** Fastify plugin: handles a missing `Host` and an unknown `Expect`. */
export const httpConformance = fp(
	(app, _options, done) => {
		app.addHook("onRequest", (request, reply, next) => {
			const { headers, httpVersion } = request.raw;
			if (headers.host !== undefined || httpVersion !== "1.1") return next();
			reply.hijack();
			// Sent as the answer of this request and not directly to the socket: answers to earlier pipelined requests must go first.
			const answer = clientErrorAnswer();
			reply.raw.writeHead(400, answer.headers).end(answer.body);
		});
		app.server.on("checkExpectation", (request, response) => app.server.emit("request", request, response));
		done();
	},
	{ name: "http-conformance", dependencies: ["send-problems"] },
);
