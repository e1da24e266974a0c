/**
 * The OpenAPI 3.1 document, written from the routes themselves, at `/openapi.json`, and a page to read it at
 * `/docs`. The page is served whole from here: no CDN, no font host, nothing sent anywhere.
 */

import helmet from "@fastify/helmet";
import fastifySwagger from "@fastify/swagger";
import scalar from "@scalar/fastify-api-reference";
import type { FastifyInstance, FastifyReply, FastifyRequest, FastifySchema, RouteOptions } from "fastify";
import fp from "fastify-plugin";
import { problemResponses } from "../contract/problem-schema.ts";
import type { ProblemCode } from "../contract/problems.ts";
import { SECURITY_HEADERS } from "./harden.ts";

/** Its script and its styles stand in the page itself, and nothing of a user's does: there is nothing to inject through. */
const PAGE_SOURCES = {
	"script-src": ["'self'", "'unsafe-inline'"],
	// The demo speaks plain HTTP.
	"upgrade-insecure-requests": null,
};

export const openapi = fp(
	async (app) => {
		await app.register(fastifySwagger, {
			openapi: {
				openapi: "3.1.0",
				info: {
					title: "Holdfast",
					version: "1.0.0",
					description:
						"Hold seats of a showtime, then confirm them. Every error is `application/problem+json` with a stable `code`. " +
						"Every answer carries `x-request-id` and `x-server-time`.",
					license: { name: "MIT", identifier: "MIT" },
				},
				tags: [
					{ name: "auth", description: "Register, sign in, stay signed in, sign out" },
					{ name: "movies", description: "The catalogue" },
					{ name: "showtimes", description: "What is on, and its seats now" },
					{ name: "bookings", description: "Hold, confirm, cancel" },
					{ name: "health", description: "Is it up" },
				],
				components: { securitySchemes: { accessToken: { type: "http", scheme: "bearer", bearerFormat: "JWT" } } },
			},
			refResolver: {
				buildLocalReference: (json, _baseUri, _fragment, index) => (typeof json.$id === "string" ? json.$id : `def-${index}`),
			},
			transform: ({ schema, url, route }) => ({ schema: withProblems(schema, route), url }),
		});

		let document: string | null = null;
		app.get("/openapi.json", { schema: { hide: true } }, (_request, reply) => {
			document ??= JSON.stringify(app.swagger());
			return reply.type("application/json; charset=utf-8").send(document);
		});
		app.register(addPage);
	},
	{ name: "openapi", dependencies: ["problems"] },
);

/** A browser renders this one: it gets its headers from helmet, and leave to run the script and the styles it is made of. */
async function addPage(app: FastifyInstance): Promise<void> {
	await app.register(helmet, { contentSecurityPolicy: { directives: PAGE_SOURCES } });
	app.addHook("onRequest", (_request, reply, next) => {
		for (const name of Object.keys(SECURITY_HEADERS)) reply.removeHeader(name);
		next();
	});
	await app.register(scalar, {
		routePrefix: "/docs",
		hooks: { onRequest: refuseOddHost },
		configuration: {
			url: "/openapi.json",
			pageTitle: "Holdfast API",
			withDefaultFonts: false,
			telemetry: false,
			showDeveloperTools: "never",
			hideClientButton: true,
			agent: { disabled: true },
			mcp: { disabled: true },
		},
	});
}

/** The page builds its own address from `Host`. What no address can be built from is refused before it tries. */
function refuseOddHost(request: FastifyRequest, reply: FastifyReply, next: () => void): void {
	if (URL.canParse(request.url, `${request.protocol}://${request.hostname}`)) next();
	else reply.problem("invalid_request", { errors: [{ pointer: "/headers/host", message: "is no host" }] });
}

/** The route's answers plus the problems it declares, and the one of every route that pressure is kept from. */
function withProblems(schema: FastifySchema, { config }: RouteOptions): FastifySchema {
	const responses = typeof schema.response === "object" ? schema.response : {};
	const codes: ProblemCode[] = [...(config?.problems ?? []), ...(config?.isAlwaysAnswered === true ? [] : ["overloaded" as const])];
	return { ...schema, response: { ...responses, ...problemResponses(codes) } };
}
