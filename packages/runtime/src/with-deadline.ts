/** A deadline for work that is under way. */

/** What the timer resolves to. A symbol, because `work` may resolve to any other value. */
const LATE = Symbol("late");

/**
 * Waits for `work` for at most `deadlineMs`. Returns its result or throws its error; at the deadline it calls `whenLate` and returns or
 * throws what that does. The work is not cancelled; its later result or error is ignored.
 */
export async function withDeadline<Result, Late>(work: Promise<Result>, deadlineMs: number, whenLate: () => Late): Promise<Result | Late> {
	let timer: NodeJS.Timeout | undefined;
	const late = new Promise<typeof LATE>((resolve) => {
		timer = setTimeout(() => resolve(LATE), deadlineMs);
	});
	try {
		const first = await Promise.race([work, late]);
		return first === LATE ? whenLate() : first;
	} finally {
		clearTimeout(timer);
	}
}
