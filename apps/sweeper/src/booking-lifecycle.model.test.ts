/**
 * The seat store and the sweeper, compared with the reference model. Random sequences of hold, extend, confirm, cancel, block, pause, of
 * sales, confirms, cancels, revives and reseats by staff, and of reap, settle, restart, rebuild, duplicate delivery and lost records run on a real Redis and a real Postgres, with a clock that the sequence
 * controls. After each step the test compares the outcome, every booking, every seat and its owner; after each settling also the ledger;
 * at the end, when everything is settled, all of it.
 *
 * A failure prints its seed, path and replayPath. Set MODEL_SEED, MODEL_PATH and MODEL_REPLAY to run the same sequence again.
 */
import { findBooking, settleBatch } from "@holdfast/database";
import {
	BOX_OFFICE_USER_ID,
	bucketOf,
	DEFAULT_LIMITS,
	newBookingId,
	newUserId,
	type OpenShowtime,
	type StaffCommand,
	type UserId,
} from "@holdfast/domain";
import { createReferenceModel, type ModelBooking, type ReferenceModel } from "@holdfast/proofs";
import type { SeatStore, StaffChangeCommand } from "@holdfast/seat-store";
import { bookingKey, injectClock, untilReachable } from "@holdfast/seat-store/testing";
import { driveRevive } from "@holdfast/showtime-actions";
import { askRedis, byRunLength, insertUsers } from "@holdfast/testing";
import fc from "fast-check";
import { afterAll, beforeAll, expect, it } from "vitest";
import type { Sweeper } from "./sweeper.ts";
import { createSweeperMetrics } from "./sweeper-metrics.ts";
import { expectAgreement, expectLedgerAgreement } from "./testing/expect-agreement.ts";
import { openTestSweeper, type TestSweeper } from "./testing/open-test-sweeper.ts";

const SEATS = 6;
const USERS = 3;
const LIMITS = {
	...DEFAULT_LIMITS,
	holdTtlMs: 1_000,
	holdExtensionMs: 1_500,
	holdLifeMaxMs: 2_000,
	seatsPerUserMax: 4,
	liveHoldsPerUserMax: 2,
	holdsPerHourMax: 3,
	settleBatchMax: 3,
};
const READS_MAP_EVERY = 4;
/** `advanceToHoldQuota` stops this long before the end of sales: longer than the other steps of a sequence take together. */
const SALES_REST_MS = 600_000;
/** The number of sequences, and how long new ones are started. Each takes a tenth of a second or two, and longer on a busy machine. */
const SEARCH = byRunLength({ short: { sequences: 20, forMs: 60_000 }, long: { sequences: 1_000_000, forMs: 300_000 } });

let test: TestSweeper;
let seatStore: SeatStore;
let sweeper: Sweeper;
const metrics = createSweeperMetrics();
let overHourlyLimit = 0;
let revives = 0;
/** The clock of the sequence. Null between sequences: the server's own clock. */
let nowMs: number | null = null;

beforeAll(async () => {
	test = await openTestSweeper({ limits: LIMITS, prepareConnection: (client) => injectClock(client, () => nowMs) });
	seatStore = test.seatStore;
	sweeper = test.newSweeper({ metrics });
});
afterAll(() => test.stop());

/** The real system of one sequence: a showtime and its users. */
type Scenario = { readonly showtime: OpenShowtime; readonly users: readonly UserId[]; steps: number };
type Step = fc.AsyncCommand<ReferenceModel, Scenario>;

async function openScenario(): Promise<Scenario> {
	const showtime = await test.rebuiltShowtime({ rows: 1, seatsPerRow: SEATS });
	// New users for each sequence: the model must know every hold that they have placed in the past hour.
	const users = await insertUsers(test.databaseUrl, USERS);
	return { showtime, users, steps: 0 };
}

/** A different price for each seat, so that mixed-up prices are detected. */
const amountsOf = (seats: readonly number[]): number[] => seats.map((at) => 1_000 + at);

const pick = <Item>(items: readonly Item[], at: number): Item | undefined => items[at % items.length];
/** Counts from the newest item: steps on recent bookings are the most interesting ones. */
const pickRecent = <Item>(items: readonly Item[], at: number): Item | undefined => items.at(-1 - (at % Math.max(items.length, 1)));

