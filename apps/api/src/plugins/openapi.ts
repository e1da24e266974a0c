/**
 * The OpenAPI 3.1 document, written from the routes themselves, at `/openapi.json`, and a page to read it at
 * `/docs`. The page is served whole from here: no CDN, no font host, nothing sent anywhere.
 */
import helmet from "@fastify/helmet";
import fastifySwagger, { type SwaggerTransformObject } from "@fastify/swagger";
import scalar from "@scalar/fastify-api-reference";
import type { FastifyInstance, FastifyReply, FastifyRequest, FastifySchema, RouteOptions } from "fastify";
import fp from "fastify-plugin";
import { EXAMPLE_IDS, EXAMPLE_TIMES } from "../contract/examples.ts";
import { INTRODUCTION, TAGS } from "../contract/introduction.ts";
import { problemExamples, problemResponses } from "../contract/problem-schema.ts";
import type { ProblemCode } from "../contract/problems.ts";
import { SECURITY_HEADERS } from "./security-headers.ts";

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
				info: { title: "Holdfast", version: "1.0.0", description: INTRODUCTION, license: { name: "MIT", identifier: "MIT" } },
				servers: [{ url: "/", description: "The server that this document came from" }],
				tags: TAGS,
				components: {
					securitySchemes: {
						accessToken: { type: "http", scheme: "bearer", bearerFormat: "JWT", description: "From registering or signing in; 15 minutes" },
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

		let document: string | null = null;
		app.get("/openapi.json", { schema: { hide: true } }, (_request, reply) => {
			document ??= JSON.stringify(app.swagger());
			return reply.type("application/json; charset=utf-8").send(document);
		});
		app.register(addPage);
	},
	{ name: "openapi", dependencies: ["send-problems"] },
);

/** A browser renders this one: it gets its headers from helmet, and leave to run the script and the styles it is made of. */
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

/** The page builds its own address from `Host`. What no address can be built from is refused before it tries. */
function rejectInvalidHost(request: FastifyRequest, reply: FastifyReply, next: () => void): void {
	if (URL.canParse(request.url, `${request.protocol}://${request.hostname}`)) next();
	else reply.problem("invalid_request", { errors: [{ pointer: "/headers/host", message: "is no host" }] });
}

/** The route's answers plus the problems it declares, and the one of every route that pressure is kept from. Whom it asks for: nobody, if it does not say. */
function withProblems(schema: FastifySchema, { config }: RouteOptions): FastifySchema {
	const responses = typeof schema.response === "object" ? schema.response : {};
	const codes: ProblemCode[] = [...(config?.problems ?? []), ...(config?.isAlwaysAnswered === true ? [] : ["overloaded" as const])];
	return { ...schema, security: schema.security ?? [], response: { ...responses, ...problemResponses(codes) } };
}

const EVERY_ANSWER_HEADERS = {
	RequestId: {
		description: "Names this request in logs and problems; the client's own if it sent a sane one",
		schema: { type: "string", examples: [EXAMPLE_IDS.request] },
	},
	ServerTime: {
		description: "The server's clock when it answered",
		schema: { type: "string", format: "date-time", examples: [EXAMPLE_TIMES.held] },
	},
} as const;

/** The two headers that every answer has, named in each. */
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
