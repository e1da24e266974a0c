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
import { CONTRACT_SCHEMAS, exampleOf } from "./read-contract.ts";

const settings = readSettings(process.env, (env) => ({
	redisUrl: env.text("REDIS_URL"),
	jwtSecret: env.secret("JWT_SECRET", 32),
	port: env.integer({ env: "PORT", default: 4000, min: 0, max: 65_535 }),
	workers: env.integer(WORKERS_SPEC),
}));

/** `expiresInSeconds` only while a booking is pending; `errors` only where fields are wrong. */
const { expiresInSeconds, ...BOOKING } = exampleOf("Booking");
const { errors: _errors, ...PROBLEM } = exampleOf("Problem");

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

/** A booking that was placed just now. */
function bookingOf(fields: object) {
	const now = new Date().toISOString();
	return { ...BOOKING, createdAt: now, expiresAt: now, ...fields };
}

await runWorkers(settings.workers, createLogger("floor", "warn"), serve);
