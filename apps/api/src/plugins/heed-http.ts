/**
 * What Node would refuse by itself, with an empty body and without the headers of every answer: a request that names no
 * host is no HTTP/1.1 (RFC 9112, 3.2) and is told so as any other bytes that are none are; one that expects what nobody knows
 * (RFC 9110, 10.1.1) is answered as if it expected nothing. `http.requireHostHeader` must be off.
 */
import fp from "fastify-plugin";
import { clientErrorAnswer } from "./problems.ts";

export const heedHttp = fp(
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
	{ name: "heed-http", dependencies: ["problems"] },
);
