/** The sweeper's side of the outbox: wait for entries, read a batch, delete what the ledger has settled, and measure what is waiting. */
import { type BookingId, type OutboxEntry, RECORD_TTL_MS } from "@holdfast/domain";
import { across, block, durable, type Lanes, read, write } from "../command.ts";
import { defineScript, runScript } from "../define-script.ts";
import { SeatStoreFault } from "../fault.ts";
import { bookingKey, bucketKeys } from "../keys.ts";
import { parseEvent } from "../parse-event.ts";
import { atBucket, WHOLE_STORE } from "../place.ts";
import { readFields, readInteger, readList, readText } from "../reply.ts";
import { readNow } from "./ask-server.ts";

/** The script behind `readBatch`. */
export const readBatchScript = defineScript("read-batch");
/** The script behind `ackBatch`. */
export const ackBatchScript = defineScript("ack-batch");

/**
 * The oldest `limit` entries of a bucket's outbox after `afterEntryId` (null: from the start), each with the epoch of its showtime. One
 * script reads entries and epochs together, so that they belong to one moment.
 */
export const readBatch = read({
	place: (bucket: number, _options: { afterEntryId: string | null; limit: number }) => atBucket(bucket),
	async run(redis, _context, bucket, { afterEntryId, limit }): Promise<OutboxEntry[]> {
		const start = afterEntryId === null ? "-" : `(${afterEntryId}`;
		const { rest } = await runScript(redis, readBatchScript, { keys: bucketKeys(bucket), args: { start, limit } });
		const epochOf = readList(rest[1]);
		return readList(rest[0]).map((entry, i) => {
			const [entryId, flat] = readList(entry);
			const raw = readFields(flat);
			return { entryId: readText(entryId), epoch: readEpoch(epochOf[i]), event: parseEvent(raw), raw };
		});
	},
});

/** Reads an unreadable epoch as 0: the entries of that one showtime stay unsettled, and the entries of all others are settled. */
const readEpoch = (value: unknown): number => (typeof value === "string" && /^\d{1,15}$/.test(value) ? Number(value) : 0);

/** Appends the unchanged fields of a dead letter to the bucket's outbox again. Each call appends one entry. */
export const requeueEntry = durable({
	place: (bucket: number, _raw: Readonly<Record<string, string>>) => atBucket(bucket),
	run: async (redis, _context, bucket, raw) => void (await redis.xadd(bucketKeys(bucket).outbox, "*", ...Object.entries(raw).flat())),
	hasWritten: () => true,
});

/** An entry that the ledger has settled, and the version it has recorded for the booking. `booking` is null for a showtime event. */
type SettledEntry = { readonly entryId: string; readonly booking: { readonly id: BookingId; readonly version: number } | null };

/**
 * Deletes settled entries from the outbox, and marks each named booking as recorded if its record still has that version. A recorded
 * booking's record expires after `RECORD_TTL_MS`. Call only after the ledger's COMMIT. Safe to repeat.
 */
export const ackBatch = write({
	place: (bucket: number, _entries: readonly SettledEntry[]) => atBucket(bucket),
	async run(redis, _context, bucket, entries) {
		if (entries.length === 0) return;
		const bookings = entries.flatMap(({ booking }) => booking ?? []);
		const settled = [...bookings.map(({ version }) => version), ...entries.map(({ entryId }) => entryId)];
		await runScript(redis, ackBatchScript, {
			keys: { ...bucketKeys(bucket), bookings: bookings.map(({ id }) => bookingKey(id)) },
			args: { recordTtlMs: RECORD_TTL_MS, bookingCount: bookings.length, settled },
		});
	},
});

/**
 * Waits until at least one outbox has an entry. Resolves to the buckets whose outboxes have entries, or to [] after `timeoutMs`.
 * Limit: one XREAD names the streams of all buckets, which only a single server can answer. On a cluster the streams lie in several
 * slots, so a cluster would need one XREAD per server.
 */
export const waitForEntries = block({
	place: (_options: { timeoutMs: number }) => WHOLE_STORE,
	timeoutMs: ({ timeoutMs }) => timeoutMs,
	async run(redis, { buckets }, { timeoutMs }): Promise<number[]> {
		const keys = buckets.map((bucket) => bucketKeys(bucket).outbox);
		const reply: unknown = await redis.xread("COUNT", 1, "BLOCK", timeoutMs, "STREAMS", ...keys, ...keys.map(() => "0-0"));
		if (reply === null) return [];
		const names = Array.isArray(reply) ? reply.map((stream) => readList(stream)[0]) : Object.keys(Object(reply));
		return buckets.filter((bucket) => names.includes(bucketKeys(bucket).outbox));
	},
});

/** The number of entries in each bucket's outbox, by bucket. NaN for a bucket whose server does not answer. */
export const outboxDepths = across((lanes) => () => {
	const depthOf = (bucket: number) => lanes.read(atBucket(bucket), (redis) => redis.xlen(bucketKeys(bucket).outbox));
	return Promise.all(lanes.buckets.map((bucket) => orNaN(depthOf(bucket))));
});

/**
 * The age of the oldest entry in each bucket's outbox, by bucket, in ms of the clock of the bucket's server. 0 when the outbox is empty, NaN
 * when the server does not answer. Dead letters do not count: they are no longer in the outbox.
 */
export const outboxAgesMs = across((lanes) => () => readAgesMs(lanes));

/** The highest of `outboxAgesMs`; NaN when the server of a bucket does not answer. */
export const settleLagMs = across((lanes) => async () => Math.max(0, ...(await readAgesMs(lanes))));

function readAgesMs(lanes: Lanes): Promise<number[]> {
	const ageOf = (bucket: number) =>
		lanes.read(atBucket(bucket), async (redis) => {
			const [[oldest], nowMs] = await Promise.all([redis.xrange(bucketKeys(bucket).outbox, "-", "+", "COUNT", 1), readNow(redis)]);
			// The first part of an entry id is the time at which Redis added the entry, epoch ms. A clock that steps back makes no age negative.
			return oldest === undefined ? 0 : Math.max(0, nowMs - readInteger(oldest[0].split("-")[0]));
		});
	return Promise.all(lanes.buckets.map((bucket) => orNaN(ageOf(bucket))));
}

/** Resolves to NaN instead of rejecting when the seat store does not answer. */
async function orNaN(value: Promise<number>): Promise<number> {
	try {
		return await value;
	} catch (error) {
		if (error instanceof SeatStoreFault) return Number.NaN;
		throw error;
	}
}
