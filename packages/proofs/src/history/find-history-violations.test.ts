import { describe, expect, it } from "vitest";
import type { AtRest } from "./at-rest.ts";
import { findHistoryViolations, type Promised } from "./find-history-violations.ts";
import type { Asked, Operation } from "./operation.ts";

const HALL = "hall";
const SEATS = [3, 4];

type Change = Partial<Omit<Operation, "kind" | "answered">> & { readonly answered?: Partial<Operation["answered"]> | null };

/** An operation of ann about booking a at the instants 100 * n .. 100 * n + 10, answered ok, unless something else is said. */
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

/** What the ledger has of a booking that was confirmed, and cancelled if so told. */
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

describe("finds nothing wrong with", () => {
	const cases: [name: string, operations: Operation[], atRest: AtRest][] = [
		["nothing", [], NOTHING],
		["a hold that lapsed", [hold(1)], NOTHING],
		["a booking", [hold(1), confirm(2)], record()],
		["a booking that was cancelled", [hold(1), confirm(2), cancel(3)], CANCELLED],
		["a released hold, its seats sold to the next", [hold(1), cancel(2), hold(3, BOB), confirm(4, BOB, "b")], record("b", "bob")],
		[
			"a sale after a hold that lapsed",
			[hold(1, { answered: { expiresAtMs: 300 } }), hold(3, BOB), confirm(4, BOB, "b")],
			record("b", "bob"),
		],
		["a hold answered twice", [hold(1, UNKNOWN), hold(2), hold(3)], NOTHING],
		["a confirm without an answer that was done", [hold(1), confirm(2, UNKNOWN)], record()],
		["a confirm without an answer that was not done", [hold(1), confirm(2, UNKNOWN)], NOTHING],
		["a confirm whose repeat was put off", [hold(1), confirm(2, UNKNOWN), confirm(3, NOT_DONE)], record()],
		["a confirm whose repeat was refused", [hold(1), confirm(2, UNKNOWN), confirm(3, REFUSED)], NOTHING],
		["a confirm whose repeat was answered", [hold(1), confirm(2, UNKNOWN), confirm(3)], record()],
		["a confirm refused because it was cancelled", [hold(1), confirm(2, UNKNOWN), cancel(3), confirm(4, REFUSED)], CANCELLED],
		["a cancel without an answer that was done", [hold(1), confirm(2), cancel(3, UNKNOWN)], CANCELLED],
		["a cancel without an answer that was not done", [hold(1), confirm(2), cancel(3, UNKNOWN)], record()],
		[
			"a seat sold while its old owner's cancel is under way",
			[hold(1), confirm(2), cancel(3, { respondedMs: 900 }), hold(4, BOB)],
			CANCELLED,
		],
		["maps answered out of order", [map(1, 5), map(2, 7, { respondedMs: 400 }), map(3, 6)], NOTHING],
		["an older map at another server", [map(1, 5), map(2, 4, { server: "two" })], NOTHING],
	];
	it.each(cases)("%s", (_name, operations, atRest) => {
		expect(findHistoryViolations(operations, atRest)).toEqual([]);
	});
});

