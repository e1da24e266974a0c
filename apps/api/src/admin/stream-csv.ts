/**
 * Streams bookings as CSV, page by page, as fast as the client reads. The memory that a stream needs does not depend on the number of its
 * rows. A failure breaks the connection, so that half a file never passes for a whole one.
 */
import { Readable } from "node:stream";
import { setImmediate as nextTurn } from "node:timers/promises";
import { assert } from "@holdfast/runtime";
import type { FastifyReply } from "fastify";
import type { ListOutcome, ReadBookings } from "./listed-booking.ts";
import { type CsvRows, writeCsvHeader, writeCsvRows } from "./write-bookings-csv.ts";

/** Streams of one process at the same time. Each uses one of the three connections of `administration`, so one is left for all else. */
export const CSV_STREAMS_MAX = 2;
/** When a client that found no place may ask again: a file of 100,000 bookings takes some ten seconds. */
export const CSV_RETRY_AFTER_S = 5;
/** Bookings that are read at once. */
export const CSV_PAGE_ROWS = 1_000;
/** Bookings that are written before other requests get their turn: some two milliseconds' work. */
const SLICE_ROWS = 100;

type BookingPage = Extract<ListOutcome, { readonly outcome: "page" }>;

/** The streams of one process. */
export type CsvStreams = {
	/** Takes a place until the connection of this answer ends. False: all places are taken. */
	acquire(reply: FastifyReply): boolean;
};

/** Returns the places of a process, all of them free. */
export function createCsvStreams(): CsvStreams {
	let running = 0;
	return {
		acquire(reply) {
			if (running >= CSV_STREAMS_MAX) return false;
			// If the client disconnected in the meantime, no `close` event will follow.
			if (reply.raw.destroyed || reply.request.raw.socket.destroyed) return true;
			running += 1;
			reply.raw.once("close", () => {
				running -= 1;
			});
			return true;
		},
	};
}

/**
 * Returns the text of the file as a stream, for `reply.send`. `first` is the first page, which was read before the answer begins: until
 * then a failure gets an answer of its own.
 */
export function openCsvStream(reply: FastifyReply, first: BookingPage, { read, rows }: { read: ReadBookings; rows: CsvRows }): Readable {
	async function* write(): AsyncGenerator<string> {
		try {
			yield* writeCsvPages(first, read, rows);
		} catch (error) {
			reply.outcome = "internal";
			reply.fault = error;
			// A reset: to an HTTP/1.0 client, whose answer has no chunks, an orderly close would be the end of the file.
			reply.raw.socket?.resetAndDestroy();
			throw error;
		}
	}
	return Readable.from(write());
}

/** Writes the rows of the first page and of all pages after it, as they are asked for. */
export async function* writeCsvPages(first: BookingPage, read: ReadBookings, rows: CsvRows): AsyncGenerator<string> {
	yield writeCsvHeader(rows);
	for (let page: BookingPage | null = first; page !== null; page = await readAfter(page, read)) {
		for (let at = 0; at < page.items.length; at += SLICE_ROWS) {
			yield writeCsvRows(page.items.slice(at, at + SLICE_ROWS), rows);
			await nextTurn();
		}
	}
}

async function readAfter({ nextCursor }: BookingPage, read: ReadBookings): Promise<BookingPage | null> {
	if (nextCursor === null) return null;
	const page = await read({ limit: CSV_PAGE_ROWS, cursor: nextCursor });
	assert(page.outcome === "page", "the cursor of a page was refused");
	assertReadable(page);
	return page;
}

/** Throws if bookings of the page cannot be read: a file without them would not be whole. */
export function assertReadable({ unreadable }: BookingPage): void {
	const [first] = unreadable;
	if (first !== undefined) throw first.error;
}
