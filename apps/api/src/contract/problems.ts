/**
 * The table of problems: every error code of the API with its HTTP status, its texts, and whether a client should retry the request. A code is never renamed. A new code is added together with the first route that answers it. docs/errors.md and the
 * OpenAPI document are generated from this table.
 */

/** The maximum size of a request body, except that of a seat plan. The largest valid body of a buyer is a hold of ten seats, well under 1 KB. */
export const BODY_MAX_BYTES = 16 * 1024;
/** The maximum size of a request body that has a seat plan. A pretix plan of 50,000 seats has some 7 MB. */
export const PLAN_BODY_MAX_BYTES = 8 * 1024 * 1024;

/** An entry of the problem table. */
export type ProblemSpec = {
	readonly status: number;
	/** The same text for every occurrence (`title` in RFC 9457). */
	readonly title: string;
	/** What happened, whether anything changed, and what to do next. `EXACT_DETAILS` lists the more exact texts of single cases. */
	readonly detail: string;
	/** Whether a client should send the same request again automatically, after `Retry-After`. */
	readonly retryable: boolean;
	/** Value of `Retry-After`; a route may send a more exact one. Every 429 and 503 has one. `not_on_sale` has one if sales open soon. */
	readonly retryAfterSeconds?: number;
};

/** The table, by code. */
export const PROBLEMS = {
	invalid_request: {
		status: 400,
		title: "Invalid request",
		detail:
			"The request does not match the API contract; `errors`, where present, lists what is invalid. Nothing was changed; " +
			"correct the request and send it again.",
		retryable: false,
	},
	unauthenticated: {
		status: 401,
		title: "Not signed in",
		detail:
			"The request has no valid access token in `Authorization: Bearer`. Nothing was changed; refresh the session once and " +
			"send the request again, or sign in.",
		retryable: false,
	},
	invalid_credentials: {
		status: 401,
		title: "Wrong e-mail or password",
		detail: "The e-mail address or the password is wrong. No session was opened; correct them and try again.",
		retryable: false,
	},
	forbidden: {
		status: 403,
		title: "Not allowed",
		detail:
			"Your account does not have the role that this request needs. Nothing was changed; sign in with another account, or ask an admin " +
			"for the role.",
		retryable: false,
	},
	account_blocked: {
		status: 403,
		title: "Account blocked",
		detail:
			"E-mail address and password are right, but the cinema has blocked this account. No session was opened; contact the cinema. Bookings " +
			"of the account stay valid.",
		retryable: false,
	},
	not_found: {
		status: 404,
		title: "Not found",
		detail:
			"The resource does not exist or you cannot access it. A hold that was not confirmed can be read until an hour after its " +
			"`expiresAt`. Nothing was changed; check the id and the account you are signed in with.",
		retryable: false,
	},
	email_taken: {
		status: 409,
		title: "E-mail already registered",
		detail: "A user with this e-mail address already exists. This request created no user; sign in instead.",
		retryable: false,
	},
	seats_taken: {
		status: 409,
		title: "Seats not available",
		detail:
			"The seats listed in `seats` are held, sold or not for sale; a seat that you hold already counts too. This request held " +
			"no seats; read the seats again and choose others.",
		retryable: false,
	},
	seat_limit: {
		status: 409,
		title: "Seat limit reached",
		detail:
			"With these seats you would exceed the maximum number of seats that one user may hold or have bought at this showtime. This " +
			"request held no seats; choose fewer seats, release a hold or cancel a booking.",
		retryable: false,
	},
	hold_limit: {
		status: 409,
		title: "Hold limit reached",
		detail:
			"You have the maximum number of holds at this showtime. This request held no seats; confirm or release one of your holds " +
			"(`GET /api/v1/bookings?status=pending`), or wait until one expires.",
		retryable: false,
	},
	not_on_sale: {
		status: 409,
		title: "Not on sale",
		detail:
			"Seats of this showtime are not on sale at present. This request held no seats. If `salesOpenAt` is not null, sales open at that " +
			"time: try again then. If it is null, read `sales` of the showtime: while it is `paused`, try again later; if it is `ended`, " +
			"choose another showtime.",
		retryable: false,
	},
	showtime_closed: {
		status: 409,
		title: "Showtime closed",
		detail:
			"Sales of this showtime were closed for good, or the showtime is over. This request changed nothing. To buy seats, choose another " +
			"showtime; to see what became of a hold, read the booking. If this answers a read of the live seats, do not read them again.",
		retryable: false,
	},
	showtime_cancelled: {
		status: 409,
		title: "Showtime cancelled",
		detail:
			"This showtime was cancelled and will not take place. This request changed nothing: holds of this showtime expire, and its " +
			"confirmed bookings are cancelled automatically. Read the booking to see its status.",
		retryable: false,
	},
	showtime_started: {
		status: 409,
		title: "Showtime already started",
		detail:
			"The showtime has started, so the booking can no longer be cancelled. The booking was not changed and remains confirmed; " +
			"contact the cinema.",
		retryable: false,
	},
	booking_state: {
		status: 409,
		title: "Booking was cancelled",
		detail:
			"The booking was cancelled or released, so it can no longer be confirmed. Nothing was changed; place a new hold with a new " +
			"`Idempotency-Key`.",
		retryable: false,
	},
	transition_not_allowed: {
		status: 409,
		title: "Not possible in this state",
		detail:
			"The booking has a status from which this change is not possible. Nothing was changed; `allowed` lists the statuses that staff can give " +
			"the booking now.",
		retryable: false,
	},
	money_moved: {
		status: 409,
		title: "Refund already paid",
		detail:
			"The refund of this cancelled booking has been paid or is on its way, so the booking cannot be brought back. Nothing was changed; sell the " +
			"seats again.",
		retryable: false,
	},
	has_bookings: {
		status: 409,
		title: "Customers have seats",
		detail:
			"Customers hold or have bought seats of showtimes to come: see `counts`. Nothing was archived or cancelled, and sales go on; cancel these " +
			"showtimes first, or wait until they are over.",
		retryable: false,
	},
	refund_not_due: {
		status: 409,
		title: "Refund not due",
		detail:
			"The refund cannot be marked as paid: it was paid under another reference, is on its way, has failed, or was withdrawn because the " +
			"booking is valid again. Nothing was changed; `current`, where present, is the refund as it is.",
		retryable: false,
	},
	own_role: {
		status: 409,
		title: "Own account of an admin",
		detail: "Admins cannot change their own role, block themselves or delete their own account. Nothing was changed; ask another admin.",
		retryable: false,
	},
	has_showtimes: {
		status: 409,
		title: "Showtimes to come",
		detail:
			"The auditorium has showtimes to come that are not cancelled; `count` says how many. Nothing was changed; cancel these showtimes, or " +
			"wait until the last of them has started.",
		retryable: false,
	},
	hold_expired: {
		status: 410,
		title: "Hold expired",
		detail:
			"The hold expired before it was confirmed. The booking was not confirmed and no longer holds its seats; place a new hold " +
			"with a new `Idempotency-Key`.",
		retryable: false,
	},
	showtime_clash: {
		status: 409,
		title: "The auditorium is occupied",
		detail:
			"Another showtime occupies the auditorium at that time, cleaning included: see `clash`, or `starts`. This request scheduled nothing; " +
			"choose another time or auditorium. `nextFreeStart` is the next start at which the auditorium is free.",
		retryable: false,
	},
	version_mismatch: {
		status: 412,
		title: "Version mismatch",
		detail:
			"The resource does not have the version that `If-Match` names: it was changed in the meantime. Nothing was changed by this request; " +
			"read the resource again and decide whether to send the request with its current version, which `ETag` names.",
		retryable: false,
	},
	payload_too_large: {
		status: 413,
		title: "Request body too large",
		detail: `The request body is larger than ${BODY_MAX_BYTES / 1024} KiB. Nothing was changed; send a smaller body.`,
		retryable: false,
	},
	unsupported_media_type: {
		status: 415,
		title: "Unsupported media type",
		detail:
			"The request body must be JSON in UTF-8. Nothing was changed; send it with `Content-Type: application/json` and without " +
			"`Content-Encoding`.",
		retryable: false,
	},
	unknown_seats: {
		status: 422,
		title: "Unknown seats",
		detail:
			"The seat plan has no seats with the labels listed in `seats`. Nothing was changed; send each label exactly as in " +
			"`label` of the seat, in the same letter case.",
		retryable: false,
	},
	seat_count_differs: {
		status: 422,
		title: "Another number of seats",
		detail:
			"A booking can only be moved to as many seats as it has: see `errors`. Nothing was changed; send that number of labels, or cancel the " +
			"booking and sell other seats.",
		retryable: false,
	},
	amount_differs: {
		status: 422,
		title: "Another amount",
		detail:
			"A booking can only be moved to seats that cost as much together as it did: see `errors`. Nothing was changed; choose seats of the same " +
			"price, or cancel the booking and sell other seats.",
		retryable: false,
	},
	unknown_user: {
		status: 422,
		title: "No such account",
		detail:
			"No account has this id or e-mail address, or it was deleted. Nothing was changed; correct it, or leave both out to sell to a customer " +
			"without an account.",
		retryable: false,
	},
	unknown_reference: {
		status: 422,
		title: "Unknown reference",
		detail: "The request names something that does not exist or is archived: see `errors`. Nothing was changed; correct the id.",
		retryable: false,
	},
	unknown_tiers: {
		status: 422,
		title: "Prices do not fit the seat plan",
		detail:
			"The prices must name every tier of the seat plan and no other: see `errors`, and `tiers` for the ids. An auditorium without a plan has " +
			"no tiers. Nothing was changed; correct the prices.",
		retryable: false,
	},
	currency_mismatch: {
		status: 422,
		title: "Wrong currency",
		detail: "A price is in another currency than the auditorium's: see `errors`. Nothing was changed; state the prices in that currency.",
		retryable: false,
	},
	showtime_in_past: {
		status: 422,
		title: "Start in the past",
		detail: "The start has already passed. Nothing was scheduled; choose a later start.",
		retryable: false,
	},
	time_skipped: {
		status: 422,
		title: "Time skipped by a clock change",
		detail:
			"A clock change at the venue skips this local time. Nothing was scheduled; `instants` are the two nearest starts that could be meant: " +
			"send one of them as `startsAt`.",
		retryable: false,
	},
	time_ambiguous: {
		status: 422,
		title: "Time repeated by a clock change",
		detail:
			"A clock change at the venue repeats this local time. Nothing was scheduled; `instants` are the two instants that could be meant: send " +
			"one of them as `startsAt`.",
		retryable: false,
	},
	invalid_window: {
		status: 422,
		title: "Sales would close before they open",
		detail: "The sales window ends before it begins. Nothing was changed; correct `salesOpenAt` or `salesCloseAt`.",
		retryable: false,
	},
	invalid_plan: {
		status: 422,
		title: "Invalid seat plan",
		detail:
			"The seat plan has errors. `totals` counts them by kind, and `errors` lists the first 100 of each kind. Nothing was stored; correct " +
			"the plan and send it again.",
		retryable: false,
	},
	idempotency_mismatch: {
		status: 422,
		title: "Idempotency key reused",
		detail:
			"This `Idempotency-Key` was already used for another request: for other seats of this showtime, or for another schedule. This request " +
			"changed nothing, and what the first request did is unchanged; use a new key for another request.",
		retryable: false,
	},
	too_many_requests: {
		status: 429,
		title: "Too many requests",
		detail:
			"Too many requests from this user, network address or e-mail address. Nothing was changed; send the same request again " +
			"after `Retry-After` seconds.",
		retryable: true,
		retryAfterSeconds: 60,
	},
	internal: {
		status: 500,
		title: "Internal error",
		detail:
			"The server failed unexpectedly; a change may or may not have been made. Although `retryable` is false, repeat once what the " +
			"rules for retries let you repeat. To find out what happened, read the booking, or send the request that placed the hold again " +
			"with the same `Idempotency-Key`. If the error persists, report it with `requestId`.",
		retryable: false,
	},
	recovering: {
		status: 503,
		title: "Showtime being prepared",
		detail: "The seats of this showtime are being loaded. Nothing was changed; send the same request again after `Retry-After` seconds.",
		retryable: true,
		retryAfterSeconds: 1,
	},
	busy: {
		status: 503,
		title: "At capacity",
		detail:
			"The server cannot accept this request at present. Nothing was changed; send the same request again after `Retry-After` " +
			"seconds.",
		retryable: true,
		retryAfterSeconds: 2,
	},
	outcome_unknown: {
		status: 503,
		title: "Outcome unknown",
		detail:
			"The database did not answer in time, so the change may or may not have been made. Send the same request again after " +
			"`Retry-After` seconds, with the same `Idempotency-Key` if it places a hold; the answer shows the outcome.",
		retryable: true,
		retryAfterSeconds: 1,
	},
	overloaded: {
		status: 503,
		title: "Overloaded",
		detail:
			"The server is handling its maximum number of requests or open streams. Nothing was changed; send the same request again " +
			"after `Retry-After` seconds.",
		retryable: true,
		retryAfterSeconds: 3,
	},
	unavailable: {
		status: 503,
		title: "Unavailable",
		detail:
			"A database that this request needs cannot be reached. Nothing was changed; send the same request again after " +
			"`Retry-After` seconds.",
		retryable: true,
		retryAfterSeconds: 2,
	},
} as const satisfies Record<string, ProblemSpec>;

