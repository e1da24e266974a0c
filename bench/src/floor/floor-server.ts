/**
 * The floor: a baseline server that shows the lowest possible cost of an authenticated answer with one Redis call. It is a plain
 * Fastify server with the same number of processes, request and response schemas, JWT check and Redis client as the API. Each request
 * sends one PING. The bench reports the rate of the API as a ratio to the rate of this server, in the same run.
 */
import fastifyJwt from "@fastify/jwt";
import { DEFAULT_LIMITS } from "@holdfast/domain";
import { closeOnSignals, createLogger, listenOptions, readSettings, runWorkers, WORKERS_SPEC } from "@holdfast/runtime";
import { createSeatStore } from "@holdfast/seat-store";
import Fastify from "fastify";
import { CONTRACT_SCHEMAS, exampleOf } from "./read-contract.ts";

const settings = readSettings(process.env, (env) => ({
	redisUrl: env.text("REDIS_URL"),
	jwtSecret: env.secret("JWT_SECRET", 32),
	port: env.integer({ env: "PORT", default: 4000, min: 0, max: 65_535 }),
	workers: env.integer(WORKERS_SPEC),
}));

/** `expiresInSeconds` is only in pending bookings, and `refund` is null except in some cancelled ones. */
const { expiresInSeconds, refund: _refund, ...BOOKING } = exampleOf("Booking");
/** Without the fields that only other problems have. */
const { type, title, status, detail, instance, code, retryable } = exampleOf("Problem");
const PROBLEM = { type, title, status, detail, instance, code, retryable };

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

	for (const schema of CONTRACT_SCHEMAS) app.addSchema(schema);
	const body = { $ref: "HoldRequest#" };
	app.post<{ Body: HoldBody }>("/held", { schema: { body, response: { 201: { $ref: "Booking#" } } } }, async (request, reply) => {
		await store.ping();
		return reply.code(201).send(bookingOf({ ...request.body, id: request.id, expiresInSeconds }));
	});
	app.post<{ Body: HoldBody }>("/taken", { schema: { body, response: { 409: { $ref: "Problem#" } } } }, async (request, reply) => {
		await store.ping();
		const answer = { ...PROBLEM, code: "seats_taken", requestId: request.id, seats: request.body.seats };
		return reply.code(409).type("application/problem+json").send(answer);
	});
	app.post("/confirmed", { schema: { response: { 200: { $ref: "Booking#" } } } }, async (request) => {
		await store.ping();
		return bookingOf({ id: request.id, status: "confirmed", seats: ["A1"], confirmedAt: new Date().toISOString() });
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

/** Returns a booking that was created now. */
function bookingOf(fields: object) {
	const now = new Date().toISOString();
	return { ...BOOKING, refund: null, createdAt: now, expiresAt: now, ...fields };
}

await runWorkers(settings.workers, createLogger("floor", "warn"), serve);
