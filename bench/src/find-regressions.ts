/** The rule by which a change costs "as before": medians of runs made alternately, their spread, and a bound. */
import { median } from "./report.ts";

/** One run: microseconds a request, by what was measured, such as `hold api`. */
export type Sample = ReadonlyMap<string, number>;

/** One figure over the runs of one side. */
export type RunsOfFigure = {
	readonly median: number;
	/** What disturbs a run only adds to it, so the lowest run is the one that was disturbed least. */
	readonly lowest: number;
	/** Largest less smallest of the runs. */
	readonly spread: number;
};

export type ComparedFigure = { readonly name: string; readonly base: RunsOfFigure; readonly head: RunsOfFigure };

/** A median may rise by this share of the base's. */
export const RISE_MAX = 0.03;
/** Roles that take no part in a request have figures that are noise. */
const WORTH_JUDGING_MICROS = 1;

/** One figure for each name that both sides measured, and for each request the total of all roles. */
export function sumUp(base: readonly Sample[], head: readonly Sample[]): ComparedFigure[] {
	const [withTotals, headWithTotals] = [base.map(addTotals), head.map(addTotals)];
	const names = [...(withTotals[0]?.keys() ?? [])].filter((name) => headWithTotals[0]?.has(name) && !name.endsWith(" floor"));
	return names
		.map((name) => ({ name, base: describeRuns(withTotals, name), head: describeRuns(headWithTotals, name) }))
		.filter(({ base: before, head: after }) => Math.max(before.median, after.median) >= WORTH_JUDGING_MICROS);
}

/** One line for each total that rose by more than `RISE_MAX` or by more than the larger spread. Totals of the floor are not judged. */
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

/** `hold total` is the sum of `hold api`, `hold redis` and the others; the floor's process counts only where the floor was asked. */
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
