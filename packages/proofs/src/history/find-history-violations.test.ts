import { describe, expect, it } from "vitest";
import type { AtRest } from "./at-rest.ts";
import { findHistoryViolations, type Promised } from "./find-history-violations.ts";
import type { Asked, Operation } from "./operation.ts";

const HALL = "hall";
const SEATS = [3, 4];

type Change = Partial<Omit<Operation, "kind" | "answered">> & { readonly answered?: Partial<Operation["answered"]> | null };

/** Returns an operation of ann on booking a, sent at 100 * n ms and answered with ok 10 ms later, unless `change` overrides it. */
function operation(n: number, asked: Asked, version: number, status: string, { answered, ...change }: Change = {}): Operation {
	const bookingId = "bookingId" in asked ? asked.bookingId : "a";
	const base = { bookingId, status, version, expiresAtMs: 10_000, seats: SEATS };
	return {
		...asked,
		client: "ann",
		showtimeId: HALL,
		server: "one",
		invokedMs: 100 * n,
		respondedMs: 100 * n + 10,
		result: "ok",
		code: "200",
		isRefusal: false,
		mapVersion: null,
		answered: answered === null || (change.result ?? "ok") !== "ok" ? null : { ...base, ...answered },
		...change,
	};
}

const hold = (n: number, change: Change = {}, key = "key", seats = SEATS) =>
	operation(n, { kind: "hold", key, seats }, 1, "pending", { ...change, answered: { seats, ...change.answered } });
const confirm = (n: number, change: Change = {}, bookingId = "a") => operation(n, { kind: "confirm", bookingId }, 2, "confirmed", change);
const cancel = (n: number, change: Change = {}, bookingId = "a") => operation(n, { kind: "cancel", bookingId }, 3, "cancelled", change);
const map = (n: number, mapVersion: number, change: Change = {}) =>
	operation(n, { kind: "map" }, 0, "", { ...change, mapVersion, answered: null });

const UNKNOWN = { result: "unknown", code: "503 outcome_unknown" } as const;
const NOT_DONE = { result: "fail", code: "503 recovering" } as const;
const REFUSED = { result: "fail", code: "410 hold_expired", isRefusal: true } as const;

/** Booking b of bob, for the same seats. */
const BOB = { client: "bob", answered: { bookingId: "b" } };
const LATE_BOB = { client: "bob", answered: { bookingId: "b", expiresAtMs: 30_000 } };

const NOTHING: AtRest = { bookings: [], seats: [], events: [] };

/** Returns the rows that the ledger has of a booking that was confirmed; also cancelled when `state` is CANCELLED. */
function record(bookingId = "a", client = "ann", state = "CONFIRMED", seats = SEATS): AtRest {
	const isCancelled = state === "CANCELLED";
	return {
		bookings: [{ bookingId, client, showtimeId: HALL, state, version: isCancelled ? 3 : 2 }],
		seats: seats.map((seat) => ({ bookingId, showtimeId: HALL, seat, isActive: state === "CONFIRMED" })),
		events: [
			{ bookingId, version: 2, type: "booking.confirmed" },
			...(isCancelled ? [{ bookingId, version: 3, type: "booking.cancelled" }] : []),
		],
	};
}

const CANCELLED = record("a", "ann", "CANCELLED");

const together = (...records: AtRest[]): AtRest => ({
	bookings: records.flatMap(({ bookings }) => bookings),
	seats: records.flatMap(({ seats }) => seats),
	events: records.flatMap(({ events }) => events),
});

/** Each rule once. */
const rulesOf = (operations: Operation[], atRest: AtRest, promised?: Promised): string[] => [
	...new Set(findHistoryViolations(operations, atRest, promised).map(({ rule }) => rule)),
];

