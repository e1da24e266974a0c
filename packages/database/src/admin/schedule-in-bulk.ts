/** Schedules many showtimes with one command, at most once per `Idempotency-Key`. */
import { createHash, randomUUID } from "node:crypto";
import type { StaffCommand } from "@holdfast/domain";
import { and, eq, lt, sql } from "drizzle-orm";
import type { Database, Queries } from "../create-database.ts";
import { writeTo } from "../run-queries.ts";
import { showtimeBatches } from "../schema/index.ts";
import { recordAudit } from "./record-audit.ts";
import { type JudgedStart, type ScheduleRefusal, type ScheduleShowtimes, scheduleShowtimes } from "./schedule-showtimes.ts";
import { STAFF_DEADLINE_MS } from "./staff-deadline.ts";

/** How long a repeat of a bulk command gets the first answer. */
export const BATCH_TTL_HOURS = 24;

/** The answer that is kept for repeats. `batchId`: the target of the command's audit row; null if nothing was scheduled. */
export type BatchAnswer = { readonly batchId: string | null; readonly starts: readonly JudgedStart[] };

/** A bulk command. */
export type BulkRequest = ScheduleShowtimes & {
	/** Null: a repeat schedules again. */
	readonly idempotencyKey: string | null;
	/** The body as it was sent, to recognise another request under the same key. */
	readonly body: unknown;
};

/** `replayed`: this key has scheduled before, with the same body; nothing was done now. `idempotency_mismatch`: with another body. */
export type BulkOutcome =
	| { readonly outcome: "scheduled" | "replayed"; readonly answer: BatchAnswer }
	| { readonly outcome: "judged"; readonly starts: readonly JudgedStart[] }
	| { readonly outcome: "idempotency_mismatch" }
	| ScheduleRefusal;

/** Schedules the showtimes in one transaction, with one audit row for each and, unless all were left out, one for the command. */
export function scheduleInBulk(database: Database, request: BulkRequest, command: StaffCommand): Promise<BulkOutcome> {
	const run = (queries: Queries) =>
		queries.transaction(async (tx): Promise<BulkOutcome> => {
			const requestHash = createHash("sha256").update(JSON.stringify(request.body)).digest("hex");
			const earlier = await findEarlier(tx, request, command);
			if (earlier !== undefined && earlier.requestHash !== requestHash) return { outcome: "idempotency_mismatch" };
			if (earlier !== undefined) return { outcome: "replayed", answer: earlier.answer as BatchAnswer };
			const result = await scheduleShowtimes(tx, request, command);
			if (result.outcome !== "scheduled") return result;
			return { outcome: "scheduled", answer: await keepAnswer(tx, { request, requestHash, starts: result.starts }, command) };
		});
	return writeTo(database, "administration", run, STAFF_DEADLINE_MS);
}

/** Finds what this key did before. Of two concurrent commands with one key, the second waits for the first. */
async function findEarlier(tx: Queries, { idempotencyKey, isDryRun }: BulkRequest, { actor }: StaffCommand) {
	if (idempotencyKey === null || isDryRun) return undefined;
	await tx.execute(sql`select pg_advisory_xact_lock(hashtextextended(${`${actor} ${idempotencyKey}`}, 0))`);
	const [earlier] = await tx
		.select({ requestHash: showtimeBatches.requestHash, answer: showtimeBatches.answer })
		.from(showtimeBatches)
		.where(and(eq(showtimeBatches.actor, actor), eq(showtimeBatches.idempotencyKey, idempotencyKey)));
	return earlier;
}

type Scheduled = { readonly request: BulkRequest; readonly requestHash: string; readonly starts: readonly JudgedStart[] };

async function keepAnswer(tx: Queries, { request, requestHash, starts }: Scheduled, command: StaffCommand): Promise<BatchAnswer> {
	const { idempotencyKey, movieId, auditoriumId } = request;
	const id = randomUUID();
	const scheduled = starts.filter(({ outcome }) => outcome === "scheduled").length;
	const answer: BatchAnswer = { batchId: scheduled > 0 ? id : null, starts };
	await tx.delete(showtimeBatches).where(lt(showtimeBatches.createdAt, sql`now() - make_interval(hours => ${BATCH_TTL_HOURS})`));
	await tx.insert(showtimeBatches).values({ id, actor: command.actor, idempotencyKey, requestHash, answer });
	if (scheduled === 0) return answer;
	const after = { movieId, auditoriumId, scheduled, of: starts.length };
	await recordAudit(tx, command, [{ action: "batch.scheduled", target: { type: "batch", id }, before: null, after }]);
	return answer;
}
