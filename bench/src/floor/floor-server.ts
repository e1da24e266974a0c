/**
 * The floor: the least that an authenticated answer backed by Redis can cost. A bare Fastify with the same number of
 * processes, the same body and answer schemas, the same JWT check, and one PING on the same Redis through the same
 * client. What our road costs is measured as a ratio to it, in the same run.
 */
import fastifyJwt from "@fastify/jwt";
import { DEFAULT_LIMITS } from "@holdfast/domain";
import { closeOnSignals, createLogger, listenOptions, readSettings, runWorkers, WORKERS_SPEC } from "@holdfast/runtime";
import { createSeatStore } from "@holdfast/seat-store";
import Fastify from "fastify";

const settings = readSettings(process.env, (env) => ({
	redisUrl: env.text("REDIS_URL"),
	jwtSecret: env.secret("JWT_SECRET", 32),
	port: env.integer({ env: "PORT", default: 4000, min: 0, max: 65_535 }),
	workers: env.integer(WORKERS_SPEC),
}));

const BODY = {
	type: "object",
	required: ["showtimeId", "seats"],
	additionalProperties: false,
	properties: {
		showtimeId: { type: "string", maxLength: 36 },
		seats: { type: "array", minItems: 1, maxItems: 10, uniqueItems: true, items: { type: "string", minLength: 1, maxLength: 8 } },
	},
};
const MONEY = { type: "object", properties: { amount: { type: "integer" }, currency: { type: "string" } } };
const BOOKING = {
	type: "object",
	properties: {
		id: { type: "string" },
		showtimeId: { type: "string" },
		status: { type: "string" },
		seats: { type: "array", items: { type: "string" } },
		total: MONEY,
		expiresAt: { type: "string" },
		expiresInSeconds: { type: "integer" },
		createdAt: { type: "string" },
		confirmedAt: { type: "string", nullable: true },
		cancelledAt: { type: "string", nullable: true },
		recorded: { type: "boolean" },
		version: { type: "integer" },
	},
};
const PROBLEM = {
	type: "object",
	properties: {
		type: { type: "string" },
		title: { type: "string" },
		status: { type: "integer" },
		detail: { type: "string" },
		instance: { type: "string" },
		code: { type: "string" },
		retryable: { type: "boolean" },
		requestId: { type: "string" },
		seats: { type: "array", items: { type: "string" } },
	},
};

type HoldBody = { showtimeId: string; seats: string[] };

async function serve(): Promise<void> {
	const log = createLogger("floor", "warn");
	const store = createSeatStore({ url: settings.redisUrl, limits: DEFAULT_LIMITS, log });
	const app = Fastify({ logger: false });
	await app.register(fastifyJwt, {
		secret: settings.jwtSecret,
		verify: { algorithms: ["HS256"], allowedIss: "holdfast", allowedAud: "holdfast-api", cache: 10_000 },
	});
	app.addHook("onRequest", (request) => request.jwtVerify());

	app.post<{ Body: HoldBody }>("/held", { schema: { body: BODY, response: { 201: BOOKING } } }, async (request, reply) => {
		await store.ping();
		return reply.code(201).send(bookingOf(request.body, request.id));
	});
	app.post<{ Body: HoldBody }>("/taken", { schema: { body: BODY, response: { 409: PROBLEM } } }, async (request, reply) => {
		await store.ping();
		return reply.code(409).type("application/problem+json").send(problemOf(request.body, request.id));
	});
	app.post("/confirmed", { schema: { response: { 200: BOOKING } } }, async (request) => {
		await store.ping();
		return bookingOf({ showtimeId: request.id, seats: ["A1"] }, request.id);
	});
	await app.listen(listenOptions({ ...settings, host: "127.0.0.1" }));
	closeOnSignals(
		log,
		async () => {
			await app.close();
			await store.close();
		},
		{ followParent: true },
	);
}

function bookingOf({ showtimeId, seats }: HoldBody, id: string) {
	const now = new Date();
	return {
		id,
		showtimeId,
		status: "pending",
		seats,
		total: { amount: 1250 * seats.length, currency: "USD" },
		expiresAt: now.toISOString(),
		expiresInSeconds: 420,
		createdAt: now.toISOString(),
		confirmedAt: null,
		cancelledAt: null,
		recorded: false,
		version: 1,
	};
}

function problemOf({ seats }: HoldBody, requestId: string) {
	return {
		type: "urn:problem-type:holdfast:seats_taken",
		title: "Seats not available",
		status: 409,
		detail: "The seats named in `seats` are not available; nothing was held. Choose others.",
		instance: "/api/v1/bookings",
		code: "seats_taken",
		retryable: false,
		requestId,
		seats,
	};
}

await runWorkers(settings.workers, createLogger("floor", "warn"), serve);
