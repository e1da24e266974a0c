/**
 * Whether this checkout costs more processor time than another one. Both keep a stack running and take turns, a short round each, so
 * that whatever else the machine does meets both: on a shared machine the same code may cost 30 % more a minute later. Rates are
 * not compared; they depend on the load generator.
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
/** Some 15 s a round: 17,280 holds and as many confirms. */
const SCENARIO = ["spread", "--showtimes", "90", "--in-turns"];

/** `base` is the folder of another checkout, with its dependencies installed. Gives a line for every figure that rose. */
export async function compareCheckouts(base: string, runs: number): Promise<string[]> {
	if (!existsSync(join(base, "scripts/run.mjs"))) throw new Error(`--base ${base}: not a checkout of this project`);
	const benches = { base: startBench(base, runs), head: startBench(ROOT, runs) };
	const samples: { base: Sample[]; head: Sample[] } = { base: [], head: [] };
	try {
		for (let run = 0; run < runs; run += 1) {
			// Who goes first changes, so that a machine that slows down favours neither.
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
		console.log(`  ${name.padEnd(24)} base ${print(before)}  head ${print(head)}  ${rise >= 0 ? "+" : ""}${rise.toFixed(1)} us a request`);
	}
	return findRegressions(figures);
}

const print = ({ median, lowest, spread }: RunsOfFigure): string =>
	`${median.toFixed(1)} (lowest ${lowest.toFixed(1)}, spread ${spread.toFixed(1)})`;

/** An outlier among the runs shows here: medians and spreads do not tell it from noise. */
function printTotals(sample: Sample): string {
	const totals = [...addTotals(sample)].filter(([name]) => name.endsWith(" total"));
	return totals.map(([name, microseconds]) => `${name} ${microseconds.toFixed(1)}`).join("  ");
}

function startBench(root: string, rounds: number) {
	const words = ["scripts/run.mjs", "bench", ...SCENARIO, "--rounds", String(rounds)];
	const child = spawn(process.execPath, words, { cwd: root, stdio: ["pipe", "pipe", "inherit"] });
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

/** After its last turn it ends by itself, once its proof is done. */
async function stopBench(child: ChildProcess, ended: Promise<unknown>): Promise<void> {
	child.stdin?.end();
	child.stdout?.resume();
	await ended;
}

/** The last round. */
function readSample(figures: Figures): Sample {
	return new Map(Object.entries(figures).map(([name, rounds]) => [name, rounds.at(-1) ?? Number.NaN]));
}
