/**
 * Fuzzing: random requests over real connections, to the operations of the OpenAPI document and to other paths. They have wrong
 * types, values at bounds, unknown fields, hostile texts, broken JSON, huge bodies, unusual encodings, duplicate headers and unknown
 * methods, or are not HTTP at all. There must be no 5xx except a coded 503, every response must fit the document, and the seats must
 * have no violations afterwards.
 *
 * A run prints its seed. FUZZ_SEED repeats the run, and FUZZ_ONLY repeats only one request of it.
 */

import { newShowtimeId, parseShowtimeId } from "@holdfast/domain";
import { findSeatViolations } from "@holdfast/seat-store/testing";
import { byRunLength, createRandom } from "@holdfast/testing";
import { afterAll, beforeAll, expect, it } from "vitest";
import { createTestAuditorium, createTestMovie, insertDeadLetter, insertRefund, insertTestRoom, sellSeats } from "./testing/admin.ts";
import type { OpenapiDocument } from "./testing/check-contract.ts";
import { createAnswerCheck } from "./testing/fuzz/check-answer.ts";
import { type DrawnRequest, drawRequest, type Operation, type Surface } from "./testing/fuzz/draw-request.ts";
import { type RawOutcome, sendRaw } from "./testing/fuzz/send-raw.ts";
import { startTestApi, type TestApi } from "./testing/start-test-api.ts";

const REQUESTS = byRunLength({ short: 2_000, long: 20_000 });
const SEED = Number(process.env.FUZZ_SEED ?? Date.now() % 2 ** 31);
const ONLY = process.env.FUZZ_ONLY;
const AT_ONCE = 8;
/** Passwords are hashed two at a time, which is slow on a loaded machine. */
const ANSWER_DEADLINE_MS = 60_000;
/** How long to wait for a response that need not arrive. */
const HANG_MS = 250;
const USERS = 3;
/** Users whose tokens are used only to sign out, since a token is invalid afterwards. */
const LEAVERS = 40;
const SHOWTIMES = 4;
/** Holds of this duration expire during the test. The others outlast it. */
const BRIEF_HOLD_MS = 1_000;
/** Rate limits would stop requests before they reach the code to test. */
const UNLIMITED = 1_000_000;
const VIOLATIONS_SHOWN = 10;
/** The share of all operations that a run may never see succeed: some need a body in which several random values fit together. */
const MISSED_SHARE_MAX = byRunLength({ short: 1 / 7, long: 1 / 30 });
const PASSWORD = "correct horse battery";

let api: TestApi;
let port: number;
beforeAll(async () => {
	const rates = {
		authPerAddress: UNLIMITED,
		refreshPerAddress: UNLIMITED,
		authPerAccount: UNLIMITED,
		userRate: UNLIMITED,
		userBurst: UNLIMITED,
	};
	api = await startTestApi({ rates });
	port = Number(new URL(await api.app.listen({ host: "127.0.0.1", port: 0 })).port);
});
afterAll(() => api.close());