/** A step that is always possible. `name` is printed in a failure. */
function step(name: string, run: (model: ReferenceModel, scenario: Scenario) => Promise<void>): Step {
	return {
		check: () => true,
		toString: () => name,
		async run(model, scenario) {
			nowMs = model.nowMs();
			await run(model, scenario);
			nowMs = model.nowMs();
			scenario.steps += 1;
			await expectAgreement(test, model, scenario.showtime, { readsMap: scenario.steps % READS_MAP_EVERY === 0 });
		},
	};
}

/** A step on one of the existing bookings. It does nothing if there are none. */
function bookingStep(
	name: string,
	at: number,
	run: (model: ReferenceModel, scenario: Scenario, booking: ModelBooking) => Promise<void>,
): Step {
	return step(`${name} #${at}`, async (model, scenario) => {
		const booking = pickRecent(model.bookings, at);
		if (booking !== undefined) await run(model, scenario, booking);
	});
}

/** The command of every step of staff; the audit trail is compared elsewhere. */
const command: StaffCommand = { actor: newUserId(), requestId: "request-1", reason: "A step" };

/** Loads the record of a booking that Redis has no longer. */
async function load(booking: ModelBooking): Promise<void> {
	const found = await findBooking(test.database, booking.id);
	if (found === null) throw new Error("a recorded booking is missing from the ledger");
	await seatStore.loadBooking(found.booking);
	booking.isLoaded = true;
}

/** A command of staff on a booking. `send` runs the command, `expected` asks the model. */
function changeByStaff(
	name: string,
	at: number,
	versionOff: number | null,
	run: (
		model: ReferenceModel,
		booking: ModelBooking,
		ifVersion: number | null,
	) => { send: (change: StaffChangeCommand) => Promise<{ outcome: string }>; expected: () => string },
): Step {
	return bookingStep(
		`${name} by staff${versionOff === null ? "" : ` if-match v${versionOff}`}`,
		at,
		async (model, { showtime }, booking) => {
			const ifVersion = versionOff === null ? null : booking.version + versionOff;
			const change = { bookingId: booking.id, userId: booking.userId, showtimeId: showtime.id, ifVersion, command };
			const { send, expected } = run(model, booking, ifVersion);
			let { outcome } = await send(change);
			if (!booking.isLoaded && !model.isFenced()) {
				expect(outcome).toBe("not_loaded");
				await load(booking);
				({ outcome } = await send(change));
			}
			expect(outcome).toBe(expected());
		},
	);
}

/**
 * A revive uses the ledger as well: its version and, if there is one, the refund. The step opens no showtime. It picks a cancelled booking,
 * if there is one, and may settle the cancel first.
 */
const revive = (at: number, versionOff: number | null, isSettledBefore: boolean): Step =>
	step(`revive by staff${versionOff === null ? "" : ` if-match v${versionOff}`} #${at}`, async (model, { showtime }) => {
		const cancelled = model.bookings.filter(({ state, wasConfirmed }) => state === "CANCELLED" && wasConfirmed);
		const booking = pickRecent(cancelled.length > 0 ? cancelled : model.bookings, at);
		if (booking === undefined) return;
		if (isSettledBefore) {
			await sweeper.runOnce();
			model.settle();
		}
		const ifVersion = versionOff === null ? null : booking.version + versionOff;
		const recorded = (await findBooking(test.database, booking.id))?.booking;
		const ledgerVersion = recorded?.state === "CANCELLED" ? recorded.version : null;
		const deps = { seatStore, database: test.database, open: async () => ({ outcome: "recovering" }) };
		const change = { bookingId: booking.id, userId: booking.userId, showtimeId: showtime.id, ifVersion, command };
		const { outcome } = await driveRevive(deps, change);
		if (!model.isFenced()) booking.isLoaded = true;
		const expected = model.revive(booking, ifVersion, ledgerVersion);
		expect(outcome).toBe(expected === "fenced" ? "not_opened" : expected);
		if (outcome === "confirmed" && recorded?.state === "CANCELLED") revives += 1;
	});

/** Moves the price of the old seats to the new ones, in their order; `extra` changes the sum. */
const amountsAfter = ({ amounts }: ModelBooking, seats: readonly number[], extra: number): number[] =>
	seats.map((_, i) => (amounts[i] ?? 0) + (i === 0 ? extra : 0));

