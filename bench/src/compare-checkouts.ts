/**
 * Compares the processor time of this checkout with that of another one. Both keep a stack running and measure alternately, one short
 * round each, so that other work on the machine affects both: on a shared machine the same code may cost 30 % more a minute later.
 * Request rates are not compared, because they depend on the load generator.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { addTotals, findRegressions, type RunsOfFigure, type Sample, sumUp } from "./find-regressions.ts";
import { type Figures, readTurn } from "./take-turns.ts";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
/** About 15 s per round: 17,280 holds and as many confirms. */
const SCENARIO = ["spread", "--showtimes", "90", "--in-turns"];

/**
 * Measures `runs` rounds in both checkouts and prints every figure. `base` is the folder of the other checkout, with its dependencies
 * installed. Resolves to a line for every figure that rose by too much; an empty list means no regression.
 */
export async function compareCheckouts(base: string, runs: number): Promise<string[]> {
	if (!existsSync(join(base, "scripts/run.mjs")))
		throw new Error(`--base ${base} is not a checkout of this project. Nothing was measured.`);
	const benches = { base: startBench(base, runs), head: startBench(ROOT, runs) };
	const samples: { base: Sample[]; head: Sample[] } = { base: [], head: [] };
	try {
		for (let run = 0; run < runs; run += 1) {
			// The order alternates, so that a machine that slows down favours neither side.
			for (const side of run % 2 === 0 ? (["base", "head"] as const) : (["head", "base"] as const)) {
				const sample = await benches[side].takeTurn();
				samples[side].push(sample);
				console.log(`run ${run + 1} of ${runs}: ${side}  ${printTotals(sample)}`);
			}
		}
	} finally {
		await Promise.all([benches.base.stop(), benches.head.stop()]);
	}
	const figures = sumUp(samples.base, samples.head);
	for (const { name, base: before, head } of figures) {
		const rise = head.median - before.median;
		console.log(
			`  ${name.padEnd(24)} base ${print(before)}  head ${print(head)}  ${rise >= 0 ? "+" : ""}${rise.toFixed(1)} us per request`,
		);
	}
	return findRegressions(figures);
}

const print = ({ median, lowest, spread }: RunsOfFigure): string =>
	`${median.toFixed(1)} (lowest ${lowest.toFixed(1)}, spread ${spread.toFixed(1)})`;

/** Formats the totals of one run, so that an outlier can be seen: medians and spreads do not show outliers. */
function printTotals(sample: Sample): string {
	const totals = [...addTotals(sample)].filter(([name]) => name.endsWith(" total"));
	return totals.map(([name, microseconds]) => `${name} ${microseconds.toFixed(1)}`).join("  ");
}

function startBench(root: string, rounds: number) {
	const args = ["scripts/run.mjs", "bench", ...SCENARIO, "--rounds", String(rounds)];
	const child = spawn(process.execPath, args, { cwd: root, stdio: ["pipe", "pipe", "inherit"] });
	const ended = once(child, "close");
	const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
	const printed: string[] = [];
	return {
		async takeTurn(): Promise<Sample> {
			child.stdin.write("\n");
			for (;;) {
				const { done, value } = await lines.next();
				if (done === true) throw new Error(`the bench in ${root} failed:\n${printed.join("\n")}`);
				const figures = readTurn(value);
				if (figures !== null) return readSample(figures);
				printed.push(value);
			}
		},
		stop: () => stopBench(child, ended),
	};
}

/** Resolves when the bench has exited, which it does after its last round and its proof. */
async function stopBench(child: ChildProcess, ended: Promise<unknown>): Promise<void> {
	child.stdin?.end();
	child.stdout?.resume();
	await ended;
}

/** Returns the figures of the latest round. */
function readSample(figures: Figures): Sample {
	return new Map(Object.entries(figures).map(([name, rounds]) => [name, rounds.at(-1) ?? Number.NaN]));
}