describe("finds", () => {
	const cases: [rule: string, name: string, operations: Operation[], atRest: AtRest][] = [
		["two owners", "a hold under a hold", [hold(1), hold(2, BOB)], NOTHING],
		["two owners", "a hold under a sale, long after its expiry", [hold(1), confirm(2), hold(200, LATE_BOB)], record()],
		["two owners", "a hold of one of the seats", [hold(1), hold(2, BOB, "key", [4, 5])], NOTHING],
		[
			"two owners",
			"a sale under an unknown cancel's beginning",
			[hold(1), confirm(2), cancel(3, { ...UNKNOWN, invokedMs: 250 }), hold(2.2, BOB)],
			record(),
		],
		[
			"sold twice",
			"a seat of two bookings in the ledger",
			[hold(1), confirm(2), cancel(3, UNKNOWN), hold(4, BOB), confirm(5, BOB, "b")],
			together(record(), record("b", "bob")),
		],
		["lost confirm", "a sale that the ledger does not have", [hold(1), confirm(2)], NOTHING],
		["lost confirm", "a sale that came in conflict", [hold(1), confirm(2)], { ...record("a", "ann", "CONFLICT") }],
		["lost confirm", "a sale without its seats", [hold(1, {}, "key", []), confirm(2)], { ...record(), seats: [] }],
		["lost confirm", "a sale without its event", [hold(1), confirm(2)], { ...record(), events: [] }],
		["lost confirm", "a sale that was also asked to end and never seen", [hold(1), confirm(2), cancel(3, UNKNOWN)], NOTHING],
		["lost cancel", "a cancelled sale that stands", [hold(1), confirm(2), cancel(3, { answered: { version: 2 } })], record()],
		["lost cancel", "a released hold that was sold", [hold(1), confirm(2, UNKNOWN), cancel(3, { answered: { version: 2 } })], record()],
		[
			"recorded twice",
			"two events of one confirm",
			[hold(1), confirm(2)],
			{ ...record(), events: [...record().events, ...record().events] },
		],
		["unasked", "a booking that nobody knows", [], record()],
		["unasked", "a hold that was sold without being confirmed", [hold(1)], record()],
		["unasked", "a refused confirm that was done", [hold(1), confirm(2, REFUSED)], record()],
		["unasked", "a confirm that was done, and refused to its repeat", [hold(1), confirm(2, UNKNOWN), confirm(3, REFUSED)], record()],
		["unasked", "a booking put off, and done", [hold(1), confirm(2, NOT_DONE)], record()],
		["unasked", "a sale to someone else", [hold(1), confirm(2)], record("a", "bob")],
		["partial booking", "one seat of two in the ledger", [hold(1), confirm(2)], record("a", "ann", "CONFIRMED", [3])],
		["partial booking", "a hold answered with other seats", [hold(1, { answered: { seats: [3] } })], NOTHING],
		[
			"partial booking",
			"one seat released, one not",
			[hold(1), confirm(2)],
			{ ...record(), seats: record().seats.map((row, n) => ({ ...row, isActive: n === 0 })) },
		],
		[
			"version fell",
			"a booking told at a lower version",
			[hold(1), confirm(2), operation(3, { kind: "show", bookingId: "a" }, 1, "pending")],
			record(),
		],
		["version fell", "a ledger behind what was told", [hold(1), confirm(2, { answered: { version: 4 } })], record()],
		["version fell", "an older map", [map(1, 5), map(2, 4)], NOTHING],
		["key used twice", "one key, two bookings", [hold(1), hold(120, { answered: { bookingId: "b", expiresAtMs: 20_000 } })], NOTHING],
	];
	it.each(cases)("%s: %s", (rule, _name, operations, atRest) => {
		expect(rulesOf(operations, atRest)).toEqual([rule]);
	});

	it("a cancelled booking that the ledger ended without being asked, and so lost", () => {
		expect(rulesOf([hold(1), confirm(2)], CANCELLED)).toEqual(["lost confirm", "unasked"]);
	});

	it("a cancel without its event", () => {
		expect(rulesOf([hold(1), confirm(2), cancel(3)], { ...CANCELLED, events: record().events })).toEqual(["lost cancel"]);
	});
});

describe("where a hold is not promised", () => {
	const promised = { holds: false };

	it("holds may be lost to others, sales may not", () => {
		expect(rulesOf([hold(1), hold(2, BOB), confirm(3, BOB, "b")], record("b", "bob"), promised)).toEqual([]);
		const both = [hold(1), confirm(2), hold(3, BOB), confirm(4, BOB, "b")];
		expect(rulesOf(both, record("b", "bob"), promised)).toEqual(["two owners", "lost confirm"]);
	});

	it("only what confirm and cancel told is held against a version", () => {
		const shown = operation(3, { kind: "show", bookingId: "a" }, 1, "pending");
		expect(rulesOf([hold(1), confirm(2), shown], record(), promised)).toEqual([]);
		expect(rulesOf([hold(1), confirm(2), confirm(3, { answered: { version: 1 } })], record(), promised)).toEqual(["version fell"]);
	});
});