it(`each of ${REQUESTS} random requests gets a response that fits the OpenAPI document`, async () => {
	console.log(`fuzz: FUZZ_SEED=${SEED}`);
	const document: OpenapiDocument = JSON.parse(JSON.stringify(api.app.swagger()));
	const [surface, checkAnswer] = [await openSurface(document), createAnswerCheck(document)];
	const tally: Record<string, number> = {};
	const answered = new Set<string>();
	const violations: string[] = [];
	let next = 0;

	async function ask(index: number): Promise<void> {
		const request = drawRequest(createRandom(SEED + index * 7_919), surface);
		const deadlineMs = request.mayHang ? HANG_MS : ANSWER_DEADLINE_MS;
		const outcome = await sendRaw(port, request.bytes, { isHead: request.method === "HEAD", deadlineMs });
		const label = labelOf(outcome);
		tally[label] = (tally[label] ?? 0) + 1;
		if (outcome.outcome === "answered" && outcome.status < 300) answered.add(request.operationId);
		const violation = checkAnswer(request, outcome);
		if (violation !== null) violations.push(describeViolation(index, request, violation));
		if (ONLY !== undefined) console.log(describeViolation(index, request, `${violation ?? "fine"}: ${JSON.stringify(outcome)}`));
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
	const withoutIds = surface.operations.flatMap(({ operationId, parameters }) =>
		parameters
			.filter((parameter) => Object(parameter).in === "path" && !(`${operationId}.${Object(parameter).name}` in surface.knownValues))
			.map(() => operationId),
	);
	// Random ids alone never name a resource that exists.
	expect([...new Set(withoutIds)], "operations whose path parameter has no known values").toEqual([]);
	expect(violations.slice(0, VIOLATIONS_SHOWN)).toEqual([]);
	if (ONLY !== undefined) return;
	await expectNoDamage(surface);
	const never = [...new Set(surface.operations.map(({ operationId }) => operationId))].filter((id) => !answered.has(id));
	// Otherwise the requests never got past the first checks of these operations.
	expect(never.length / surface.operations.length, `never answered with 2xx: ${never}`).toBeLessThanOrEqual(MISSED_SHARE_MAX);
});

function labelOf(outcome: RawOutcome): string {
	if (outcome.outcome !== "answered") return outcome.outcome;
	const code = /"code":"([a-z_]+)"/.exec(outcome.body)?.[1];
	return code === undefined || outcome.status < 400 ? String(outcome.status) : `${outcome.status} ${code}`;
}

const describeViolation = (index: number, { bytes }: DrawnRequest, violation: string): string =>
	`FUZZ_SEED=${SEED} FUZZ_ONLY=${index}\n${bytes.toString("latin1").slice(0, 1_500)}\n=> ${violation}`;

/** How often each operation is drawn: seats matter most, and hashing a password takes a quarter of a second. */
const WEIGHTS: Readonly<Record<string, number>> = {
	placeHold: 12,
	confirmBooking: 8,
	cancelBooking: 8,
	register: 1,
	logIn: 1,
	refreshSession: 2,
	// Few of the bodies and filters that are drawn for these fit.
	listAdminShowtimes: 8,
	listRefunds: 12,
	createShowtime: 8,
	scheduleShowtimes: 8,
	updateShowtime: 8,
	cancelShowtime: 8,
	deleteMe: 1,
	listAdminBookings: 12,
	showStatistics: 8,
	updateBookingStatus: 8,
	updateBookingSeats: 8,
};
const WEIGHT = 3;

/** Creates the users, showtimes, bookings and movies that requests can name. */
async function openSurface(document: OpenapiDocument): Promise<Surface> {
	const users = await api.newUsers(USERS);
	const showtimeIds = await Promise.all(Array.from({ length: SHOWTIMES }, () => api.newShowtime()));
	const brief = await api.startAnother({ limits: { holdTtlMs: BRIEF_HOLD_MS } });
	const bookings: string[] = [];
	for (const [userIndex, user] of users.entries())
		for (const [index, showtimeId] of showtimeIds.entries())
			bookings.push((await (index === 0 ? brief : api).held(user, showtimeId, [`J${userIndex + 1}`])).id);
	const movies = (await api.sql("select id from movies")).map(({ id }) => String(id));
	// Of their own, because a request may cancel or archive them.
	const toCancel = await Promise.all(Array.from({ length: SHOWTIMES }, () => api.newShowtime()));
	const toArchive = await Promise.all(Array.from({ length: SHOWTIMES }, async () => (await createTestMovie(api, await api.newAdmin())).id));
	const [showtimeId, user] = [showtimeIds[0], users[0]];
	if (showtimeId === undefined || user === undefined) throw new Error("no showtime or no user was created");
	const ofUser = { showtimeId, userId: user.id };
	const refunds = await Promise.all(Array.from({ length: SHOWTIMES }, () => insertRefund(api, ofUser)));
	const deadLetter = { bucket: 0, raw: { schema: "1" } };
	const deadLetters = await Promise.all(Array.from({ length: SHOWTIMES }, () => insertDeadLetter(api, deadLetter)));
	// For staff, who may cancel them: some held, some sold, of seats that no other request names.
	const forStaff = await Promise.all(
		["G1", "G2", "G3", "G4"].map(async (seat, place) => {
			const [showtimeId = newShowtimeId(), holder] = [showtimeIds[place % SHOWTIMES], await api.newUser()];
			return place < 2 ? (await api.held(holder, showtimeId, [seat])).id : (await sellSeats(api, showtimeId, [seat])).id;
		}),
	);
	const plans = (await api.sql("select id from seat_plans")).map(({ id }) => String(id));
	const admin = await api.newAdmin();
	// Without showtimes, so that requests can change and archive them.
	for (let made = 0; made < SHOWTIMES; made += 1) await createTestAuditorium(api, admin);
	// With plan and prices, so that requests can schedule showtimes in them.
	for (let made = 0; made < SHOWTIMES; made += 1) await insertTestRoom(api);
	const auditoriums = (await api.sql("select id from auditoriums")).map(({ id }) => String(id));
	// Of their own, because requests may block, promote and delete them.
	const toChange = (await api.newUsers(SHOWTIMES)).map(({ id }) => id);
	const toDelete = (await api.newUsers(LEAVERS)).map(({ id }) => id);
	const adminTokens = Object.entries(document.paths)
		.filter(([path]) => path.startsWith("/api/v1/admin/"))
		.flatMap(([, methods]) => Object.values(methods).map((operation) => [`${Object(operation).operationId}.token`, [admin.token]]));
	const register = async (name: string) => {
		const body = { email: `${name}@example.com`, password: PASSWORD, displayName: name };
		return Object((await api.call("POST /auth/register", { body })).body);
	};
	const sessions = [await register("ada"), await register("bob"), await register("eve")];
	const quitters = await Promise.all(Array.from({ length: SHOWTIMES }, (_, index) => register(`quitter-${index}`)));
	const labels = ["A", "B", "C", "D"].flatMap((row) => Array.from({ length: 10 }, (_, seat) => `${row}${seat + 1}`));
	return {
		operations: operationsIn(document).flatMap((operation) => Array<Operation>(WEIGHTS[operation.operationId] ?? WEIGHT).fill(operation)),
		schemas: Object(document.components.schemas),
		tokens: users.map(({ token }) => token),
		knownValues: {
			showtimeId: showtimeIds,
			seats: labels,
			movieId: movies,
			email: ["ada@example.com", "bob@example.com", "new@example.com", "newer@example.com"],
			password: [PASSWORD],
			refreshToken: sessions.map(({ refreshToken }) => String(refreshToken)),
			"logOut.token": (await api.newUsers(LEAVERS)).map(({ token }) => token),
			"deleteMe.token": quitters.map(({ accessToken }) => String(accessToken)),
			"showMovie.id": movies,
			"listShowtimesOfMovie.movieId": movies,
			"showShowtime.id": showtimeIds,
			"showSeatMatrix.showtimeId": showtimeIds,
			"streamSeats.showtimeId": showtimeIds,
			"showSeatPlan.id": plans,
			"showBooking.id": bookings,
			"confirmBooking.id": bookings,
			"cancelBooking.id": bookings,
			...Object.fromEntries(adminTokens),
			auditoriumId: auditoriums,
			"showAdminBooking.id": bookings,
			actor: [admin.id],
			targetId: movies,
			action: ["movie.created"],
			block: labels,
			unblock: labels,
			blocks: labels,
			localStart: ["2031-03-01T20:15", "2031-03-02T23:00"],
			startsAt: ["2031-03-03T20:15:00Z"],
			times: ["20:15", "24:30"],
			timeZone: ["Europe/Vienna", "America/New_York"],
			currency: ["USD", "EUR"],
			dayStartsAt: ["06:00", "00:00"],
			tier: ["standard", "premium"],
			releaseDate: ["1949-09-02"],
			posterUrl: ["https://example.com/a.jpg"],
			"if-match": ['"1"', 'W/"1-gzip"', "*"],
			"showAdminMovie.id": movies,
			"updateMovie.id": movies,
			"showAuditorium.id": auditoriums,
			"updateAuditorium.id": auditoriums,
			"archiveAuditorium.id": auditoriums,
			"listSeatPlans.id": auditoriums,
			"createSeatPlan.id": auditoriums,
			"showAdminSeatPlan.id": plans,
			"updateSeatPlan.id": plans,
			"showAdminShowtime.id": showtimeIds,
			"updateShowtime.id": showtimeIds,
			"blockSeats.id": showtimeIds,
			"cancelShowtime.id": toCancel,
			"archiveMovie.id": toArchive,
			"openQuarantinedSeats.id": showtimeIds,
			"markRefundPaid.bookingId": refunds,
			"resolveDeadLetter.id": deadLetters,
			bookingId: bookings,
			userId: users.map(({ id }) => id),
			name: ["ada", "Buyer"],
			"showUser.id": toChange,
			"updateUser.id": toChange,
			"deleteUser.id": toDelete,
			"updateBookingStatus.id": forStaff,
			"updateBookingSeats.id": forStaff,
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

async function expectNoDamage({ knownValues }: Surface): Promise<void> {
	expect((await api.call("GET //livez")).status).toBe(200);
	for (const text of knownValues.showtimeId ?? []) {
		const showtimeId = parseShowtimeId(text);
		if (showtimeId !== null) expect(await findSeatViolations(api.seatStore, showtimeId, null)).toEqual([]);
	}
	expect(api.app.requestsInFlight()).toBe(0);
}
