/**
 * Requests by chance, over real connections, to everything that the OpenAPI document lists and to what it does not: wrong types,
 * bounds, unknown fields, hostile texts, broken JSON, huge bodies, odd encodings, doubled headers, strange methods and paths,
 * bytes that are no HTTP. Never a 5xx but the coded 503; every answer is one that the document declares; and seats are as they
 * should be afterwards.
 *
 * A run prints its seed; FUZZ_SEED runs it again, FUZZ_ONLY just one request of it.
 */

import { parseShowtimeId } from "@holdfast/domain";
import { findSeatViolations } from "@holdfast/seat-store/testing";
import { createRandom, howLong } from "@holdfast/testing";
import { afterAll, beforeAll, expect, it } from "vitest";
import type { OpenapiDocument } from "./testing/check-contract.ts";
import { type DrawnRequest, drawRequest, type Operation, type Surface } from "./testing/fuzz/draw-request.ts";
import { createJudge } from "./testing/fuzz/judge-answer.ts";
import { type RawOutcome, sendRaw } from "./testing/fuzz/send-raw.ts";
import { startTestApi, type TestApi } from "./testing/start-test-api.ts";

const REQUESTS = howLong({ short: 1_000, long: 10_000 });
const SEED = Number(process.env.FUZZ_SEED ?? Date.now() % 2 ** 31);
const ONLY = process.env.FUZZ_ONLY;
const AT_ONCE = 8;
/** Passwords are hashed two at a time, and take their time where others work, too. */
const ANSWER_DEADLINE_MS = 60_000;
/** How long an answer is waited for that need not come. */
const HANG_MS = 250;
const USERS = 3;
/** Who signs out has to sign in again: tokens for nothing else. */
const LEAVERS = 40;
const SHOWTIMES = 4;
/** Some holds lapse while the test runs, the others outlast it. */
const BRIEF_HOLD_MS = 1_000;
/** Limits would hide what lies behind them. */
const UNLIMITED = 1_000_000;
const FLAWS_SHOWN = 10;
const MISSED_BY_SLICE_MAX = 4;
const PASSWORD = "correct horse battery";

let api: TestApi;
let port: number;
beforeAll(async () => {
	const rates = { authPerAddress: UNLIMITED, authPerAccount: UNLIMITED, userRate: UNLIMITED, userBurst: UNLIMITED };
	api = await startTestApi({ rates });
	port = Number(new URL(await api.app.listen({ host: "127.0.0.1", port: 0 })).port);
});
afterAll(() => api.close());

it(`${REQUESTS} requests by chance are each answered as the document says`, async () => {
	console.log(`fuzz: FUZZ_SEED=${SEED}`);
	const document: OpenapiDocument = JSON.parse(JSON.stringify(api.app.swagger()));
	const [surface, judge] = [await openSurface(document), createJudge(document)];
	const tally: Record<string, number> = {};
	const answered = new Set<string>();
	const flaws: string[] = [];
	let next = 0;

	async function ask(index: number): Promise<void> {
		const request = drawRequest(createRandom(SEED + index * 7_919), surface);
		const deadlineMs = request.mayHang ? HANG_MS : ANSWER_DEADLINE_MS;
		const outcome = await sendRaw(port, request.bytes, { isHead: request.method === "HEAD", deadlineMs });
		const word = wordOf(outcome);
		tally[word] = (tally[word] ?? 0) + 1;
		if (outcome.outcome === "answered" && outcome.status < 300) answered.add(request.operationId);
		const flaw = judge(request, outcome);
		if (flaw !== null) flaws.push(describeFlaw(index, request, flaw));
		if (ONLY !== undefined) console.log(describeFlaw(index, request, `${flaw ?? "fine"}: ${JSON.stringify(outcome)}`));
	}

	if (ONLY !== undefined) await ask(Number(ONLY));
	const workers = Array.from({ length: ONLY === undefined ? AT_ONCE : 0 }, async () => {
		while (next < REQUESTS) {
			next += 1;
			await ask(next - 1);
		}
	});
	await Promise.all(workers);

	console.log(`fuzz: ${JSON.stringify(tally)}`);
	expect(flaws.slice(0, FLAWS_SHOWN)).toEqual([]);
	if (ONLY !== undefined) return;
	await expectUnharmed(surface);
	const never = [...new Set(surface.operations.map(({ operationId }) => operationId))].filter((id) => !answered.has(id));
	// Otherwise it stayed outside, and knows nothing of what lies behind the first checks. A slice may miss some.
	expect(never.length, `never answered with 2xx: ${never}`).toBeLessThanOrEqual(howLong({ short: MISSED_BY_SLICE_MAX, long: 0 }));
});

