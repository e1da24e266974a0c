/**
 * The independent check of a history: what clients were told, when, and what is in the ledger at rest must fit together.
 * Pure, and ignorant of how anything works: it knows the promises alone. What may or may not have happened is held
 * against nobody.
 */
import type { AtRest } from "./at-rest.ts";
import { findOverlaps, type Ownership } from "./find-overlaps.ts";
import type { Operation } from "./operation.ts";
import { reconstructStories, type Story } from "./reconstruct-stories.ts";

export type Rule =
	/** Two bookings were told that they have one seat at the same time. */
	| "two owners"
	/** The ledger has a seat under two owners. */
	| "sold twice"
	/** A booking that was told confirmed is not in the ledger as such. */
	| "lost confirm"
	/** A booking that was told cancelled still stands, or its end left no event. */
	| "lost cancel"
	/** One transition has two events, or one booking two rows. */
	| "recorded twice"
	/** The ledger has a booking, or the end of one, that nobody asked for, or that was refused. */
	| "unasked"
	/** A booking has some of its seats, or other ones. */
	| "partial booking"
	/** A version that was told is higher than one that was told afterwards. */
	| "version fell"
	/** One idempotency key, two bookings. */
	| "key used twice";

export type Violation = { readonly rule: Rule; readonly what: string };

export type Promised = {
	/**
	 * Whether a hold is promised, too. Not over a failover: a hold lives on one server until it is confirmed, and only confirm and
	 * cancel wait for the replica's word.
	 */
	readonly holds: boolean;
};

/** Every violation, most of them naming a booking; an empty list is the proof. O(n log n). */
export function findHistoryViolations(operations: readonly Operation[], atRest: AtRest, promised: Promised = { holds: true }): Violation[] {
	const stories = reconstructStories(operations);
	return [
		...findOverlaps(stories.flatMap((story) => ownershipsOf(story, promised))).map(violation("two owners")),
		...findFallenVersions(operations, promised).map(violation("version fell")),
		...(promised.holds ? findKeysUsedTwice(operations).map(violation("key used twice")) : []),
		...findOtherSeats(operations).map(violation("partial booking")),
		...findSoldTwice(atRest).map(violation("sold twice")),
		...judgeLedger(stories, atRest),
	];
}

const violation =
	(rule: Rule) =>
	(what: string): Violation => ({ rule, what });

/** The seats that the client could rely on: from the answer until the client asked for an end, or the hold expired. */
function ownershipsOf(story: Story, { holds }: Promised): Ownership[] {
	const endMs = story.cancelAskedMs ?? Number.POSITIVE_INFINITY;
	const heldFromMs = holds ? story.heldFromMs : null;
	const fromMs = heldFromMs ?? story.confirmedFromMs;
	const untilMs = story.confirmed === "yes" ? endMs : Math.min(endMs, story.expiresAtMs);
	if (fromMs === null || fromMs >= untilMs) return [];
	return (story.seats ?? []).map((seat) => ({ seat: `${seat} of ${story.showtimeId}`, bookingId: story.bookingId, fromMs, untilMs }));
}

/** Of one booking, and of one showtime's map at one server. Only what was asked after the other was answered is compared. */
function findFallenVersions(operations: readonly Operation[], { holds }: Promised): string[] {
	const bookings = operations.filter(({ kind }) => holds || kind === "confirm" || kind === "cancel");
	const answers = [
		...bookings.map((operation) => ({
			...operation,
			of: `booking ${operation.answered?.bookingId}`,
			version: operation.answered?.version,
		})),
		...operations.map((operation) => ({
			...operation,
			of: `map of ${operation.showtimeId} at ${operation.server}`,
			version: operation.mapVersion ?? undefined,
		})),
	].filter(({ version }) => version !== undefined);
	const violations: string[] = [];
	for (const [of, group] of Map.groupBy(answers, (answer) => answer.of)) {
		const byResponse = [...group].sort((a, b) => a.respondedMs - b.respondedMs);
		let [next, highest] = [0, 0];
		for (const { invokedMs, version = 0 } of [...group].sort((a, b) => a.invokedMs - b.invokedMs)) {
			for (; (byResponse[next]?.respondedMs ?? Number.POSITIVE_INFINITY) < invokedMs; next += 1) {
				highest = Math.max(highest, byResponse[next]?.version ?? 0);
			}
			if (version < highest) violations.push(`${of}: ${highest}, then ${version} when asked at ${invokedMs}`);
		}
	}
	return violations;
}

function findKeysUsedTwice(operations: readonly Operation[]): string[] {
	const holds = operations.flatMap(({ answered, ...hold }) => (hold.kind === "hold" && answered !== null ? [{ ...hold, answered }] : []));
	const byKey = Map.groupBy(holds, ({ client, showtimeId, key }) => `${key} of ${client} at ${showtimeId}`);
	return [...byKey].flatMap(([key, of]) => {
		const ids = [...new Set(of.map(({ answered }) => answered.bookingId))];
		return ids.length > 1 ? [`${key}: ${ids.join(", ")}`] : [];
	});
}

