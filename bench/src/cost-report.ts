/**
 * Collects what requests cost in processor time, prints it beside the floor's of the same run, and writes the same figures to a
 * file for `compare`.
 */
import { writeFileSync } from "node:fs";
import { type ProcessorTime, ROLES, type Role, spentBetween } from "./processor-time.ts";
import { median } from "./report.ts";

/** A reading is short of up to a tick of 10 ms for each process: two readings of two processes, in microseconds. */
const READING_ERROR = 40_000;
/** A figure is printed without its error when that is below this, in microseconds. */
const ERROR_WORTH_PRINTING = 1;

export type CostReport = {
	/**
	 * Runs `work` and divides what every process spent meanwhile by the answers that it reports. Measures nothing when the processes
	 * are not the bench's own.
	 */
	measure<T extends { readonly answers: number }>(name: string, work: () => Promise<T>): Promise<T>;
	/** Prints the median of the rounds for every name, and the rounds beside it. */
	print(): void;
	/** Microseconds per request and round, by `name role`. */
	figures(): Record<string, number[]>;
	/** Writes `figures` as JSON. */
	write(file: string): void;
};

type Round = { readonly spent: ProcessorTime; readonly requests: number };

/** `readTime` is null when the processes were not started by the bench. */
export function createCostReport(readTime: (() => ProcessorTime) | null): CostReport {
	const rounds = new Map<string, Round[]>();

	function figures(): Record<string, number[]> {
		const all: Record<string, number[]> = {};
		for (const [name, list] of rounds)
			for (const role of ROLES) all[`${name} ${role}`] = list.map(({ spent, requests }) => spent[role] / requests);
		return all;
	}

	return {
		async measure(name, work) {
			if (readTime === null) return work();
			const before = readTime();
			const result = await work();
			const spent = spentBetween(before, readTime());
			rounds.set(name, [...(rounds.get(name) ?? []), { spent, requests: result.answers }]);
			return result;
		},
		print() {
			if (readTime === null) {
				console.log("  processor time   only of a stack that the bench starts itself: leave --url out");
				return;
			}
			for (const [name, list] of rounds) {
				const cells = ROLES.map((role) =>
					cellOf(
						role,
						list.map(({ spent, requests }) => spent[role] / requests),
					),
				);
				const requests = median(list.map((round) => round.requests));
				const error = READING_ERROR / requests;
				const unit = `us a request${error < ERROR_WORTH_PRINTING ? "" : ` to within ${error.toFixed(0)}`}, ${requests} requests a round`;
				console.log(`  processor time   ${name.padEnd(14)} ${cells.filter(Boolean).join("  ")}  (${unit})`);
			}
		},
		figures,
		write(file) {
			writeFileSync(file, `${JSON.stringify(figures(), null, "\t")}\n`);
		},
	};
}

/** Empty where a role had no part in it: less than half a microsecond a request. */
function cellOf(role: Role, rounds: readonly number[]): string {
	const middle = median(rounds);
	if (middle < 0.5) return "";
	const range = rounds.length > 1 ? ` (${Math.min(...rounds).toFixed(1)}..${Math.max(...rounds).toFixed(1)})` : "";
	return `${role} ${middle.toFixed(1)}${range}`;
}
