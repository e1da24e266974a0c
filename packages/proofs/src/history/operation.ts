/**
 * The format of a history: the requests of many clients with their times and answers. Test clients write it;
 * `find-history-violations.ts` checks it against the ledger.
 */

/** A request. */
export type Asked =
	/** All repeats of one hold have the same idempotency key. */
	| { readonly kind: "hold"; readonly key: string; readonly seats: readonly number[] }
	| { readonly kind: "confirm" | "cancel" | "show"; readonly bookingId: string }
	| { readonly kind: "map" };

/** A booking in an answer of the API. */
export type AnsweredBooking = {
	readonly bookingId: string;
	readonly status: string;
	readonly version: number;
	readonly expiresAtMs: number;
	/** Seat indexes, ascending. */
	readonly seats: readonly number[];
};

/** One request and its answer. A repeat of the same request is a separate operation. */
export type Operation = Asked & {
	/** The id of the user who sent the request. */
	readonly client: string;
	readonly showtimeId: string;
	/** The origin of the API that received the request. */
	readonly server: string;
	/** When the request was sent, in epoch ms, by the clock that hold expiries are compared with. */
	readonly invokedMs: number;
	/** When the answer had arrived, in epoch ms. */
	readonly respondedMs: number;
	/**
	 * `fail`: this request changed nothing. `unknown`: the request may have taken effect, or may still do so: no answer arrived, or
	 * the answer was `outcome_unknown`.
	 */
	readonly result: "ok" | "fail" | "unknown";
	/** Status and problem code of the answer, for people: `409 seats_taken`. */
	readonly code: string;
	/** A `fail` that is final: repeats of the request fail as well, and no earlier attempt has taken effect. */
	readonly isRefusal: boolean;
	readonly answered: AnsweredBooking | null;
	/** The version of the seat map in the answer; null for other requests. */
	readonly mapVersion: number | null;
};