/** The more exact `detail` of single cases. Each replaces the text of the table for the same code. */
export const EXACT_DETAILS = {
	refresh_refused: {
		code: "unauthenticated",
		occasion: "`POST /api/v1/auth/refresh` with a refresh token that cannot be used",
		detail:
			"The refresh token is invalid, has expired or was already used. No new session was opened, and the session may have been " +
			"ended; sign in again.",
	},
	wrong_password: {
		code: "invalid_credentials",
		occasion: "`DELETE /api/v1/auth/me` with a wrong password",
		detail: "The password is wrong. The account was not deleted, and the session goes on; correct the password and try again.",
	},
	hourly_limit: {
		code: "too_many_requests",
		occasion: "`POST /api/v1/bookings` above the limit on holds within an hour",
		detail:
			"You have placed the maximum number of holds within the past hour. This request held no seats; send the same request again " +
			"after `Retry-After` seconds, which can be up to an hour.",
	},
	account_has_bookings: {
		code: "has_bookings",
		occasion: "`DELETE` of an account that has confirmed bookings at showtimes that are not over",
		detail:
			"The account has confirmed bookings at showtimes that are not over; `bookings` lists up to 100 of them. The account is kept; its " +
			"holds may have been released, and its user may have to sign in again. Cancel these bookings, or wait until the showtimes are over, " +
			"and delete the account again.",
	},
	plan_too_large: {
		code: "payload_too_large",
		occasion: "`POST /api/v1/admin/auditoriums/{id}/plans` with a larger plan",
		detail: `The request body is larger than ${PLAN_BODY_MAX_BYTES / 1024 / 1024} MiB. Nothing was changed; send a smaller plan.`,
	},
	unknown_route: {
		code: "not_found",
		occasion: "a method and path without a route",
		detail: "No route has this method and path. Nothing was changed; check both against the OpenAPI document.",
	},
	body_cut_short: {
		code: "invalid_request",
		occasion: "a body that is shorter than announced",
		detail: "The request ended before its body was complete. Nothing was changed; send the whole request again.",
	},
	headers_too_large: {
		code: "invalid_request",
		occasion: "headers that are too large",
		detail: "The headers of the request are too large. Nothing was changed; send smaller headers.",
	},
	request_too_slow: {
		code: "invalid_request",
		occasion: "a request that arrives too slowly",
		detail: "The request took too long to arrive. Nothing was changed; send it again on a new connection.",
	},
	malformed_http: {
		code: "invalid_request",
		occasion: "bytes that are not HTTP",
		detail: "The bytes received are not a valid HTTP request. Nothing was changed; correct the request and send it again.",
	},
} as const satisfies Record<string, { code: keyof typeof PROBLEMS; occasion: string; detail: string }>;

