/**
 * Parses the entries of the hash `owner`, which say who has a seat: `bookingId|expiresAt`. The scripts write them
 * (include/owner.lua).
 */
import { readInteger, readText } from "./reply.ts";

/**
 * `booking` is a booking id, X (blocked) or Q (quarantined). `expiresAt` is in epoch ms; 0 means that the seat is sold or
 * withheld without an end.
 */
export type SeatOwner = { readonly booking: string; readonly expiresAt: number };

/** Returns the owners by seat index. Throws when an entry is malformed. */
export function parseOwners(entries: Readonly<Record<string, unknown>>): Map<number, SeatOwner> {
	return new Map(
		Object.entries(entries).map(([seat, entry]) => {
			const [booking, expiresAt] = readText(entry).split("|");
			return [readInteger(seat), { booking: readText(booking), expiresAt: readInteger(expiresAt) }];
		}),
	);
}