describe("findHistoryViolations on a correct history", () => {
	const cases: [name: string, operations: Operation[], atRest: AtRest][] = [
		["an empty history", [], NOTHING],
		["a hold that expired", [hold(1)], NOTHING],
		["a booking", [hold(1), confirm(2)], record()],
		["a booking that was cancelled", [hold(1), confirm(2), cancel(3)], CANCELLED],
		[
			"a released hold whose seats are sold to another client",
			[hold(1), cancel(2), hold(3, BOB), confirm(4, BOB, "b")],
			record("b", "bob"),
		],
		[
			"a sale after another client's hold expired",
			[hold(1, { answered: { expiresAtMs: 300 } }), hold(3, BOB), confirm(4, BOB, "b")],
			record("b", "bob"),
		],
		["a hold whose repeats were both answered", [hold(1, UNKNOWN), hold(2), hold(3)], NOTHING],
		["a confirm without an answer that took effect", [hold(1), confirm(2, UNKNOWN)], record()],
		["a confirm without an answer that took no effect", [hold(1), confirm(2, UNKNOWN)], NOTHING],
		["a confirm whose repeat failed and may be retried", [hold(1), confirm(2, UNKNOWN), confirm(3, NOT_DONE)], record()],
		["a confirm whose repeat was refused", [hold(1), confirm(2, UNKNOWN), confirm(3, REFUSED)], NOTHING],
		["a confirm whose repeat was answered", [hold(1), confirm(2, UNKNOWN), confirm(3)], record()],
		["a confirm whose repeat was refused after a cancel", [hold(1), confirm(2, UNKNOWN), cancel(3), confirm(4, REFUSED)], CANCELLED],
		["a cancel without an answer that took effect", [hold(1), confirm(2), cancel(3, UNKNOWN)], CANCELLED],
		["a cancel without an answer that took no effect", [hold(1), confirm(2), cancel(3, UNKNOWN)], record()],
		[
			"a seat that is held again before its old owner's cancel is answered",
			[hold(1), confirm(2), cancel(3, { respondedMs: 900 }), hold(4, BOB)],
			CANCELLED,
		],
		["seat maps answered out of order", [map(1, 5), map(2, 7, { respondedMs: 400 }), map(3, 6)], NOTHING],
		["an older seat map from another server", [map(1, 5), map(2, 4, { server: "two" })], NOTHING],
	];
	it.each(cases)("reports no violation for %s", (_name, operations, atRest) => {
		expect(findHistoryViolations(operations, atRest)).toEqual([]);
	});
});

