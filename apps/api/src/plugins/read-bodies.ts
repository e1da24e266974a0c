/**
 * Parses request bodies, which must be JSON in UTF-8. Invalid UTF-8 is rejected, because decoding it would silently replace bytes by
 * U+FFFD. A body that declares another charset or a content coding is rejected too. An empty body counts as no body, even with a JSON
 * content type, because many clients send that type with every request. One leading byte order mark is ignored (RFC 8259, 8.1).
 */
import { isUtf8 } from "node:buffer";
import type { IncomingHttpHeaders } from "node:http";
import fp from "fastify-plugin";
import { findIllFormedText } from "./find-ill-formed-text.ts";
import { MalformedRequest, UnsupportedMediaType } from "./malformed-request.ts";

/** RFC 9110, 5.6.6: a token or a quoted string. */
const CHARSET = /;\s*charset\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s;"]*))/gi;
const UTF_8 = /^utf-?8$/i;

/** Fastify plugin: replaces Fastify's body parsers. */
export const readBodies = fp(
	(app, _options, done) => {
		const parseJson = app.getDefaultJsonParser("error", "error");
		app.removeAllContentTypeParsers();
		app.addContentTypeParser<Buffer>("application/json", { parseAs: "buffer" }, (request, body, next) => {
			if (body.length === 0) return next(null, undefined);
			if (!isInUtf8(request.headers)) return next(new UnsupportedMediaType());
			if (!isUtf8(body)) return next(new MalformedRequest([{ pointer: "", message: "the body is not valid UTF-8" }]));
			const text = body.toString();
			parseJson(request, text, (error, value) => {
				if (error !== null) return next(error, undefined);
				const errors = findIllFormedText(text, value);
				if (errors.length > 0) next(new MalformedRequest(errors));
				else next(null, value);
			});
		});
		done();
	},
	{ name: "read-bodies" },
);

/** Whether the headers declare UTF-8 without a content coding. No charset means UTF-8, the encoding of JSON. */
function isInUtf8({ "content-type": type = "", "content-encoding": coding = "identity" }: IncomingHttpHeaders): boolean {
	if (coding.toLowerCase() !== "identity") return false;
	return !type.includes(";") || [...type.matchAll(CHARSET)].every(([, quoted, token = ""]) => UTF_8.test(quoted ?? token));
}
