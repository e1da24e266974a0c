/**
 * Members of staff sell, confirm, move, cancel, revive and release while Redis, the sweeper and Postgres are killed in turn, and customers
 * and an accountant work beside them. Each command is repeated until it has an answer. At rest each accepted command has one audit row and
 * no other command has any, both stores agree with the answers, and no refund is both paid and withdrawn.
 */
import { rmSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import { createDatabase, type Database } from "@holdfast/database";
import {
	BOX_OFFICE_USER_ID,
	type BookingId,
	DEFAULT_LIMITS,
	newBookingId,
	newUserId,
	type OpenShowtime,
	type ShowtimeId,
	type StaffCommand,
	type UserId,
} from "@holdfast/domain";
import { makeScratchFolder, type Part, queryPostgres, type Stack, startStack } from "@holdfast/local-stack";
import { openProof } from "@holdfast/proofs";
import { createRebuilder, type Rebuilder, withOpenShowtime } from "@holdfast/rebuild";
import { createLogger } from "@holdfast/runtime";
import { createSeatStore, type SeatStore } from "@holdfast/seat-store";
import { installedShowtime } from "@holdfast/seat-store/testing";
import { driveRevive } from "@holdfast/showtime-actions";
import { byRunLength, createRandom, insertShowtimes, insertUsers, waitUntil } from "@holdfast/testing";
import { afterAll, beforeAll, expect, it } from "vitest";

const ROUNDS = byRunLength({ short: 1, long: 12 });
const UP_MS = byRunLength({ short: 500, long: 1_500 });
const STAFF = 6;
/** A member of staff sells only these seats of the showtime, so the final state of each is known. */
const SEATS_EACH = 16;
const PERCENTS = [0, 50, 100];
const ANSWER_DEADLINE_MS = 60_000;

const dataDir = makeScratchFolder();
let stack: Stack;
let seatStore: SeatStore;
let database: Database;
let rebuilder: Rebuilder;
beforeAll(async () => {
	stack = await startStack({ dataDir, skipSeed: true, throwaway: false, environment: { LOG_LEVEL: "fatal", SETTLE_BATCH_MAX: "5" } });
	seatStore = createSeatStore({ url: stack.info.redisUrl, limits: DEFAULT_LIMITS });
	database = createDatabase({ url: stack.info.databaseUrl, applicationName: "holdfast-desk" });
	rebuilder = createRebuilder({ seatStore, database, quarantineMs: null, log: createLogger("desk", "silent") });
});
afterAll(async () => {
	await seatStore?.close();
	await database?.close();
	await stack?.stop();
	rmSync(dataDir, { recursive: true, force: true });
});

const query = (statement: string) => queryPostgres(stack.info.databaseUrl, statement);
const open = async (id: ShowtimeId): Promise<{ outcome: "opened" } | { outcome: "not_opened" }> => {
	const { outcome } = await rebuilder.rebuild(id, 0);
	return outcome === "opened" ? { outcome } : { outcome: "not_opened" };
};

/** Answers after which the same command is sent again: nothing was decided yet. */
const UNDECIDED: readonly string[] = ["not_opened", "recovering", "busy", "not_recorded", "too_late", "not_loaded"];

/** Repeats the call until it has an answer; a lost answer is repeated as well. */
async function untilDecided<Answer extends { outcome: string }>(call: () => Promise<Answer>): Promise<Answer> {
	const endsAt = Date.now() + ANSWER_DEADLINE_MS;
	for (;;) {
		const answer = await call().catch(() => null);
		if (answer !== null && !UNDECIDED.includes(answer.outcome)) return answer;
		if (Date.now() > endsAt) throw new Error(`no decision within ${ANSWER_DEADLINE_MS} ms; the last answer was ${answer?.outcome}`);
		await delay(50);
	}
}

/** A booking as its member of staff knows it. `percent`: of the last cancel. */
type Known = { id: BookingId; userId: UserId; state: "CONFIRMED" | "CANCELLED"; seats: number[]; percent: number };
type Desk = { readonly known: Known[]; readonly accepted: Map<string, string>; readonly refused: Set<string>; stopped: boolean };

/** Starts a member of staff, who works on `seats` until `desk.stopped`, one random command after the other. */
async function work(desk: Desk, showtime: OpenShowtime, seats: readonly number[], { users, seed }: { users: UserId[]; seed: number }) {
	const random = createRandom(seed);
	const [actor, own]: [UserId, Known[]] = [newUserId(), []];
	const pick = <Item>(items: readonly Item[]): Item | undefined => items[random.below(items.length)];
	const freeSeats = () => seats.filter((seat) => !own.some((booking) => booking.state === "CONFIRMED" && booking.seats.includes(seat)));
	let requests = 0;
	const newCommand = (): StaffCommand => ({ actor, requestId: `${actor} ${++requests}`, reason: "A busy evening" });
	/** Notes whether the command was accepted, by its answer. */
	const note = ({ requestId }: StaffCommand, action: string | null) =>
		action === null ? desk.refused.add(requestId) : desk.accepted.set(requestId, action);
	const onShowtime = <Answer extends { outcome: string }>(call: () => Promise<Answer>) =>
		untilDecided(() => withOpenShowtime(() => open(showtime.id), call));

	async function sell(): Promise<void> {
		const [seat, command, userId] = [pick(freeSeats()), newCommand(), random.once(2) ? BOX_OFFICE_USER_ID : pick(users)];
		if (seat === undefined || userId === undefined) return;
		const bookingId = newBookingId(showtime.id);
		const placed = await onShowtime(() =>
			seatStore.placeStaffHold({ bookingId, userId, showtime, seats: [seat], amounts: [1250], idempotencyKey: null, command }),
		);
		if (placed.outcome !== "held") return void note(command, null);
		const change = { bookingId, userId, showtimeId: showtime.id, ifVersion: null };
		if (random.once(5)) {
			const release = newCommand();
			const released = await onShowtime(() => seatStore.cancelByStaff({ ...change, command: release, refundPercent: 100 }));
			expect(released.outcome).toBe("cancelled");
			return void note(release, "booking.released");
		}
		expect((await onShowtime(() => seatStore.confirmBooking(change))).outcome).toBe("confirmed");
		note(command, "booking.sold");
		own.push({ id: bookingId, userId, state: "CONFIRMED", seats: [seat], percent: 0 });
		desk.known.push(...own.slice(-1));
	}

	async function change(booking: Known): Promise<void> {
		const command = newCommand();
		const request = { bookingId: booking.id, userId: booking.userId, showtimeId: showtime.id, ifVersion: null, command };
		if (booking.state === "CANCELLED") {
			const deps = { seatStore, database, open: (id: ShowtimeId) => open(id) };
			const { outcome } = await untilDecided(() => driveRevive(deps, request));
			expect(["confirmed", "seats_taken", "money_moved"]).toContain(outcome);
			if (outcome === "confirmed") booking.state = "CONFIRMED";
			return void note(command, outcome === "confirmed" ? "booking.revived" : null);
		}
		const seat = pick(freeSeats());
		if (seat !== undefined && random.once(2)) {
			const { outcome } = await onShowtime(() => seatStore.reseatBooking({ ...request, seats: [seat], amounts: [1250] }));
			expect(["reseated", "seats_taken"]).toContain(outcome);
			if (outcome === "reseated") booking.seats = [seat];
			return void note(command, outcome === "reseated" ? "booking.reseated" : null);
		}
		const percent = pick(PERCENTS) ?? 0;
		expect((await onShowtime(() => seatStore.cancelByStaff({ ...request, refundPercent: percent }))).outcome).toBe("cancelled");
		Object.assign(booking, { state: "CANCELLED", percent });
		note(command, "booking.cancelled");
	}

	while (!desk.stopped) {
		const booking = pick(own);
		if (booking === undefined || random.once(3)) await sell();
		else await change(booking);
	}
}

/** Customers who hold any seat for a moment, so that some commands of staff meet an owner. */
async function hold(desk: Desk, showtime: OpenShowtime, users: readonly UserId[]): Promise<void> {
	const random = createRandom(7);
	while (!desk.stopped) {
		const [seat, userId] = [random.below(showtime.seatCount), random.pick(users)];
		const bookingId = newBookingId(showtime.id);
		const request = { bookingId, userId, showtime, seats: [seat], amounts: [1250], idempotencyKey: null };
		const { outcome } = await untilDecided(() =>
			withOpenShowtime(
				() => open(showtime.id),
				() => seatStore.placeHold(request),
			),
		);
		if (outcome !== "held") continue;
		const cancel = { bookingId, userId, showtimeId: showtime.id, ifVersion: null };
		await untilDecided(() =>
			withOpenShowtime(
				() => open(showtime.id),
				() => seatStore.cancelBooking(cancel),
			),
		);
	}
}

/** An accountant who pays some of the refunds that are due. */
async function pay(desk: Desk): Promise<void> {
	while (!desk.stopped) {
		await query(
			`update refunds set state = 'done', done_at = now(), provider_ref = 'cash' where state = 'due' and booking_id in (
				select booking_id from refunds where state = 'due' order by random() limit 1)`,
		).catch(() => {});
		await delay(150);
	}
}

async function killInTurn(): Promise<void> {
	const kill = async (...parts: readonly (Part | null)[]) => {
		for (const part of parts) await part?.kill("SIGKILL");
		for (const part of parts) await part?.start();
		await delay(UP_MS);
	};
	const { sweeper, redis, postgres } = stack;
	for (let round = 0; round < ROUNDS; round += 1) {
		await kill(sweeper);
		await kill(redis);
		await kill(postgres);
		await kill(sweeper, redis);
		await kill(sweeper, postgres);
	}
}

it("every command of staff is audited once and both stores agree at rest, whatever was killed in the middle of it", async () => {
	const [showtimeId] = (await insertShowtimes(stack.info.databaseUrl)).showtimeIds;
	if (showtimeId === undefined) throw new Error("no showtime was inserted");
	await untilDecided(() => rebuilder.rebuild(showtimeId, 0));
	const showtime = await installedShowtime(seatStore, showtimeId);
	await seatStore.blockSeats({ showtimeId, seats: [0, 1, 2, 20, 40], isBlocked: true, ifVersions: null, command: null });
	const users = await insertUsers(stack.info.databaseUrl, 20);
	const desk: Desk = { known: [], accepted: new Map(), refused: new Set(), stopped: false };
	const seatsOf = (at: number) => Array.from({ length: SEATS_EACH }, (_, seat) => at * SEATS_EACH + seat);
	const everyone = [
		...Array.from({ length: STAFF }, (_, at) => work(desk, showtime, seatsOf(at), { users, seed: at + 1 })),
		hold(desk, showtime, users),
		pay(desk),
	];
	// Awaited below. This only keeps a failure from being reported as unhandled while the servers are killed.
	for (const person of everyone) person.catch(() => {});
	await delay(UP_MS);
	await killInTurn();
	desk.stopped = true;
	await Promise.all(everyone);

	const proof = openProof({ redisUrl: stack.info.redisUrl, databaseUrl: stack.info.databaseUrl });
	await proof.drained(ANSWER_DEADLINE_MS);
	// Nothing is being decided any more, so the deadlines of abandoned revives need not be waited for.
	await query("update refunds set withdraw_until = withdraw_until - interval '1 hour' where state = 'withdrawing'");
	const withheld = async () => (await query("select 1 from refunds where state = 'withdrawing'")).length;
	await waitUntil("no refund to be withheld", async () => (await withheld()) === 0, ANSWER_DEADLINE_MS);
	expect(await proof.violations(showtimeId)).toEqual([]);
	await proof.close();

	const audited = await query("select request_id, action from audit_events where target_type = 'booking'");
	const rows = audited.map(({ request_id, action }) => `${request_id} ${action}`).sort();
	expect(rows).toEqual([...desk.accepted].map(([requestId, action]) => `${requestId} ${action}`).sort());
	const owners = new Map(
		(await query("select booking_id, seat::text from booking_seats where released_at is null")).map((row) => [row.booking_id, row.seat]),
	);
	const states = new Map((await query("select id, state from bookings")).map(({ id, state }) => [id, state]));
	const refunds = new Map((await query("select booking_id, state, percent::text from refunds")).map((row) => [row.booking_id, row]));
	for (const { id, state, seats, percent } of desk.known) {
		expect([states.get(id), owners.get(id)], id).toEqual([state, state === "CONFIRMED" ? seats.join() : undefined]);
		expect((await seatStore.readBooking(id))?.state ?? state).toBe(state);
		const refund = refunds.get(id);
		const isOwed = state === "CANCELLED" && percent > 0;
		if (isOwed) expect([refund?.percent, ["due", "done"].includes(refund?.state ?? "")], id).toEqual([String(percent), true]);
		else expect([undefined, "not_owed"], id).toContain(refund?.state);
	}
	const counts = [...Map.groupBy(desk.accepted.values(), (action) => action)].map(([action, all]) => `${all.length} ${action}`);
	const paid = [...refunds.values()].filter(({ state }) => state === "done").length;
	console.log(`accepted: ${counts.join(", ")}; refused: ${desk.refused.size}; paid refunds: ${paid}`);
	expect(desk.accepted.size).toBeGreaterThan(STAFF);
});