describe("findHistoryViolations on an incorrect history", () => {
	const cases: [rule: string, name: string, operations: Operation[], atRest: AtRest][] = [
		["two owners", "a hold of seats that are held", [hold(1), hold(2, BOB)], NOTHING],
		["two owners", "a hold of sold seats, long after the expiry of the buyer's hold", [hold(1), confirm(2), hold(200, LATE_BOB)], record()],
		["two owners", "a hold that shares one seat with another hold", [hold(1), hold(2, BOB, "key", [4, 5])], NOTHING],
		[
			"two owners",
			"a hold of sold seats before the buyer sends an unanswered cancel",
			[hold(1), confirm(2), cancel(3, { ...UNKNOWN, invokedMs: 250 }), hold(2.2, BOB)],
			record(),
		],
		[
			"sold twice",
			"a seat with two bookings in the ledger",
			[hold(1), confirm(2), cancel(3, UNKNOWN), hold(4, BOB), confirm(5, BOB, "b")],
			together(record(), record("b", "bob")),
		],
		["lost confirm", "a confirmed booking that the ledger does not have", [hold(1), confirm(2)], NOTHING],
		["lost confirm", "a confirmed booking that the ledger has as a conflict", [hold(1), confirm(2)], { ...record("a", "ann", "CONFLICT") }],
		["lost confirm", "a confirmed booking without seats in the ledger", [hold(1, {}, "key", []), confirm(2)], { ...record(), seats: [] }],
		["lost confirm", "a confirmed booking without its event", [hold(1), confirm(2)], { ...record(), events: [] }],
		[
			"lost confirm",
			"a confirmed booking with an unanswered cancel that the ledger does not have",
			[hold(1), confirm(2), cancel(3, UNKNOWN)],
			NOTHING,
		],
		[
			"lost cancel",
			"a cancelled booking that is confirmed in the ledger",
			[hold(1), confirm(2), cancel(3, { answered: { version: 2 } })],
			record(),
		],
		[
			"lost cancel",
			"a released hold that is confirmed in the ledger",
			[hold(1), confirm(2, UNKNOWN), cancel(3, { answered: { version: 2 } })],
			record(),
		],
		[
			"recorded twice",
			"two events of one confirm",
			[hold(1), confirm(2)],
			{ ...record(), events: [...record().events, ...record().events] },
		],
		["unasked", "a booking that is in no client's history", [], record()],
		["unasked", "a hold that was sold without a confirm", [hold(1)], record()],
		["unasked", "a refused confirm that took effect", [hold(1), confirm(2, REFUSED)], record()],
		[
			"unasked",
			"a confirm that took effect although its repeat was refused",
			[hold(1), confirm(2, UNKNOWN), confirm(3, REFUSED)],
			record(),
		],
		["unasked", "a confirm that failed with 503 recovering and took effect", [hold(1), confirm(2, NOT_DONE)], record()],
		["unasked", "a booking that the ledger has under another client", [hold(1), confirm(2)], record("a", "bob")],
		["partial booking", "one seat of two in the ledger", [hold(1), confirm(2)], record("a", "ann", "CONFIRMED", [3])],
		["partial booking", "a hold answered with other seats", [hold(1, { answered: { seats: [3] } })], NOTHING],
		[
			"partial booking",
			"one of two seats released in the ledger",
			[hold(1), confirm(2)],
			{ ...record(), seats: record().seats.map((row, n) => ({ ...row, isActive: n === 0 })) },
		],
		[
			"version fell",
			"a booking answered with a lower version than before",
			[hold(1), confirm(2), operation(3, { kind: "show", bookingId: "a" }, 1, "pending")],
			record(),
		],
		["version fell", "a ledger with a lower version than the answer", [hold(1), confirm(2, { answered: { version: 4 } })], record()],
		["version fell", "a seat map with a lower version than before", [map(1, 5), map(2, 4)], NOTHING],
		[
			"key used twice",
			"two bookings for one idempotency key",
			[hold(1), hold(120, { answered: { bookingId: "b", expiresAtMs: 20_000 } })],
			NOTHING,
		],
	];
	it.each(cases)('reports "%s" for %s', (rule, _name, operations, atRest) => {
		expect(rulesOf(operations, atRest)).toEqual([rule]);
	});

	it('reports "lost confirm" and "unasked" for a confirmed booking that the ledger cancelled without a request', () => {
		expect(rulesOf([hold(1), confirm(2)], CANCELLED)).toEqual(["lost confirm", "unasked"]);
	});

	it('reports "lost cancel" for a cancelled booking without its cancel event', () => {
		expect(rulesOf([hold(1), confirm(2), cancel(3)], { ...CANCELLED, events: record().events })).toEqual(["lost cancel"]);
	});
});

describe("findHistoryViolations where holds are not promised to survive", () => {
	const promised = { holds: false };

	it("accepts a hold whose seats another client gets, but not a sale", () => {
		expect(rulesOf([hold(1), hold(2, BOB), confirm(3, BOB, "b")], record("b", "bob"), promised)).toEqual([]);
		const both = [hold(1), confirm(2), hold(3, BOB), confirm(4, BOB, "b")];
		expect(rulesOf(both, record("b", "bob"), promised)).toEqual(["two owners", "lost confirm"]);
	});

	it("compares only the versions that confirm and cancel answered", () => {
		const shown = operation(3, { kind: "show", bookingId: "a" }, 1, "pending");
		expect(rulesOf([hold(1), confirm(2), shown], record(), promised)).toEqual([]);
		expect(rulesOf([hold(1), confirm(2), confirm(3, { answered: { version: 1 } })], record(), promised)).toEqual(["version fell"]);
	});
});
