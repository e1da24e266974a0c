/**
 * Sets the security headers of every response, and the CORS headers that let the origins of the allow-list read it.
 *
 * The headers are constants instead of @fastify/helmet's, which builds a dozen functions for every request: about 80 microseconds
 * of CPU each, where a hold takes some 100 in all. Only the page at /docs, which a browser renders, gets helmet's.
 */
import cors from "@fastify/cors";
import fp from "fastify-plugin";

/** For JSON that nobody renders: OWASP REST Security Cheat Sheet, "Security Headers". */
export const SECURITY_HEADERS = {
	"content-security-policy": "default-src 'none'; frame-ancestors 'none'",
	"cross-origin-resource-policy": "same-origin",
	"referrer-policy": "no-referrer",
	"strict-transport-security": "max-age=31536000",
	"x-content-type-options": "nosniff",
	"x-frame-options": "DENY",
} as const;

const METHODS = ["GET", "HEAD", "POST", "PUT", "DELETE"];
/** What clients send and is not sent without asking first. */
const REQUEST_HEADERS = [
	"authorization",
	"content-type",
	"idempotency-key",
	"if-match",
	"if-none-match",
	"last-event-id",
	"prefer",
	"x-request-id",
];
/** What clients read and scripts of another origin are not shown otherwise. */
const ANSWER_HEADERS = [
	"etag",
	"idempotency-replayed",
	"location",
	"preference-applied",
	"retry-after",
	"www-authenticate",
	"x-request-id",
	"x-server-time",
];
const PREFLIGHT_KEPT_S = 600;

export const securityHeaders = fp<{ corsOrigins: readonly string[] }>(
	async (app, { corsOrigins }) => {
		app.addHook("onRequest", (_request, reply, next) => {
			reply.headers(SECURITY_HEADERS);
			next();
		});
		if (corsOrigins.length === 0) return;
		await app.register(cors, {
			origin: [...corsOrigins],
			methods: METHODS,
			allowedHeaders: REQUEST_HEADERS,
			exposedHeaders: ANSWER_HEADERS,
			// Tokens travel in a header that scripts set; there are no cookies to send along.
			credentials: false,
			maxAge: PREFLIGHT_KEPT_S,
			// Its own refusal is plain text; an OPTIONS that is no preflight is answered as one.
			strictPreflight: false,
		});
		// A route that sets `Vary` replaces what was there.
		app.addHook("onSend", (_request, reply, payload, next) => {
			const vary = String(reply.getHeader("vary") ?? "");
			if (!/(^|,)\s*(origin|\*)\s*(,|$)/i.test(vary)) reply.header("vary", vary === "" ? "Origin" : `${vary}, Origin`);
			next(null, payload);
		});
	},
	{ name: "security-headers" },
);
