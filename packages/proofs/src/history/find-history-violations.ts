/**
 * Checks a history: the answers that clients received, and when, must agree with the ledger at rest. The checker is a pure function
 * and knows only the promises of the product, not how it works. A request with an unknown outcome counts as a violation neither if
 * it took effect nor if it did not.
 */
import type { AtRest } from "./at-rest.ts";
import { findOverlaps, type Ownership } from "./find-overlaps.ts";
import type { Operation } from "./operation.ts";
import { reconstructStories, type Story } from "./reconstruct-stories.ts";

/** A broken promise. */
export type Rule =
	/** The answers gave one seat to two bookings at the same time. */
	| "two owners"
	/** The ledger has two bookings for one seat. */
	| "sold twice"
	/** A booking whose confirm was acknowledged is not confirmed in the ledger. */
	| "lost confirm"
	/** A booking whose cancel was acknowledged is still confirmed in the ledger, or its cancel has no event. */
	| "lost cancel"
	/** The ledger has two events for one transition, or two rows for one booking. */
	| "recorded twice"
	/** The ledger has a booking or a cancel that no client requested, or that was refused. */
	| "unasked"
	/** The ledger has only some of a booking's seats, or other seats. */
	| "partial booking"
	/** A later answer, or the ledger, has a lower version than an earlier answer. */
	| "version fell"
	/** The answers gave two bookings for one idempotency key. */
	| "key used twice";

/** A violation of a rule; `what` describes it for people. */
export type Violation = { readonly rule: Rule; readonly what: string };

/** Which promises the history is checked against. */
export type Promised = {
	/**
	 * Whether a hold must survive. Over a failover it need not: a hold exists on one server until it is confirmed, and only confirm
	 * and cancel wait for the replica's acknowledgement.
	 */
	readonly holds: boolean;
};

/** Returns every violation, most of them with the id of a booking. An empty list proves that the history is correct. O(n log n). */
export function findHistoryViolations(operations: readonly Operation[], atRest: AtRest, promised: Promised = { holds: true }): Violation[] {
	const stories = reconstructStories(operations);
	return [
		...findOverlaps(stories.flatMap((story) => ownershipsOf(story, promised))).map(violation("two owners")),
		...findFallenVersions(operations, promised).map(violation("version fell")),
		...(promised.holds ? findKeysUsedTwice(operations).map(violation("key used twice")) : []),
		...findOtherSeats(operations).map(violation("partial booking")),
		...findSoldTwice(atRest).map(violation("sold twice")),
		...checkLedger(stories, atRest),
	];
}

const violation =
	(rule: Rule) =>
	(what: string): Violation => ({ rule, what });

/** Returns the times in which the client could rely on its seats: from the answer until the client sent a cancel or the hold expired. */
function ownershipsOf(story: Story, { holds }: Promised): Ownership[] {
	const endMs = story.cancelAskedMs ?? Number.POSITIVE_INFINITY;
	const heldFromMs = holds ? story.heldFromMs : null;
	const fromMs = heldFromMs ?? story.confirmedFromMs;
	const untilMs = story.confirmed === "yes" ? endMs : Math.min(endMs, story.expiresAtMs);
	if (fromMs === null || fromMs >= untilMs) return [];
	return (story.seats ?? []).map((seat) => ({ seat: `${seat} of ${story.showtimeId}`, bookingId: story.bookingId, fromMs, untilMs }));
}

/**
 * Compares the versions of each booking, and of each showtime's seat map at each server. Two answers are compared only if the second
 * request was sent after the first one was answered.
 */
function findFallenVersions(operations: readonly Operation[], { holds }: Promised): string[] {
	const bookings = operations.filter(({ kind }) => holds || kind === "confirm" || kind === "cancel");
	const answers = [
		...bookings.map((operation) => ({
			...operation,
			subject: `booking ${operation.answered?.bookingId}`,
			version: operation.answered?.version,
		})),
		...operations.map((operation) => ({
			...operation,
			subject: `map of ${operation.showtimeId} at ${operation.server}`,
			version: operation.mapVersion ?? undefined,
		})),
	].filter(({ version }) => version !== undefined);
	const violations: string[] = [];
	for (const [subject, group] of Map.groupBy(answers, (answer) => answer.subject)) {
		const byResponse = [...group].sort((a, b) => a.respondedMs - b.respondedMs);
		let [next, highest] = [0, 0];
		for (const { invokedMs, version = 0 } of [...group].sort((a, b) => a.invokedMs - b.invokedMs)) {
			for (; (byResponse[next]?.respondedMs ?? Number.POSITIVE_INFINITY) < invokedMs; next += 1) {
				highest = Math.max(highest, byResponse[next]?.version ?? 0);
			}
			if (version < highest) violations.push(`${subject}: version ${highest}, then version ${version} for a request sent at ${invokedMs}`);
		}
	}
	return violations;
}