function wordOf(outcome: RawOutcome): string {
	if (outcome.outcome !== "answered") return outcome.outcome;
	const code = /"code":"([a-z_]+)"/.exec(outcome.body)?.[1];
	return code === undefined || outcome.status < 400 ? String(outcome.status) : `${outcome.status} ${code}`;
}

const describeFlaw = (index: number, { bytes }: DrawnRequest, flaw: string): string =>
	`FUZZ_SEED=${SEED} FUZZ_ONLY=${index}\n${bytes.toString("latin1").slice(0, 1_500)}\n=> ${flaw}`;

/** Seats are what it is all about; hashing a password takes a quarter of a second. */
const WEIGHTS: Readonly<Record<string, number>> = {
	placeHold: 12,
	confirmBooking: 8,
	cancelBooking: 8,
	register: 1,
	logIn: 1,
	refreshSession: 2,
};
const WEIGHT = 3;

/** Users, showtimes, bookings and films that requests can name. */
async function openSurface(document: OpenapiDocument): Promise<Surface> {
	const users = await api.newUsers(USERS);
	const showtimeIds = await Promise.all(Array.from({ length: SHOWTIMES }, () => api.newShowtime()));
	const brief = await api.another({ limits: { holdTtlMs: BRIEF_HOLD_MS } });
	const bookings: string[] = [];
	for (const [place, user] of users.entries())
		for (const [index, showtimeId] of showtimeIds.entries())
			bookings.push((await (index === 0 ? brief : api).held(user, showtimeId, [`J${place + 1}`])).id);
	const movies = (await api.sql("select id from movies")).map(({ id }) => String(id));
	const plans = (await api.sql("select id from seat_plans")).map(({ id }) => String(id));
	const sessions = [];
	for (const name of ["ada", "bob", "eve"]) {
		const { body } = await api.call("POST /auth/register", {
			body: { email: `${name}@example.com`, password: PASSWORD, displayName: name },
		});
		sessions.push(Object(body));
	}
	const labels = ["A", "B", "C", "D"].flatMap((row) => Array.from({ length: 10 }, (_, seat) => `${row}${seat + 1}`));
	return {
		operations: operationsIn(document).flatMap((operation) => Array<Operation>(WEIGHTS[operation.operationId] ?? WEIGHT).fill(operation)),
		schemas: Object(document.components.schemas),
		tokens: users.map(({ token }) => token),
		world: {
			showtimeId: showtimeIds,
			seats: labels,
			movieId: movies,
			email: ["ada@example.com", "bob@example.com", "new@example.com", "newer@example.com"],
			password: [PASSWORD],
			refreshToken: sessions.map(({ refreshToken }) => String(refreshToken)),
			"logOut.token": (await api.newUsers(LEAVERS)).map(({ token }) => token),
			"showMovie.id": movies,
			"listShowtimesOfMovie.movieId": movies,
			"showShowtime.id": showtimeIds,
			"showSeatMatrix.showtimeId": showtimeIds,
			"streamSeats.showtimeId": showtimeIds,
			"showSeatPlan.id": plans,
			"showBooking.id": bookings,
			"confirmBooking.id": bookings,
			"cancelBooking.id": bookings,
		},
	};
}

function operationsIn({ paths }: OpenapiDocument): Operation[] {
	return Object.entries(paths).flatMap(([path, methods]) =>
		Object.entries(methods).map(([method, operation]) => {
			const { operationId, parameters = [], requestBody } = Object(operation);
			return { operationId, method: method.toUpperCase(), path, parameters, body: requestBody?.content["application/json"].schema ?? null };
		}),
	);
}

async function expectUnharmed({ world }: Surface): Promise<void> {
	expect((await api.call("GET //livez")).status).toBe(200);
	for (const text of world.showtimeId ?? []) {
		const showtimeId = parseShowtimeId(text);
		if (showtimeId !== null) expect(await findSeatViolations(api.seatStore, showtimeId, null)).toEqual([]);
	}
	expect(api.app.requestsInFlight()).toBe(0);
}
