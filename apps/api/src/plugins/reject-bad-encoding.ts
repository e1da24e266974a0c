/**
 * Rejects a query that is not percent-encoded UTF-8. Fastify's parser leaves such a part undecoded: `?q=%ff` would search for the
 * text `%ff`. The router checks paths (`answerFrameworkError` in send-problems.ts), and Node rejects bytes that are not ASCII.
 */
import fp from "fastify-plugin";
import { pointerTo, type ValidationError } from "./find-validation-errors.ts";
import { VIOLATIONS_NAMED_MAX } from "./malformed-request.ts";

/** The message for a path or a query that cannot be decoded. */
export const BAD_ENCODING = "must be percent-encoded UTF-8";

export const rejectBadEncoding = fp(
	(app, _options, done) => {
		// As late as the query is judged by its schema: a request without a token is 401 first.
		app.addHook("preValidation", (request, reply, next) => {
			const errors = findBadEncoding(request.url);
			if (errors.length === 0) next();
			else reply.problem("invalid_request", { errors });
		});
		done();
	},
	{ name: "reject-bad-encoding", dependencies: ["send-problems"] },
);

/** A pointer for each part of the query that cannot be decoded; to the query as a whole for a name. */
function findBadEncoding(url: string): ValidationError[] {
	if (!url.includes("%")) return [];
	const start = url.search(/[?#]/);
	const query = start === -1 ? "" : url.slice(start + 1);
	const pointers = query.split("&").flatMap((part) => {
		const [name = "", ...value] = part.split("=");
		const decoded = decode(name);
		if (decoded === null) return ["/query"];
		return decode(value.join("=")) === null ? [`/query${pointerTo(decoded)}`] : [];
	});
	return [...new Set(pointers)].slice(0, VIOLATIONS_NAMED_MAX).map((pointer) => ({ pointer, message: BAD_ENCODING }));
}

function decode(text: string): string | null {
	try {
		return decodeURIComponent(text);
	} catch {
		return null;
	}
}
