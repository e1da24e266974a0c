/** Groups a history by booking: what the client requested for each booking, and how much of it took effect as far as it can know. */
import type { Operation } from "./operation.ts";

/** `maybe`: an answer is missing, and no later answer resolves it. `no`: never requested, or refused. */
export type Happened = "yes" | "maybe" | "no";

/** The history of one booking as its client knows it. */
export type Story = {
	readonly bookingId: string;
	readonly client: string;
	readonly showtimeId: string;
	/** The seat indexes of the hold request, ascending; null when no hold of this history was answered with this booking. */
	readonly seats: readonly number[] | null;
	/** When the client first received an answer that the seats are held; null if never. */
	readonly heldFromMs: number | null;
	/** The latest expiry of the hold in any answer. */
	readonly expiresAtMs: number;
	readonly confirmed: Happened;
	/** When the client first received an answer that the booking is confirmed; null if never. */
	readonly confirmedFromMs: number | null;
	readonly cancelled: Happened;
	/** When the client first sent a cancel; null if never. From then on the client does not rely on the seats. */
	readonly cancelAskedMs: number | null;
	/** The highest version in an answer to a confirm or a cancel. */
	readonly version: number;
};

/** Returns one story per booking that any operation of the history names. */
export function reconstructStories(operations: readonly Operation[]): Story[] {
	const byBooking = Map.groupBy(operations, (operation) =>
		operation.kind === "hold" ? (operation.answered?.bookingId ?? "") : operation.kind === "map" ? "" : operation.bookingId,
	);
	byBooking.delete("");
	return [...byBooking].map(([bookingId, group]) => reconstructStory(bookingId, group));
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
		// A confirm that is refused after a cancel was sent may have taken effect before: the cancel can be the reason of the refusal.
		confirmed: deduceOutcome(confirms, cancelAskedMs ?? Number.POSITIVE_INFINITY),
		confirmedFromMs: earliest(confirms.filter(({ result }) => result === "ok").map(({ respondedMs }) => respondedMs)),
		cancelled: deduceOutcome(cancels, Number.POSITIVE_INFINITY),
		cancelAskedMs,
		version: Math.max(0, ...[...confirms, ...cancels].map(({ answered }) => answered?.version ?? 0)),
	};
}

/** Deduces whether any attempt took effect. A refusal before `untilMs` shows that earlier unknown attempts did not. */
function deduceOutcome(attempts: readonly Operation[], untilMs: number): Happened {
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
