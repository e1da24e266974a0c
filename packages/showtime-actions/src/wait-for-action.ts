/** Waits until the ledger has what the seat store has answered, so that a request can be answered with the result. */
import { setTimeout } from "node:timers/promises";
import { type ActionOutcome, type ArchiveResult, concludeArchive, findArchiveResult, finishIfSettled } from "@holdfast/database";
import type { MovieId } from "@holdfast/domain";
import type { ActionDeps } from "./action-deps.ts";

/** How long a request waits for the ledger. Settling takes some tenths of a second; it takes longer while Postgres is slow. */
export const RECORDED_WAIT_MS = 5_000;
const ASK_EVERY_MS = 100;

/** `recorded`: the action is finished, with this result. `not_recorded`: the seat store has it, and the ledger does not have it yet. */
export type WaitOutcome = { readonly outcome: "recorded"; readonly result: ActionOutcome } | { readonly outcome: "not_recorded" };

/** Waits for an action that the seat store has answered, `waitMs` at most. */
export async function waitForAction(
	{ database }: Pick<ActionDeps, "database">,
	id: string,
	waitMs = RECORDED_WAIT_MS,
): Promise<WaitOutcome> {
	const result = await poll(waitMs, () => finishIfSettled(database, id));
	return result === null ? { outcome: "not_recorded" } : { outcome: "recorded", result };
}

/** Waits for an archive whose showtimes the seat store has cancelled, `waitMs` at most, and returns what became of it. */
export async function waitForArchive(
	{ database }: Pick<ActionDeps, "database">,
	movieId: MovieId,
	waitMs = RECORDED_WAIT_MS,
): Promise<ArchiveResult> {
	const pending: ArchiveResult = { outcome: "pending" };
	const ask = async (): Promise<ArchiveResult | null> => {
		await concludeArchive(database, movieId);
		const result = await findArchiveResult(database, movieId);
		return result.outcome === "pending" ? null : result;
	};
	return (await poll(waitMs, ask)) ?? pending;
}

/** Asks until there is an answer or the time is over, and then once more. */
async function poll<Answer>(waitMs: number, ask: () => Promise<Answer | null>): Promise<Answer | null> {
	for (const endsAt = performance.now() + waitMs; ; ) {
		const answer = await ask();
		if (answer !== null || performance.now() >= endsAt) return answer;
		await setTimeout(ASK_EVERY_MS);
	}
}
