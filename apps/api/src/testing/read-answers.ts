/** Reads API responses in tests. Their bodies were already checked against the OpenAPI document. */
import type { BookingBody, BookingDetailsBody } from "../contract/booking.ts";
import type { ProblemBody } from "../contract/problem-schema.ts";
import type { SeatMatrixBody } from "../contract/showtime.ts";

/** One response. `body` is its parsed JSON, the text of a CSV file, or null. */
export type TestAnswer = { readonly status: number; readonly headers: Readonly<Record<string, string>>; readonly body: unknown };

/** Returns the booking in a response. Throws if the response is an error. */
export function bookingIn({ status, body }: TestAnswer): BookingBody {
	if (status >= 300) throw new Error(`expected a booking, got ${JSON.stringify(body)}`);
	return body as BookingBody;
}

/** Returns the booking and its showtime in a response. Throws if the response is an error. */
export const bookingDetailsIn = (answer: TestAnswer): BookingDetailsBody => bookingIn(answer) as BookingDetailsBody;

/** Returns the page of bookings in a response. Throws if the response is an error. */
export function bookingsIn({ status, body }: TestAnswer): { items: BookingBody[]; nextCursor: string | null } {
	if (status !== 200) throw new Error(`expected bookings, got ${JSON.stringify(body)}`);
	return body as { items: BookingBody[]; nextCursor: string | null };
}

/** Returns the problem in a response. Throws if the response is not an error. */
export function problemIn({ status, body }: TestAnswer): ProblemBody {
	if (status < 400) throw new Error(`expected a problem, got ${JSON.stringify(body)}`);
	return body as ProblemBody;
}

/** Returns the seat matrix in a response. Throws if the response is an error. */
export function matrixIn({ status, body }: TestAnswer): SeatMatrixBody {
	if (status !== 200) throw new Error(`expected a seat matrix, got ${JSON.stringify(body)}`);
	return body as SeatMatrixBody;
}

/** Returns a seat of a matrix by its label. Throws if there is none. */
export function seatIn(matrix: SeatMatrixBody, label: string): NonNullable<SeatMatrixBody["rows"][number]["seats"][number]> {
	for (const row of matrix.rows) for (const seat of row.seats) if (seat?.label === label) return seat;
	throw new Error(`no seat ${label} found in the matrix`);
}
