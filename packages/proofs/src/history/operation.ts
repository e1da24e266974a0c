/**
 * The one format of a history: what many clients asked, when, and what they were told. Judged by `find-history-violations.ts`,
 * beside what the stores say; written by whoever plays the clients.
 */

export type Asked =
	/** Repeats of one hold carry one key. */
	| { readonly kind: "hold"; readonly key: string; readonly seats: readonly number[] }
	| { readonly kind: "confirm" | "cancel" | "show"; readonly bookingId: string }
	| { readonly kind: "map" };

/** A booking as an answer of the API shows it. */
export type AnsweredBooking = {
	readonly bookingId: string;
	readonly status: string;
	readonly version: number;
	readonly expiresAtMs: number;
	/** Seat indexes, ascending. */
	readonly seats: readonly number[];
};

export type Operation = Asked & {
	/** The user who asked. */
	readonly client: string;
	readonly showtimeId: string;
	/** The API that was asked. */
	readonly server: string;
	/** Taken before the request is sent and after the answer is there, by the clock that expiries are compared with. */
	readonly invokedMs: number;
	readonly respondedMs: number;
	/**
	 * `fail`: this request changed nothing. `unknown`: it may have happened, or happen yet: no answer came, or one that says so.
	 * A repeat of the same request is an operation of its own.
	 */
	readonly result: "ok" | "fail" | "unknown";
	/** The answer's status and code, for people: `409 seats_taken`. */
	readonly code: string;
	/** A `fail` that judges the booking, not only this request: whatever repeats it is refused as well, and an earlier one was not done. */
	readonly isRefusal: boolean;
	readonly answered: AnsweredBooking | null;
	/** Of a seat map. */
	readonly mapVersion: number | null;
};
