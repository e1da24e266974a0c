/** Reads answers of the API in tests. The bodies were held to the OpenAPI document before they come here. */
import type { BookingBody, BookingDetailsBody } from "../contract/booking.ts";
import type { ProblemBody } from "../contract/problem-schema.ts";
import type { SeatMatrixBody } from "../contract/showtime.ts";

/** One answer; `body` is its JSON, null when it has none. */
export type TestAnswer = { readonly status: number; readonly headers: Readonly<Record<string, string>>; readonly body: unknown };

export function bookingIn({ status, body }: TestAnswer): BookingBody {
	if (status >= 300) throw new Error(`expected a booking, got ${JSON.stringify(body)}`);
	return body as BookingBody;
}

export const bookingDetailsIn = (answer: TestAnswer): BookingDetailsBody => bookingIn(answer) as BookingDetailsBody;

export function bookingsIn({ status, body }: TestAnswer): { items: BookingBody[]; nextCursor: string | null } {
	if (status !== 200) throw new Error(`expected bookings, got ${JSON.stringify(body)}`);
	return body as { items: BookingBody[]; nextCursor: string | null };
}

export function problemIn({ status, body }: TestAnswer): ProblemBody {
	if (status < 400) throw new Error(`expected a problem, got ${JSON.stringify(body)}`);
	return body as ProblemBody;
}

export function matrixIn({ status, body }: TestAnswer): SeatMatrixBody {
	if (status !== 200) throw new Error(`expected a seat matrix, got ${JSON.stringify(body)}`);
	return body as SeatMatrixBody;
}

/** Status of a seat in a matrix, by label. */
export function seatIn(matrix: SeatMatrixBody, label: string): NonNullable<SeatMatrixBody["rows"][number]["seats"][number]> {
	for (const row of matrix.rows) for (const seat of row.seats) if (seat?.label === label) return seat;
	throw new Error(`there is no seat ${label}`);
}
