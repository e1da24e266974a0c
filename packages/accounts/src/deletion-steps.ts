/** The steps of deleting an account, by name, and what is thrown when one of them fails. */
import { DatabaseOutcomeUnknown, isDatabaseUnavailable } from "@holdfast/database";
import { SeatStoreFault } from "@holdfast/seat-store";

/** In their order. `look_again` and `release_holds` alternate until a look finds nothing; the last one is for an account that is kept. */
export const DELETION_STEPS = [
	"find_account",
	"look_for_bookings",
	"deny_sign_in",
	"deny_tokens",
	"end_sessions",
	"wait",
	"look_again",
	"release_holds",
	"anonymise",
	"restore_sign_in",
] as const;
export type DeletionStep = (typeof DELETION_STEPS)[number];

/**
 * A store failed at `step`. `hasBegun` false: nothing was changed. True: nobody signs in to the account any more, and the same call
 * finishes the deletion.
 */
export class DeletionInterrupted extends Error {
	override readonly name = "DeletionInterrupted";
	readonly step: DeletionStep;
	readonly hasBegun: boolean;
	constructor(step: DeletionStep, hasBegun: boolean, cause: unknown) {
		const rest = hasBegun
			? `The account cannot sign in; it is not deleted yet. Run the command again to finish. (Stopped at: ${step})`
			: "Nothing was done.";
		super(`${describe(cause)} ${rest}`, { cause });
		this.step = step;
		this.hasBegun = hasBegun;
	}
}

/** Runs the steps, each once the step before is done. */
export type StepRunner = {
	run<T>(step: DeletionStep, work: () => Promise<T>): Promise<T>;
};

/** `beforeStep` runs before each step; what it throws counts as the end of this process, and passes through. */
export function createStepRunner(beforeStep: ((step: DeletionStep) => Promise<void>) | undefined): StepRunner {
	let hasBegun = false;
	return {
		async run(step, work) {
			await beforeStep?.(step);
			try {
				const result = await work();
				hasBegun ||= step === "deny_sign_in";
				return result;
			} catch (error) {
				const mayHaveBegun = hasBegun || (step === "deny_sign_in" && error instanceof DatabaseOutcomeUnknown);
				throw new DeletionInterrupted(step, mayHaveBegun, error);
			}
		},
	};
}

function describe(error: unknown): string {
	if (error instanceof SeatStoreFault) return `Redis does not answer or refuses writes (${error.message}).`;
	if (error instanceof DatabaseOutcomeUnknown || isDatabaseUnavailable(error)) return "Postgres does not answer or refuses writes.";
	return error instanceof Error ? `${error.message}.` : String(error);
}
