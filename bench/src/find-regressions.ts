/** The rule that decides whether a change costs more processor time: the medians and spreads of alternating runs, and a limit. */
import { median } from "./report.ts";

/** The result of one run: microseconds per request, by request and role, such as `hold api`. */
export type Sample = ReadonlyMap<string, number>;

/** One figure over the runs of one side. */
export type RunsOfFigure = {
	readonly median: number;
	/** The lowest run. Other work on the machine only adds to a run, so this is the least disturbed one. */
	readonly lowest: number;
	/** The highest run minus the lowest run. */
	readonly spread: number;
};

/** One figure of both sides. */
export type ComparedFigure = { readonly name: string; readonly base: RunsOfFigure; readonly head: RunsOfFigure };

/** A median may exceed the median of the base by this share. */
export const RISE_MAX = 0.03;
/** Figures below this are noise of roles that do no work for the request. */
const WORTH_JUDGING_MICROS = 1;

/** Returns one figure for each name that both sides measured, and for the total of all roles of each request. */
export function sumUp(base: readonly Sample[], head: readonly Sample[]): ComparedFigure[] {
	const [withTotals, headWithTotals] = [base.map(addTotals), head.map(addTotals)];
	const names = [...(withTotals[0]?.keys() ?? [])].filter((name) => headWithTotals[0]?.has(name) && !name.endsWith(" floor"));
	return names
		.map((name) => ({ name, base: describeRuns(withTotals, name), head: describeRuns(headWithTotals, name) }))
		.filter(({ base: before, head: after }) => Math.max(before.median, after.median) >= WORTH_JUDGING_MICROS);
}

/**
 * Returns one line for each total that rose by more than `RISE_MAX` or by more than the larger spread. Totals of the floor server
 * are ignored.
 */
export function findRegressions(figures: readonly ComparedFigure[]): string[] {
	return figures
		.filter(({ name }) => name.endsWith(" total") && !name.includes("floor"))
		.flatMap(({ name, base, head }) => {
			const rise = head.median - base.median;
			if (rise > base.median * RISE_MAX)
				return [`${name} rose by ${((rise / base.median) * 100).toFixed(1)} %, more than ${RISE_MAX * 100} %`];
			if (rise > Math.max(base.spread, head.spread)) return [`${name} rose by ${rise.toFixed(1)} us, more than the larger spread`];
			return [];
		});
}

/** Adds the totals to a sample: `hold total` is the sum of `hold api`, `hold redis` and all other roles of `hold`. */
export function addTotals(sample: Sample): Sample {
	const totals = new Map<string, number>();
	for (const [name, value] of sample) {
		const request = name.slice(0, name.lastIndexOf(" "));
		totals.set(`${request} total`, (totals.get(`${request} total`) ?? 0) + value);
	}
	return new Map([...sample, ...totals]);
}

function describeRuns(samples: readonly Sample[], name: string): RunsOfFigure {
	const values = samples.map((sample) => sample.get(name) ?? Number.NaN);
	const lowest = Math.min(...values);
	return { median: median(values), lowest, spread: Math.max(...values) - lowest };
}