function change(what: "extend" | "confirm" | "cancel", at: number, versionOff: number | null): Step {
	return bookingStep(`${what}${versionOff === null ? "" : ` if-match v${versionOff}`}`, at, async (model, { showtime }, booking) => {
		const ifVersion = versionOff === null ? null : booking.version + versionOff;
		const request = { bookingId: booking.id, userId: booking.userId, showtimeId: showtime.id, ifVersion };
		const send = {
			extend: () => seatStore.extendHold(request),
			confirm: () => seatStore.confirmBooking(request),
			cancel: () => seatStore.cancelBooking(request),
		}[what];
		const { outcome } = await send();
		if (!booking.isLoaded && !model.isFenced()) {
			expect(outcome).toBe("not_loaded");
			await load(booking);
			expect((await send()).outcome).toBe(model[what](booking, ifVersion));
			return;
		}
		expect(outcome).toBe(model[what](booking, ifVersion));
	});
}

const steps = {
	hold: (user: number, seats: number[]) =>
		step(`hold ${seats} by ${user}`, async (model, { showtime, users }) => {
			const userId = pick(users, user);
			if (userId === undefined) throw new Error("no user was inserted");
			const bookingId = newBookingId(showtime.id);
			const amounts = amountsOf(seats);
			const answer = await seatStore.placeHold({ bookingId, userId, showtime, seats, amounts, idempotencyKey: null });
			expect(answer.outcome).toBe(model.placeHold(bookingId, userId, seats, amounts));
			if (answer.outcome !== "hourly_limit") return;
			expect(answer.retryInMs).toBe(model.hourlyRetryInMs(userId));
			overHourlyLimit += 1;
		}),
	/** A sale for one of the users, or at the counter. */
	staffHold: (user: number | null, seats: number[]) =>
		step(`staff hold ${seats} for ${user ?? "the box office"}`, async (model, { showtime, users }) => {
			const userId = user === null ? BOX_OFFICE_USER_ID : pick(users, user);
			if (userId === undefined) throw new Error("no user was inserted");
			const bookingId = newBookingId(showtime.id);
			const amounts = amountsOf(seats);
			const answer = await seatStore.placeStaffHold({ bookingId, userId, showtime, seats, amounts, idempotencyKey: null, command });
			expect(answer.outcome).toBe(model.placeStaffHold(bookingId, userId, seats, amounts));
		}),
	confirmByStaff: (at: number, off: number | null) =>
		changeByStaff("confirm", at, off, (model, booking, ifVersion) => ({
			send: (change) => seatStore.confirmByStaff(change),
			expected: () => model.confirm(booking, ifVersion),
		})),
	cancelByStaff: (at: number, off: number | null, refundPercent: number) =>
		changeByStaff(`cancel for ${refundPercent} percent`, at, off, (model, booking, ifVersion) => ({
			send: (change) => seatStore.cancelByStaff({ ...change, refundPercent }),
			expected: () => model.cancel(booking, ifVersion, refundPercent),
		})),
	reseat: (at: number, off: number | null, seats: number[], extra: number) =>
		changeByStaff(`reseat to ${seats}${extra === 0 ? "" : ` for ${extra} more`}`, at, off, (model, booking, ifVersion) => {
			const amounts = amountsAfter(booking, seats, extra);
			return {
				send: (change) => seatStore.reseatBooking({ ...change, seats, amounts }),
				expected: () => model.reseat(booking, ifVersion, seats, amounts),
			};
		}),
	strangersChange: (at: number, user: number) =>
		bookingStep(`cancel by stranger ${user}`, at, async (model, { showtime, users }, booking) => {
			const userId = pick(users, user);
			if (userId === undefined || userId === booking.userId) return;
			const { outcome } = await seatStore.cancelBooking({ bookingId: booking.id, userId, showtimeId: showtime.id, ifVersion: null });
			expect(outcome).toBe(model.isFenced() ? "fenced" : booking.isLoaded ? "not_found" : "not_loaded");
		}),
	block: (seats: number[], isBlocked: boolean) =>
		step(`${isBlocked ? "block" : "unblock"} ${seats}`, async (model, { showtime }) => {
			const { outcome } = await seatStore.blockSeats({ showtimeId: showtime.id, seats, isBlocked, ifVersions: null, command: null });
			expect(outcome).toBe(model.block(seats, isBlocked));
		}),
	pause: (isPaused: boolean) =>
		step(isPaused ? "pause" : "open", async (model, { showtime }) => {
			const state = isPaused ? "paused" : "open";
			const { outcome } = await seatStore.setTerms({ showtimeId: showtime.id, terms: { state }, ifVersions: null, command: null });
			expect(outcome).toBe(model.pause(isPaused));
		}),
	advance: (ms: number) => step(`advance ${ms} ms`, async (model) => model.advance(ms)),
	/** Advances to the instant at which the next hold expires, or a millisecond beside it. */
	advanceToEdge: (besideMs: number) =>
		step(`advance to the edge ${besideMs}`, async (model) => {
			const edge = model.earliestExpiryAt();
			if (edge !== null) model.advance(Math.max(0, edge + besideMs - model.nowMs()));
		}),
	/** Advances to the instant at which a user may place a hold again, or a millisecond beside it; not past the end of the sales. */
	advanceToHoldQuota: (user: number, besideMs: number) =>
		step(`advance to hold quota of ${user} ${besideMs}`, async (model, { showtime, users }) => {
			const userId = pick(users, user);
			const waitMs = userId === undefined ? 0 : model.hourlyRetryInMs(userId);
			if (waitMs > 0 && model.nowMs() + waitMs < showtime.salesCloseAt - SALES_REST_MS) model.advance(Math.max(0, waitMs + besideMs));
		}),
	reap: () => step("reap", async (_model, { showtime }) => void (await seatStore.reapHolds(showtime.id))),
	settle: () =>
		step("settle", async (model, { showtime }) => {
			await sweeper.runOnce();
			model.settle();
			await expectLedgerAgreement(test, model, showtime.id);
		}),
	/** Simulates a sweeper that dies between COMMIT and acknowledgement. */
	settleAndDie: () =>
		step("settle and die", async (_model, { showtime }) => {
			const bucket = bucketOf(showtime.id);
			const entries = await seatStore.readBatch(bucket, { afterEntryId: null, limit: 2 });
			if (entries.length > 0) expect((await settleBatch(test.database, { bucket, entries })).outcome).toBe("settled");
		}),
	restart: (isRebuilt: boolean) =>
		step(`restart Redis${isRebuilt ? " and rebuild" : ""}`, async (model, { showtime }) => {
			await test.redis.restart();
			await untilReachable(seatStore);
			model.restart();
			if (!isRebuilt) return;
			expect(await test.rebuild(showtime.id)).toBe("opened");
			model.rebuild();
		}),
	rebuild: () =>
		step("rebuild", async (model, { showtime }) => {
			expect(await test.rebuild(showtime.id)).toBe("opened");
			model.rebuild();
		}),
	/** Simulates the expiry of a record in Redis whose booking is recorded in the ledger. */
	forget: (at: number) =>
		bookingStep("forget", at, async (_model, _scenario, booking) => {
			if (booking.recordedVersion !== booking.version) return;
			await askRedis(test.redis.port, "DEL", bookingKey(booking.id));
			booking.isLoaded = false;
		}),
};

