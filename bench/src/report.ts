/** Prints figures of a run: successes, refusals and faults separately, and rates as a ratio to the floor in the same run. */
import { cpus, release } from "node:os";
import type { LoadSummary } from "./load/run-load.ts";

/** Returns the machine and the versions in one line, because a figure means nothing without them. */
export function describeMachine(): string {
	const [cpu] = cpus();
	return `${cpus().length} cores (${cpu?.model.trim() ?? "unknown"}), Linux ${release()}, Node ${process.version}; the load generators run on the same cores`;
}

/** Prints the rate, latencies and counts of a load in one line. */
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

/** Returns the median, so that one slow round on a shared machine does not decide. */
export function median(values: readonly number[]): number {
	const sorted = [...values].sort((a, b) => a - b);
	return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}

/** Prints the median ratio of our rates to those of the floor, round by round, and whether it meets the target. */
export function printRatio(name: string, ours: readonly LoadSummary[], floor: readonly LoadSummary[], target: number): void {
	const ratios = ours.map((load, round) => load.answersPerSecond / (floor[round]?.answersPerSecond ?? Number.NaN));
	const middle = median(ratios);
	const result = middle >= target ? "met" : `missed by ${(target - middle).toFixed(2)}`;
	console.log(
		`  ${name}: ${middle.toFixed(2)} of the floor's rate (rounds ${ratios.map((ratio) => ratio.toFixed(2)).join(", ")}), target ${target.toFixed(2)}: ${result}`,
	);
}
