/**
 * What Node would refuse by itself, with an empty body and without the headers of every answer: a request that names no
 * host is no HTTP/1.1 (RFC 9112, 3.2) and is told so as any other bytes that are none are; one that expects what nobody knows
 * (RFC 9110, 10.1.1) is answered as if it expected nothing. `http.requireHostHeader` must be off.
 */
import fp from "fastify-plugin";
import { answerClientError } from "./problems.ts";

export const heedHttp = fp(
	(app, _options, done) => {
		app.addHook("onRequest", (request, reply, next) => {
			const { headers, httpVersion, socket } = request.raw;
			if (headers.host !== undefined || httpVersion !== "1.1") return next();
			reply.hijack();
			answerClientError(new Error("a request without a host"), socket);
		});
		app.server.on("checkExpectation", (request, response) => app.server.emit("request", request, response));
		done();
	},
	{ name: "heed-http", dependencies: ["problems"] },
);
