/** Prints figures: successes, refusals and faults apart, and each figure as a ratio to the floor of the same run. */
import { cpus, release } from "node:os";
import type { LoadSummary } from "./load/run-load.ts";

/** Machine and versions: a figure without them means nothing. */
export function describeMachine(): string {
	const [cpu] = cpus();
	return `${cpus().length} cores (${cpu?.model.trim() ?? "unknown"}), Linux ${release()}, Node ${process.version}; the load generators share the cores`;
}

export function printLoad(name: string, load: LoadSummary): void {
	const codes = Object.entries(load.byCode).map(([code, n]) => `${code} ${n}`);
	console.log(
		[
			`  ${name.padEnd(16)}`,
			`${String(load.answersPerSecond).padStart(7)} answers/s`,
			`p50 ${load.p50Ms.toFixed(1)} ms`,
			`p99 ${load.p99Ms.toFixed(1)} ms`,
			`max ${load.maxMs.toFixed(0)} ms`,
			`ok ${load.ok}`,
			`refused ${load.refused}`,
			`faults ${load.faults}`,
			`(${codes.join(", ")})`,
		].join("  "),
	);
}

/** The middle one: a single slow round on a shared machine must not decide. */
export function median(values: readonly number[]): number {
	const sorted = [...values].sort((a, b) => a - b);
	return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}

export function printRatio(name: string, ours: readonly LoadSummary[], floor: readonly LoadSummary[], target: number): void {
	const ratios = ours.map((load, round) => load.answersPerSecond / (floor[round]?.answersPerSecond ?? Number.NaN));
	const middle = median(ratios);
	const verdict = middle >= target ? "met" : `missed by ${(target - middle).toFixed(2)}`;
	console.log(
		`  ${name}: ${middle.toFixed(2)} of floor (rounds ${ratios.map((ratio) => ratio.toFixed(2)).join(", ")}), target ${target.toFixed(2)}: ${verdict}`,
	);
}
