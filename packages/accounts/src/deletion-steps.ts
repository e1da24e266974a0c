/** The named steps of an account's deletion, and the error that is thrown when a step fails. */
import { DatabaseOutcomeUnknown } from "@holdfast/database";
import { describeFault } from "./describe-fault.ts";

/**
 * The steps in order. `recheck_bookings` and `release_holds` alternate until the user has no live hold. `restore_sign_in` runs only if the
 * account is kept after its sign-in was denied.
 */
export const DELETION_STEPS = [
	"find_account",
	"check_bookings",
	"deny_sign_in",
	"deny_tokens",
	"end_sessions",
	"wait",
	"recheck_bookings",
	"release_holds",
	"anonymise",
	"restore_sign_in",
] as const;
/** One of `DELETION_STEPS`. */
export type DeletionStep = (typeof DELETION_STEPS)[number];

/**
 * Thrown when `step` failed, for example because a store is unreachable. `hasBegun` false: nothing was changed. True: the sign-in to
 * the account is blocked, and calling `deleteAccount` again finishes the deletion. The message is for the operator.
 */
export class DeletionInterrupted extends Error {
	override readonly name = "DeletionInterrupted";
	readonly step: DeletionStep;
	readonly hasBegun: boolean;
	constructor(step: DeletionStep, hasBegun: boolean, cause: unknown) {
		const rest = hasBegun
			? `The account is not deleted yet, but its sign-in is blocked. Run the command again to finish. (Stopped at: ${step})`
			: "Nothing was changed.";
		super(`${describeFault(cause)} ${rest}`, { cause });
		this.step = step;
		this.hasBegun = hasBegun;
	}
}

/** Runs the steps one after the other. */
export type StepRunner = {
	/** Returns the result of `work`. Throws `DeletionInterrupted` if `work` throws. */
	run<T>(step: DeletionStep, work: () => Promise<T>): Promise<T>;
};

/** Creates a runner. `beforeStep` is called before each step; an error that it throws is not wrapped: tests simulate a crash with it. */
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