/** The names of the cases that have a more exact `detail`. */
export type ExactDetail = keyof typeof EXACT_DETAILS;

/** The error codes of the API. */
export type ProblemCode = keyof typeof PROBLEMS;

/** Returns the table's entry for a code, typed so that `retryAfterSeconds` can be read. */
export const problemSpec = (code: ProblemCode): ProblemSpec => PROBLEMS[code];

/** Whether a text is one of the codes. */
export const isProblemCode = (text: string): text is ProblemCode => Object.hasOwn(PROBLEMS, text);

/** Every code, in the order of the table. */
export const PROBLEM_CODES: readonly ProblemCode[] = Object.keys(PROBLEMS).filter(isProblemCode);

/** Problems that any route with a request body may answer. */
export const BODY_PROBLEMS = ["invalid_request", "payload_too_large", "unsupported_media_type"] as const satisfies readonly ProblemCode[];

/** Problems that any route that uses Redis or Postgres may answer. */
export const STORE_PROBLEMS = ["internal", "unavailable"] as const satisfies readonly ProblemCode[];

/** Problems of a request for the user's own data: any route that requires a signed-in user may answer them. */
export const OWN_PROBLEMS = ["unauthenticated", "too_many_requests"] as const satisfies readonly ProblemCode[];

/** Problems that any admin route may answer. */
export const ADMIN_PROBLEMS = [
	"unauthenticated",
	"forbidden",
	"too_many_requests",
	...STORE_PROBLEMS,
] as const satisfies readonly ProblemCode[];

/** Problems that any admin route that changes something may answer. */
export const ADMIN_CHANGE_PROBLEMS = [...ADMIN_PROBLEMS, ...BODY_PROBLEMS, "outcome_unknown"] as const satisfies readonly ProblemCode[];

/** Problems that any route that schedules showtimes may answer. */
export const SCHEDULE_PROBLEMS = [
	"showtime_clash",
	"unknown_reference",
	"unknown_tiers",
	"currency_mismatch",
	"unknown_seats",
	"showtime_in_past",
	"time_skipped",
	"invalid_window",
] as const satisfies readonly ProblemCode[];

/** Problems that any route that opens a showtime first may answer. */
export const OPENING_PROBLEMS = [
	"not_found",
	"showtime_closed",
	"showtime_cancelled",
	"recovering",
] as const satisfies readonly ProblemCode[];

/** Returns the `type` of RFC 9457: a URN that names the kind of problem, not a URL to fetch. */
export const problemType = (code: ProblemCode): string => `urn:problem-type:holdfast:${code}`;
