/** Says for the operator of a command why a step failed. */
import { DatabaseOutcomeUnknown, isDatabaseUnavailable } from "@holdfast/database";
import { SeatStoreFault } from "@holdfast/seat-store";

/** Returns a sentence about the cause, without SQL and without data of users. */
export function describeFault(error: unknown): string {
	if (error instanceof SeatStoreFault) return `Redis is unreachable or refuses writes (${error.message}).`;
	if (error instanceof DatabaseOutcomeUnknown || isDatabaseUnavailable(error)) return "Postgres is unreachable or refuses writes.";
	return error instanceof Error ? `${error.message}.` : String(error);
}

/** Returns the result of `work`, which changes nothing. Throws an error for the operator if `work` throws. */
export async function beforeAnyChange<Result>(work: () => Promise<Result>): Promise<Result> {
	try {
		return await work();
	} catch (error) {
		throw new Error(`${describeFault(error)} Nothing was changed.`, { cause: error });
	}
}
