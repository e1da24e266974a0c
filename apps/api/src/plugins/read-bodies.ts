/**
 * Bodies are JSON and nothing else. An empty body is no body, whatever its content type says: many clients name
 * JSON on every request.
 */
import fp from "fastify-plugin";

export const readBodies = fp(
	(app, _options, done) => {
		const parseJson = app.getDefaultJsonParser("error", "error");
		app.removeAllContentTypeParsers();
		app.addContentTypeParser("application/json", { parseAs: "string" }, (request, body, next) => {
			const text = body.toString();
			if (text === "") next(null, undefined);
			else parseJson(request, text, next);
		});
		done();
	},
	{ name: "read-bodies" },
);
