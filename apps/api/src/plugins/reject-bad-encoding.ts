/**
 * Rejects query strings that are not percent-encoded UTF-8. Fastify's parser would leave the value undecoded: `?q=%ff` would search
 * for the text `%ff`. Paths are checked by the router (`answerFrameworkError` in send-problems.ts). Bytes that are not ASCII are rejected
 * by Node.
 */
import fp from "fastify-plugin";
import { VIOLATIONS_NAMED_MAX } from "./malformed-request.ts";
import { pointerStep, type ValidationError } from "./to-validation-errors.ts";

/** The validation message for a path or a query that cannot be decoded. */
export const BAD_ENCODING = "must be percent-encoded UTF-8";

/** Fastify plugin: answers 400 `invalid_request` and names the invalid parameters. */
export const rejectBadEncoding = fp(
	(app, _options, done) => {
		// At the time of schema validation and not earlier, so that a request without a token is answered 401 first.
		app.addHook("preValidation", (request, reply, next) => {
			const errors = findBadEncoding(request.url);
			if (errors.length === 0) next();
			else reply.problem("invalid_request", { errors });
		});
		done();
	},
	{ name: "reject-bad-encoding", dependencies: ["send-problems"] },
);

/** Returns an error for each parameter that cannot be decoded. If its name cannot be decoded, the pointer is `/query`. */
function findBadEncoding(url: string): ValidationError[] {
	if (!url.includes("%")) return [];
	const start = url.search(/[?#]/);
	const query = start === -1 ? "" : url.slice(start + 1);
	const pointers = query.split("&").flatMap((part) => {
		const [name = "", ...value] = part.split("=");
		const decoded = decode(name);
		if (decoded === null) return ["/query"];
		return decode(value.join("=")) === null ? [`/query${pointerStep(decoded)}`] : [];
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
