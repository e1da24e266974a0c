/** Reconstructs a history booking by booking: what was asked for each, and how much of that happened as far as its client can know. */
import type { Operation } from "./operation.ts";

/** `maybe`: an answer is missing, and nothing that came later tells. `no`: never asked for, or refused. */
export type Happened = "yes" | "maybe" | "no";

export type Story = {
	readonly bookingId: string;
	readonly client: string;
	readonly showtimeId: string;
	/** As asked for, ascending; null when no hold of this history was ever answered with this booking. */
	readonly seats: readonly number[] | null;
	/** When its client first knew that the seats are held, and the latest expiry they were told. */
	readonly heldFromMs: number | null;
	readonly expiresAtMs: number;
	readonly confirmed: Happened;
	/** When its client first knew. */
	readonly confirmedFromMs: number | null;
	readonly cancelled: Happened;
	/** When an end was first asked for; from then on nothing is claimed. */
	readonly cancelAskedMs: number | null;
	/** The highest version that a confirm or a cancel was answered with. */
	readonly version: number;
};

export function reconstructStories(operations: readonly Operation[]): Story[] {
	const byBooking = Map.groupBy(operations, (operation) =>
		operation.kind === "hold" ? (operation.answered?.bookingId ?? "") : operation.kind === "map" ? "" : operation.bookingId,
	);
	byBooking.delete("");
	return [...byBooking].map(([bookingId, of]) => reconstructStory(bookingId, of));
}

function reconstructStory(bookingId: string, operations: readonly Operation[]): Story {
	const ofKind = (kind: Operation["kind"]) => operations.filter((operation) => operation.kind === kind);
	const [holds, confirms, cancels] = [ofKind("hold"), ofKind("confirm"), ofKind("cancel")];
	const first = holds[0] ?? operations[0];
	const pending = [...holds, ...ofKind("show")].filter(({ result, answered }) => result === "ok" && answered?.status === "pending");
	const cancelAskedMs = earliest(cancels.map(({ invokedMs }) => invokedMs));
	return {
		bookingId,
		client: first?.client ?? "",
		showtimeId: first?.showtimeId ?? "",
		seats: first?.kind === "hold" ? [...first.seats].sort((a, b) => a - b) : null,
		heldFromMs: earliest(pending.map(({ respondedMs }) => respondedMs)),
		expiresAtMs: Math.max(0, ...pending.map(({ answered }) => answered?.expiresAtMs ?? 0)),
		// What is refused once an end was asked for may be refused because of that, after it was done.
		confirmed: judge(confirms, cancelAskedMs ?? Number.POSITIVE_INFINITY),
		confirmedFromMs: earliest(confirms.filter(({ result }) => result === "ok").map(({ respondedMs }) => respondedMs)),
		cancelled: judge(cancels, Number.POSITIVE_INFINITY),
		cancelAskedMs,
		version: Math.max(0, ...[...confirms, ...cancels].map(({ answered }) => answered?.version ?? 0)),
	};
}

/** A refusal tells that the unknown ones before it were not done, if it was given before `untilMs`. */
function judge(attempts: readonly Operation[], untilMs: number): Happened {
	if (attempts.some(({ result }) => result === "ok")) return "yes";
	const unknown = attempts.filter(({ result }) => result === "unknown");
	if (unknown.length === 0) return "no";
	const lastUnknownMs = Math.max(...unknown.map(({ respondedMs }) => respondedMs));
	const isRefused = attempts.some(
		({ isRefusal, invokedMs, respondedMs }) => isRefusal && invokedMs >= lastUnknownMs && respondedMs <= untilMs,
	);
	return isRefused ? "no" : "maybe";
}

const earliest = (instants: readonly number[]): number | null => (instants.length === 0 ? null : Math.min(...instants));
