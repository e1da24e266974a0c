/**
 * Answers in our own error format what Node would otherwise reject by itself, with an empty body and without the headers of every
 * response. An HTTP/1.1 request without `Host` (RFC 9112, 3.2) gets the same 400 as bytes that are not HTTP. An unknown `Expect`
 * (RFC 9110, 10.1.1) is ignored. Requires `http.requireHostHeader: false`.
 */
import fp from "fastify-plugin";
import { clientErrorAnswer } from "./send-problems.ts";

export const httpConformance = fp(
	(app, _options, done) => {
		app.addHook("onRequest", (request, reply, next) => {
			const { headers, httpVersion } = request.raw;
			if (headers.host !== undefined || httpVersion !== "1.1") return next();
			reply.hijack();
			// As its answer and not straight to the socket: answers to requests that were pipelined before it go first.
			const answer = clientErrorAnswer();
			reply.raw.writeHead(400, answer.headers).end(answer.body);
		});
		app.server.on("checkExpectation", (request, response) => app.server.emit("request", request, response));
		done();
	},
	{ name: "http-conformance", dependencies: ["send-problems"] },
);