const seat = fc.nat({ max: SEATS - 1 });
const seats = fc.uniqueArray(seat, { minLength: 1, maxLength: 3 }).map((list) => list.toSorted((a, b) => a - b));
const index = fc.oneof({ weight: 3, arbitrary: fc.nat({ max: 1 }) }, { weight: 1, arbitrary: fc.nat({ max: 11 }) });
const versionOff = fc.oneof({ weight: 3, arbitrary: fc.constant(null) }, { weight: 1, arbitrary: fc.integer({ min: -2, max: 1 }) });
const user = fc.nat({ max: USERS - 1 });
const times = <Item>(count: number, item: Item): Item[] => Array.from({ length: count }, () => item);

const drawnSteps = [
	...times(
		6,
		fc.tuple(user, seats).map(([who, which]) => steps.hold(who, which)),
	),
	...(["extend", "confirm", "confirm", "confirm", "cancel", "cancel"] as const).map((what) =>
		fc.tuple(index, versionOff).map(([at, off]) => change(what, at, off)),
	),
	...times(
		2,
		fc.tuple(fc.option(user), seats).map(([who, which]) => steps.staffHold(who, which)),
	),
	fc.tuple(index, versionOff).map(([at, off]) => steps.confirmByStaff(at, off)),
	...times(
		2,
		fc.tuple(index, versionOff, fc.constantFrom(0, 1, 50, 100)).map(([at, off, percent]) => steps.cancelByStaff(at, off, percent)),
	),
	...times(
		3,
		fc.tuple(index, versionOff, fc.boolean()).map(([at, off, isSettledBefore]) => revive(at, off, isSettledBefore)),
	),
	...times(
		3,
		fc.tuple(index, versionOff, seats, fc.constantFrom(0, 0, 0, 1)).map(([at, off, which, extra]) => steps.reseat(at, off, which, extra)),
	),
	fc.tuple(index, user).map(([at, who]) => steps.strangersChange(at, who)),
	fc.tuple(seats, fc.boolean()).map(([which, isBlocked]) => steps.block(which, isBlocked)),
	fc.constantFrom(true, false, false, false).map(steps.pause),
	...times(2, fc.constantFrom(-1, 0, 0, 1).map(steps.advanceToEdge)),
	fc.tuple(user, fc.constantFrom(-1, 0, 0, 1)).map(([who, besideMs]) => steps.advanceToHoldQuota(who, besideMs)),
	fc.constantFrom(1, 499, 500, 999, 1_000, 1_500).map(steps.advance),
	fc.constant(null).map(steps.reap),
	...times(2, fc.constant(null).map(steps.settle)),
	fc.constant(null).map(steps.settleAndDie),
	fc.constantFrom(true, true, true, false).map(steps.restart),
	fc.constant(null).map(steps.rebuild),
	index.map(steps.forget),
];

