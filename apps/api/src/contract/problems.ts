/**
 * The one table of problems: every code that an answer may carry, its HTTP status, and whether sending the same
 * request again makes sense. A code is never renamed, and enters the table with the first route that answers it.
 * docs/errors.md and the OpenAPI document are written from here.
 */

export type ProblemSpec = {
	readonly status: number;
	/** The same words for every occurrence (RFC 9457 `title`). */
	readonly title: string;
	/** What happened and what to do; used as `detail` where the route has nothing more exact to say. */
	readonly detail: string;
	/** The same request, unchanged, may succeed later. */
	readonly retryable: boolean;
	/** Value of `Retry-After`, unless the answer knows better. Every 429 and 503 has one. */
	readonly retryAfterSeconds?: number;
};

export const PROBLEMS = {
	invalid_request: {
		status: 400,
		title: "Malformed request",
		detail: "The request breaks the contract; `errors` names each flaw. Correct it and send it again.",
		retryable: false,
	},
	unauthenticated: {
		status: 401,
		title: "Not signed in",
		detail: "This needs a valid access token in `Authorization: Bearer`. Sign in and send it again.",
		retryable: false,
	},
	invalid_credentials: {
		status: 401,
		title: "Wrong e-mail or password",
		detail: "No user has this e-mail and password together.",
		retryable: false,
	},
	not_found: { status: 404, title: "Not found", detail: "There is no such thing here, or it is not yours to see.", retryable: false },
	email_taken: { status: 409, title: "E-mail in use", detail: "A user with this e-mail exists. Sign in instead.", retryable: false },
	seats_taken: {
		status: 409,
		title: "Seats not available",
		detail: "The seats named in `seats` are not available; nothing was held. Choose others.",
		retryable: false,
	},
	seat_limit: {
		status: 409,
		title: "Too many seats",
		detail: "With these seats you would hold or own more seats of this showtime than one person may.",
		retryable: false,
	},
	hold_limit: {
		status: 409,
		title: "Too many holds",
		detail: "You have as many open holds at this showtime as one person may. Confirm or release one first.",
		retryable: false,
	},
	not_on_sale: { status: 409, title: "Not on sale", detail: "Seats of this showtime are not on sale now.", retryable: false },
	showtime_closed: { status: 409, title: "Showtime closed", detail: "This showtime is closed or over.", retryable: false },
	showtime_cancelled: { status: 409, title: "Showtime cancelled", detail: "This showtime does not take place.", retryable: false },
	showtime_started: {
		status: 409,
		title: "Showtime started",
		detail: "A confirmed booking can be cancelled until the showtime starts, and it has.",
		retryable: false,
	},
	booking_state: {
		status: 409,
		title: "Booking cannot change that way",
		detail: "The booking was cancelled and cannot be confirmed any more.",
		retryable: false,
	},
	hold_expired: {
		status: 410,
		title: "Hold expired",
		detail: "The hold lapsed before it was confirmed and its seats are free again. Place a new one.",
		retryable: false,
	},
	version_mismatch: {
		status: 412,
		title: "Booking changed meanwhile",
		detail: "The booking is not at the version that `If-Match` names. Read it again and decide anew.",
		retryable: false,
	},
	payload_too_large: {
		status: 413,
		title: "Body too large",
		detail: "The body has more bytes than this API reads.",
		retryable: false,
	},
	unsupported_media_type: {
		status: 415,
		title: "Not JSON",
		detail: "Bodies are JSON in UTF-8, sent as `content-type: application/json` and without a content coding.",
		retryable: false,
	},
	unknown_seats: {
		status: 422,
		title: "Unknown seats",
		detail: "The seat plan has no seats labelled as in `seats`. Labels match letter by letter, as the seat map spells them.",
		retryable: false,
	},
	idempotency_mismatch: {
		status: 422,
		title: "Idempotency key reused",
		detail: "This `Idempotency-Key` was used at this showtime for other seats. Use a new key for a new booking.",
		retryable: false,
	},
	too_many_requests: {
		status: 429,
		title: "Too many requests",
		detail: "You ask more often than one person needs to; nothing was done. Wait as long as `Retry-After` says.",
		retryable: true,
		retryAfterSeconds: 60,
	},
	internal: {
		status: 500,
		title: "Internal fault",
		detail: "Something broke on our side. Quote `requestId` when you report it.",
		retryable: false,
	},
	recovering: {
		status: 503,
		title: "Showtime being prepared",
		detail: "The showtime is being made ready for selling. Send the same request again in a moment.",
		retryable: true,
		retryAfterSeconds: 1,
	},
	busy: {
		status: 503,
		title: "Too busy",
		detail: "More of this is waiting to be done than may be, or prices changed while they were read. Nothing was done; try again.",
		retryable: true,
		retryAfterSeconds: 2,
	},
	outcome_unknown: {
		status: 503,
		title: "Outcome unknown",
		detail: "The store did not answer in time; the change may have happened. Send the same request again to learn which.",
		retryable: true,
		retryAfterSeconds: 1,
	},
	overloaded: {
		status: 503,
		title: "Overloaded",
		detail: "As many are served here as can be at once. Nothing was done; try again in a while.",
		retryable: true,
		retryAfterSeconds: 3,
	},
	unavailable: {
		status: 503,
		title: "Unavailable",
		detail: "A store that this needs cannot be reached. Nothing was done; try again.",
		retryable: true,
		retryAfterSeconds: 2,
	},
} as const satisfies Record<string, ProblemSpec>;

export type ProblemCode = keyof typeof PROBLEMS;

/** The table's row, with its optional column in reach. */
export const problemSpec = (code: ProblemCode): ProblemSpec => PROBLEMS[code];

export const isProblemCode = (text: string): text is ProblemCode => Object.hasOwn(PROBLEMS, text);

/** Every code, in the order of the table. */
export const PROBLEM_CODES: readonly ProblemCode[] = Object.keys(PROBLEMS).filter(isProblemCode);

/** What any route that reads a body may answer. */
export const BODY_PROBLEMS = ["invalid_request", "payload_too_large", "unsupported_media_type"] as const satisfies readonly ProblemCode[];

/** What any route that asks a store may answer. */
export const STORE_PROBLEMS = ["internal", "unavailable"] as const satisfies readonly ProblemCode[];

/** What any route of a signed-in user's own may answer. */
export const OWN_PROBLEMS = ["unauthenticated", "too_many_requests"] as const satisfies readonly ProblemCode[];

/** What any route that first has to open a showtime may answer. */
export const OPENING_PROBLEMS = [
	"not_found",
	"showtime_closed",
	"showtime_cancelled",
	"recovering",
] as const satisfies readonly ProblemCode[];

/** RFC 9457 `type`: a name for the kind of problem, not an address to fetch. */
export const problemType = (code: ProblemCode): string => `urn:problem-type:holdfast:${code}`;
