/** Who has a seat, as `owner` says it: `bookingId|expiresAt`. The scripts write it (include/owner.lua). */
import { readInteger, readText } from "./reply.ts";

/** `booking` is an id, or X (blocked) or Q (quarantined). `expiresAt` 0: sold, or kept back for good. */
export type SeatOwner = { readonly booking: string; readonly expiresAt: number };

/** The hash `owner` by seat index. Throws when an entry makes no sense. */
export function parseOwners(entries: Readonly<Record<string, unknown>>): Map<number, SeatOwner> {
	return new Map(
		Object.entries(entries).map(([seat, entry]) => {
			const [booking, expiresAt] = readText(entry).split("|");
			return [readInteger(seat), { booking: readText(booking), expiresAt: readInteger(expiresAt) }];
		}),
	);
}