/** Settles everything, then expects every booking that was ever confirmed in the ledger, and no other booking. */
async function expectAgreementAtEnd(model: ReferenceModel, scenario: Scenario): Promise<void> {
	nowMs = model.nowMs();
	await test.rebuild(scenario.showtime.id);
	model.rebuild();
	await sweeper.runOnce();
	model.settle();
	await expectAgreement(test, model, scenario.showtime, { readsMap: true });
	await expectLedgerAgreement(test, model, scenario.showtime.id);
	expect((await seatStore.outboxDepths())[bucketOf(scenario.showtime.id)]).toBe(0);
	for (const { id, wasConfirmed, state, version, seats: booked, amounts } of model.bookings) {
		const recorded = (await findBooking(test.database, id))?.booking;
		if (wasConfirmed) expect(recorded).toMatchObject({ state, version, seats: booked, amounts });
		else expect(recorded).toBeUndefined();
	}
}

it("the seat store and the ledger agree with the reference model in every random sequence", async () => {
	let sequences = 0;
	let taken = 0;
	const { MODEL_SEED: seed, MODEL_PATH: path, MODEL_REPLAY: replayPath } = process.env;
	const sequence = fc.commands(drawnSteps, { maxCommands: 60, size: "max", ...(replayPath !== undefined && { replayPath }) });
	const property = fc.asyncProperty(sequence, async (commands) => {
		nowMs = null;
		const scenario = await openScenario();
		const model = createReferenceModel({ seatCount: SEATS, limits: LIMITS, startMs: Date.now() });
		await fc.asyncModelRun(() => ({ model, real: scenario }), commands);
		await expectAgreementAtEnd(model, scenario);
		nowMs = null;
		sequences += 1;
		taken += [...commands].length;
	});
	await fc.assert(property, {
		numRuns: SEARCH.sequences,
		interruptAfterTimeLimit: SEARCH.forMs,
		...(seed !== undefined && { seed: Number(seed) }),
		...(path !== undefined && { path }),
	});
	// The outbox never had a gap, no booking lost a seat in the ledger, and no entry was dead-lettered.
	expect((await metrics.render()).text).not.toMatch(/^holdfast_(outbox_gaps|conflicts|dead_letters)_total [1-9]/m);
	console.log(`${sequences} sequences, ${taken} steps agreed, ${overHourlyLimit} holds over the hourly limit, ${revives} revives`);
	if (path === undefined) expect(sequences).toBeGreaterThan(3);
	if (path === undefined && sequences > 100) expect(Math.min(overHourlyLimit, revives)).toBeGreaterThan(0);
});
