/** Wraps a buyer so that every request and its answer are added to a history. A failed request is an operation too, not an error. */
import type { ShowtimeId } from "@holdfast/domain";
import type { AnsweredBooking, Asked, Operation } from "@holdfast/proofs";
import { type Answer, type Buyer, labelOf, seatOf } from "./open-test-stack.ts";

/** A buyer with a history. */
export type RecordedBuyer = {
	readonly client: string;
	/** `key` is the Idempotency-Key: use the same one for every repeat of a hold. */
	hold(showtimeId: ShowtimeId, seats: readonly number[], key: string): Promise<Operation>;
	confirm(showtimeId: ShowtimeId, bookingId: string): Promise<Operation>;
	cancel(showtimeId: ShowtimeId, bookingId: string): Promise<Operation>;
	show(showtimeId: ShowtimeId, bookingId: string): Promise<Operation>;
	map(showtimeId: ShowtimeId): Promise<Operation>;
};

/** Problem codes after which the request may have taken effect, or may still do so. Any other problem means that it did not. */
const UNKNOWN_CODES: readonly (string | null)[] = ["outcome_unknown", "internal"];
/** Statuses of client errors after which the same request may succeed later. */
const RETRYABLE_STATUSES: readonly number[] = [408, 425, 429];

/** Returns the buyer whose requests are added to `history`. */
export function recordBuyer(buyer: Buyer, history: Operation[]): RecordedBuyer {
	const record = async (showtimeId: ShowtimeId, asked: Asked, ask: () => Promise<Answer>): Promise<Operation> => {
		const [server, invokedMs] = [buyer.server(), Date.now()];
		const answer = await ask().catch(() => null);
		const request = { ...asked, client: buyer.userId, showtimeId, server, invokedMs, respondedMs: Date.now() };
		const operation = { ...request, ...classify(answer), ...(answer !== null && answer.status < 300 ? read(asked, answer) : NO_BOOKING) };
		history.push(operation);
		return operation;
	};
	return {
		client: buyer.userId,
		hold: (showtimeId, seats, key) =>
			record(showtimeId, { kind: "hold", key, seats }, () => buyer.hold(showtimeId, seats.map(labelOf), { "idempotency-key": key })),
		confirm: (showtimeId, bookingId) => record(showtimeId, { kind: "confirm", bookingId }, () => buyer.confirm(bookingId)),
		cancel: (showtimeId, bookingId) => record(showtimeId, { kind: "cancel", bookingId }, () => buyer.cancel(bookingId)),
		show: (showtimeId, bookingId) => record(showtimeId, { kind: "show", bookingId }, () => buyer.show(bookingId)),
		map: (showtimeId) => record(showtimeId, { kind: "map" }, () => buyer.map(showtimeId)),
	};
}

function classify(answer: Answer | null): Pick<Operation, "result" | "code" | "isRefusal"> {
	if (answer === null) return { result: "unknown", code: "no answer", isRefusal: false };
	const { status } = answer;
	const code = answer.code === null ? String(status) : `${status} ${answer.code}`;
	if (status < 300) return { result: "ok", code, isRefusal: false };
	const isRefusal = status >= 400 && status < 500 && !RETRYABLE_STATUSES.includes(status);
	return { result: UNKNOWN_CODES.includes(answer.code) ? "unknown" : "fail", code, isRefusal };
}

const NO_BOOKING = { answered: null, mapVersion: null };

function read(asked: Asked, { body }: Answer): Pick<Operation, "answered" | "mapVersion"> {
	if (asked.kind === "map") return { answered: null, mapVersion: Number(body.version) };
	const answered: AnsweredBooking = {
		bookingId: String(body.id),
		status: String(body.status),
		version: Number(body.version),
		expiresAtMs: Date.parse(String(body.expiresAt)),
		seats: Array.isArray(body.seats) ? body.seats.map(String).map(seatOf) : [],
	};
	return { answered, mapVersion: null };
}