function findOtherSeats(operations: readonly Operation[]): string[] {
	return operations.flatMap((operation) => {
		if (operation.kind !== "hold" || operation.answered === null) return [];
		const { answered, seats } = operation;
		return isSameSet(answered.seats, seats) ? [] : [`${answered.bookingId} was asked for seats ${seats}, answered ${answered.seats}`];
	});
}

function findSoldTwice({ seats }: AtRest): string[] {
	const active = seats.filter(({ isActive }) => isActive);
	return [...Map.groupBy(active, ({ showtimeId, seat }) => `seat ${seat} of ${showtimeId}`)].flatMap(([seat, owners]) =>
		owners.length > 1 ? [`${seat}: ${owners.map(({ bookingId }) => bookingId).join(", ")}`] : [],
	);
}

/** What the ledger has of one booking. */
type Record = { readonly rows: AtRest["bookings"]; readonly seats: AtRest["seats"]; readonly events: AtRest["events"] };

function judgeLedger(stories: readonly Story[], { bookings, seats, events }: AtRest): Violation[] {
	const [rowsOf, seatsOf, eventsOf] = [groupByBooking(bookings), groupByBooking(seats), groupByBooking(events)];
	const storyOf = new Map(stories.map((story) => [story.bookingId, story]));
	const ids = new Set([...storyOf.keys(), ...rowsOf.keys(), ...seatsOf.keys(), ...eventsOf.keys()]);
	return [...ids].flatMap((id) => {
		const record = { rows: rowsOf.get(id) ?? [], seats: seatsOf.get(id) ?? [], events: eventsOf.get(id) ?? [] };
		const story = storyOf.get(id);
		return story === undefined ? [violation("unasked")(`${id} is in the ledger, and in no client's memory`)] : judgeBooking(story, record);
	});
}

function judgeBooking(story: Story, { rows, seats, events }: Record): Violation[] {
	const { bookingId, confirmed, cancelled } = story;
	const [row] = rows;
	const countOf = (type: string) => events.filter((event) => event.type === type).length;
	const [confirmEvents, cancelEvents] = [countOf("booking.confirmed"), countOf("booking.cancelled")];
	const active = seats.filter(({ isActive }) => isActive).map(({ seat }) => seat);
	const inWords = `${bookingId} (confirmed: ${confirmed}, cancelled: ${cancelled}; in the ledger: ${row?.state ?? "nothing"} at ${row?.version}, seats ${seats.map(({ seat }) => seat)}, active ${active}, ${confirmEvents} + ${cancelEvents} events)`;
	const stands = row?.state === "CONFIRMED" && active.length > 0;
	const isIn = rows.length > 0 || seats.length > 0 || events.length > 0;
	const violations = new Set<Rule>();

	if (confirmed === "yes" && (row === undefined || confirmEvents === 0)) violations.add("lost confirm");
	if (confirmed === "yes" && cancelled === "no" && !stands) violations.add("lost confirm");
	if (cancelled === "yes" && (row?.state === "CONFIRMED" || active.length > 0)) violations.add("lost cancel");
	if (cancelled === "yes" && confirmed === "yes" && cancelEvents === 0) violations.add("lost cancel");
	if (rows.length > 1 || confirmEvents > 1 || cancelEvents > 1) violations.add("recorded twice");
	if (confirmed === "no" && isIn) violations.add("unasked");
	if (cancelled === "no" && (row?.state === "CANCELLED" || cancelEvents > 0)) violations.add("unasked");
	if (row && (row.client !== story.client || row.showtimeId !== story.showtimeId)) violations.add("unasked");
	if (seats.some(({ showtimeId }) => showtimeId !== story.showtimeId)) violations.add("partial booking");
	// A booking in conflict owns nothing, and need not name its seats.
	const names = seats.map(({ seat }) => seat);
	if (row && row.state !== "CONFLICT" && !isSameSet(names, story.seats ?? names)) violations.add("partial booking");
	if (active.length > 0 && active.length < names.length) violations.add("partial booking");
	if (row && row.version < story.version) violations.add("version fell");
	return [...violations].map((rule) => ({ rule, what: inWords }));
}

function groupByBooking<Row extends { readonly bookingId: string }>(rows: readonly Row[]): Map<string, Row[]> {
	return Map.groupBy(rows, ({ bookingId }) => bookingId);
}

const isSameSet = (some: readonly number[], others: readonly number[]): boolean =>
	[...some].sort((a, b) => a - b).join() === [...others].sort((a, b) => a - b).join();
