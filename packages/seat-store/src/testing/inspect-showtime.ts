/** Test helpers that read what a change of a showtime left in Redis. */
import { bucketOf, newUserId, type OpenShowtime, type ShowtimeEvent, type StaffCommand } from "@holdfast/domain";
import { expect } from "vitest";
import { bucketKeys, showtimeKeys } from "../keys.ts";
import type { TestStore } from "./open-test-store.ts";

/** Returns all fields of the showtime's meta. */
export const metaOf = (test: TestStore, showtime: OpenShowtime): Promise<Record<string, string>> =>
	test.redis.hgetall(showtimeKeys(showtime.id).meta);

/** Returns the number of entries in the outbox of the showtime's bucket. */
export const depthOf = (test: TestStore, showtime: OpenShowtime): Promise<number> =>
	test.redis.xlen(bucketKeys(bucketOf(showtime.id)).outbox);

/** Reads the latest event of the showtime's bucket and its schema, and checks that meta names its entry as the showtime's last. */
export async function lastEntry(test: TestStore, showtime: OpenShowtime): Promise<{ event: ShowtimeEvent; raw: Record<string, string> }> {
	const entry = (await test.store.readBatch(bucketOf(showtime.id), { afterEntryId: null, limit: 500 })).at(-1);
	if (!entry?.event || !("blockedSeats" in entry.event)) throw new Error("the last entry is not a showtime event with blocked seats");
	expect((await metaOf(test, showtime)).entry).toBe(entry.entryId);
	expect(entry.epoch).toBe(1);
	return { event: entry.event, raw: entry.raw };
}

/** As `lastEntry`; returns the event alone. */
export const lastEvent = async (test: TestStore, showtime: OpenShowtime): Promise<ShowtimeEvent> => (await lastEntry(test, showtime)).event;

/** Returns the fields of an event that no staff made about a showtime as it was installed. */
export const eventFieldsOf = ({ id, planId: _, seatCount: _count, summary: _summary, ...showtime }: OpenShowtime) => ({
	showtimeId: id,
	...showtime,
	blockedSeats: [],
	command: null,
	movedFrom: null,
});

/** Returns a command of staff. */
export const staffCommand = (reason: string | null = null): StaffCommand => ({ actor: newUserId(), requestId: "request-1", reason });

/** Reasons whose characters Redis, JSON or SQL could damage, and the longest one that is accepted. */
export const ODD_REASONS = [
	'it\'s "odd", \\ and %s {1}',
	"two\nlines\r\n\tand a tab",
	"\u{1F39F}\uFE0F é ß 日本 \u202E \u2028",
	"\u0001\u001F\u007F",
	"\u{1F39F}".repeat(500),
];
