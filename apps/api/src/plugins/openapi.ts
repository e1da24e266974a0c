/**
 * Serves the OpenAPI 3.1 document at `/openapi.json`, generated from the routes, and a page that shows it at `/docs`. The page loads
 * everything from this server: no CDN, no font host, no telemetry.
 */
import helmet from "@fastify/helmet";
import fastifySwagger, { type SwaggerTransformObject } from "@fastify/swagger";
import scalar from "@scalar/fastify-api-reference";
import type { FastifyInstance, FastifyReply, FastifyRequest, FastifySchema, RouteOptions } from "fastify";
import fp from "fastify-plugin";
import { type ConstantBody, constantBody, encodeFor } from "../constant-body.ts";
import { EXAMPLE_IDS, EXAMPLE_TIMES } from "../contract/examples.ts";
import { INTRODUCTION, TAGS } from "../contract/introduction.ts";
import { problemExamples, problemResponses } from "../contract/problem-schema.ts";
import type { ProblemCode } from "../contract/problems.ts";
import { SECURITY_HEADERS } from "./security-headers.ts";

/** Inline scripts and styles are allowed: the page uses them, and it shows no data of users through which others could be injected. */
const PAGE_SOURCES = {
	"script-src": ["'self'", "'unsafe-inline'"],
	// The demo serves plain HTTP.
	"upgrade-insecure-requests": null,
};

/** Fastify plugin: register it before the routes. */
export const openapi = fp(
	async (app) => {
		await app.register(fastifySwagger, {
			openapi: {
				openapi: "3.1.0",
				info: { title: "Holdfast", version: "1.0.0", description: INTRODUCTION, license: { name: "MIT", identifier: "MIT" } },
				servers: [
					{
						url: "/",
						description: "The address of your deployment, which also serves this document at `/openapi.json`",
					},
				],
				tags: TAGS,
				components: {
					securitySchemes: {
						accessToken: {
							type: "http",
							scheme: "bearer",
							bearerFormat: "JWT",
							description: "The `accessToken` of a session, valid for 15 minutes. Register, sign in or refresh to get one",
						},
					},
					headers: EVERY_ANSWER_HEADERS,
					examples: problemExamples(),
				},
			},
			refResolver: {
				buildLocalReference: (json, _baseUri, _fragment, index) => (typeof json.$id === "string" ? json.$id : `def-${index}`),
			},
			transform: ({ schema, url, route }) => ({ schema: withProblems(schema, route), url }),
			transformObject: nameHeaders,
		});

		let document: ConstantBody | null = null;
		app.get("/openapi.json", { schema: { hide: true } }, async (request, reply) => {
			document ??= constantBody(JSON.stringify(app.swagger()));
			const { bytes, headers } = await encodeFor(request.raw.headers, document);
			reply.headers(headers);
			if (bytes === null) return reply.code(304).send(null);
			return reply.type("application/json; charset=utf-8").send(bytes);
		});
		app.register(addPage);
	},
	{ name: "openapi", dependencies: ["send-problems"] },
);

/** Browsers render this page, so it gets the headers of helmet, which allow its scripts and styles, instead of `SECURITY_HEADERS`. */
async function addPage(app: FastifyInstance): Promise<void> {
	app.addHook("onRequest", (_request, reply, next) => {
		for (const name of Object.keys(SECURITY_HEADERS)) reply.removeHeader(name);
		next();
	});
	await app.register(helmet, { contentSecurityPolicy: { directives: PAGE_SOURCES } });
	await app.register(scalar, {
		routePrefix: "/docs",
		hooks: { onRequest: rejectInvalidHost },
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

/** The page builds its own URL from `Host`, and would throw on an invalid host. Answers 400 before it does. */
function rejectInvalidHost(request: FastifyRequest, reply: FastifyReply, next: () => void): void {
	if (URL.canParse(request.url, `${request.protocol}://${request.hostname}`)) next();
	else reply.problem("invalid_request", { errors: [{ pointer: "/headers/host", message: "is not a valid host" }] });
}

/**
 * Adds to a route's schema the responses for the problems it declares, and `overloaded` unless the route is exempt from that limit. A
 * route without `security` is documented as public.
 */
function withProblems(schema: FastifySchema, { config }: RouteOptions): FastifySchema {
	const responses = typeof schema.response === "object" ? schema.response : {};
	const codes: ProblemCode[] = [...(config?.problems ?? []), ...(config?.isAlwaysAnswered === true ? [] : ["overloaded" as const])];
	return { ...schema, security: schema.security ?? [], response: { ...responses, ...problemResponses(codes, config?.exactDetails) } };
}

const EVERY_ANSWER_HEADERS = {
	RequestId: {
		description:
			"Id of this request: the `x-request-id` of the request if it is well formed, otherwise a new one. Give it when you report an error",
		schema: { type: "string", examples: [EXAMPLE_IDS.request] },
	},
	ServerTime: {
		description: "Time at which the server sent the answer, by the clock of the server",
		schema: { type: "string", format: "date-time", examples: [EXAMPLE_TIMES.held] },
	},
} as const;

/** Adds the two headers that every answer has to each response of the document. */
const nameHeaders: SwaggerTransformObject = (document) => {
	if (!("openapiObject" in document)) return document.swaggerObject;
	for (const operations of Object.values(document.openapiObject.paths ?? {})) {
		for (const operation of Object.values(Object(operations))) {
			for (const response of Object.values(Object(operation).responses ?? {})) {
				const headers = {
					...Object(response).headers,
					"x-request-id": { $ref: "#/components/headers/RequestId" },
					"x-server-time": { $ref: "#/components/headers/ServerTime" },
				};
				Object.assign(Object(response), { headers });
			}
		}
	}
	return document.openapiObject;
};
