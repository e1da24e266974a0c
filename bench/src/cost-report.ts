/** Measures the processor time of requests, prints it, and writes the figures to a JSON file. */
import { writeFileSync } from "node:fs";
import { type ProcessorTime, ROLES, type Role, spentBetween } from "./processor-time.ts";
import { median } from "./report.ts";

/** A reading can be too low by one tick of 10 ms per process. This is the error of two readings of two processes, in microseconds. */
const READING_ERROR = 40_000;
/** The error of a figure is printed when it is at least this large, in microseconds per request. */
const ERROR_WORTH_PRINTING = 1;

/** A collection of measurements. */
export type CostReport = {
	/**
	 * Runs `work` and divides the processor time that each process used meanwhile by the number of answers. Resolves to the result of
	 * `work`. Measures nothing when the bench did not start the processes.
	 */
	measure<T extends { readonly answers: number }>(name: string, work: () => Promise<T>): Promise<T>;
	/** Prints the median and the range of the rounds for every name. */
	print(): void;
	/** Returns the microseconds per request of each round, by `name role`. */
	figures(): Record<string, number[]>;
	/** Writes the result of `figures` to a file as JSON. */
	write(file: string): void;
};

type Round = { readonly spent: ProcessorTime; readonly requests: number };

/** Returns an empty report. `readTime` is null when the bench did not start the processes. */
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
				console.log("  processor time   not measured: the bench did not start this stack. Omit --url to measure it.");
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
				const unit = `us per request${error < ERROR_WORTH_PRINTING ? "" : `, +/- ${error.toFixed(0)}`}, ${requests} requests per round`;
				console.log(`  processor time   ${name.padEnd(14)} ${cells.filter(Boolean).join("  ")}  (${unit})`);
			}
		},
		figures,
		write(file) {
			writeFileSync(file, `${JSON.stringify(figures(), null, "\t")}\n`);
		},
	};
}

/** Returns an empty text for a role that did no work: less than half a microsecond per request. */
function cellOf(role: Role, rounds: readonly number[]): string {
	const middle = median(rounds);
	if (middle < 0.5) return "";
	const range = rounds.length > 1 ? ` (${Math.min(...rounds).toFixed(1)}..${Math.max(...rounds).toFixed(1)})` : "";
	return `${role} ${middle.toFixed(1)}${range}`;
}