function findKeysUsedTwice(operations: readonly Operation[]): string[] {
	const holds = operations.flatMap(({ answered, ...hold }) => (hold.kind === "hold" && answered !== null ? [{ ...hold, answered }] : []));
	const byKey = Map.groupBy(holds, ({ client, showtimeId, key }) => `${key} of ${client} at ${showtimeId}`);
	return [...byKey].flatMap(([key, group]) => {
		const ids = [...new Set(group.map(({ answered }) => answered.bookingId))];
		return ids.length > 1 ? [`${key}: ${ids.join(", ")}`] : [];
	});
}

function findOtherSeats(operations: readonly Operation[]): string[] {
	return operations.flatMap((operation) => {
		if (operation.kind !== "hold" || operation.answered === null) return [];
		const { answered, seats } = operation;
		return isSameSet(answered.seats, seats)
			? []
			: [`${answered.bookingId} was requested for seats ${seats} and answered with seats ${answered.seats}`];
	});
}

function findSoldTwice({ seats }: AtRest): string[] {
	const active = seats.filter(({ isActive }) => isActive);
	return [...Map.groupBy(active, ({ showtimeId, seat }) => `seat ${seat} of ${showtimeId}`)].flatMap(([seat, owners]) =>
		owners.length > 1 ? [`${seat}: ${owners.map(({ bookingId }) => bookingId).join(", ")}`] : [],
	);
}

/** The rows of one booking in the ledger. */
type Record = { readonly rows: AtRest["bookings"]; readonly seats: AtRest["seats"]; readonly events: AtRest["events"] };

function checkLedger(stories: readonly Story[], { bookings, seats, events }: AtRest): Violation[] {
	const [rowsOf, seatsOf, eventsOf] = [groupByBooking(bookings), groupByBooking(seats), groupByBooking(events)];
	const storyOf = new Map(stories.map((story) => [story.bookingId, story]));
	const ids = new Set([...storyOf.keys(), ...rowsOf.keys(), ...seatsOf.keys(), ...eventsOf.keys()]);
	return [...ids].flatMap((id) => {
		const record = { rows: rowsOf.get(id) ?? [], seats: seatsOf.get(id) ?? [], events: eventsOf.get(id) ?? [] };
		const story = storyOf.get(id);
		return story === undefined ? [violation("unasked")(`${id} is in the ledger and in no client's history`)] : checkBooking(story, record);
	});
}

function checkBooking(story: Story, { rows, seats, events }: Record): Violation[] {
	const { bookingId, confirmed, cancelled } = story;
	const [row] = rows;
	const countOf = (type: string) => events.filter((event) => event.type === type).length;
	const [confirmEvents, cancelEvents] = [countOf("booking.confirmed"), countOf("booking.cancelled")];
	const active = seats.filter(({ isActive }) => isActive).map(({ seat }) => seat);
	const what = `${bookingId} (confirmed: ${confirmed}, cancelled: ${cancelled}; in the ledger: ${row?.state ?? "nothing"} at ${row?.version}, seats ${seats.map(({ seat }) => seat)}, active ${active}, ${confirmEvents} + ${cancelEvents} events)`;
	const isConfirmed = row?.state === "CONFIRMED" && active.length > 0;
	const isInLedger = rows.length > 0 || seats.length > 0 || events.length > 0;
	const violations = new Set<Rule>();

	if (confirmed === "yes" && (row === undefined || confirmEvents === 0)) violations.add("lost confirm");
	if (confirmed === "yes" && cancelled === "no" && !isConfirmed) violations.add("lost confirm");
	if (cancelled === "yes" && (row?.state === "CONFIRMED" || active.length > 0)) violations.add("lost cancel");
	if (cancelled === "yes" && confirmed === "yes" && cancelEvents === 0) violations.add("lost cancel");
	if (rows.length > 1 || confirmEvents > 1 || cancelEvents > 1) violations.add("recorded twice");
	if (confirmed === "no" && isInLedger) violations.add("unasked");
	if (cancelled === "no" && (row?.state === "CANCELLED" || cancelEvents > 0)) violations.add("unasked");
	if (row && (row.client !== story.client || row.showtimeId !== story.showtimeId)) violations.add("unasked");
	if (seats.some(({ showtimeId }) => showtimeId !== story.showtimeId)) violations.add("partial booking");
	// A booking in conflict owns no seats, so its rows need not list them.
	const names = seats.map(({ seat }) => seat);
	if (row && row.state !== "CONFLICT" && !isSameSet(names, story.seats ?? names)) violations.add("partial booking");
	if (active.length > 0 && active.length < names.length) violations.add("partial booking");
	if (row && row.version < story.version) violations.add("version fell");
	return [...violations].map((rule) => ({ rule, what }));
}

function groupByBooking<Row extends { readonly bookingId: string }>(rows: readonly Row[]): Map<string, Row[]> {
	return Map.groupBy(rows, ({ bookingId }) => bookingId);
}

const isSameSet = (some: readonly number[], others: readonly number[]): boolean =>
	[...some].sort((a, b) => a - b).join() === [...others].sort((a, b) => a - b).join();
