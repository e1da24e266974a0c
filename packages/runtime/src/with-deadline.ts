/** What stands in for the answer until the deadline decides. */
const LATE = Symbol("late");

/**
 * Wait for `work` for at most `deadlineMs`. Gives what the work gives or throws what it throws; at the deadline gives what
 * `whenLate` gives, or throws what that throws. The work itself goes on, and its later result or failure is ignored.
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
