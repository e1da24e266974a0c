/**
 * Whether this checkout costs more processor time than another one: both run the same bench alternately in one session, so that
 * whatever else the machine does meets both. Rates are not compared; they depend on the load generator.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { findRegressions, type Sample, sumUp } from "./judge-comparison.ts";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const FIGURES_FILE = ".data-bench/figures.json";
const SCENARIO = ["spread", "--rounds", "1", "--figures", FIGURES_FILE];

/** `base` is the folder of another checkout, with its dependencies installed. Gives a line for every figure that rose. */
export async function compareCheckouts(base: string, runs: number): Promise<string[]> {
	if (!existsSync(join(base, "scripts/run.mjs"))) throw new Error(`--base ${base}: not a checkout of this project`);
	const samples: { base: Sample[]; head: Sample[] } = { base: [], head: [] };
	for (let run = 0; run < runs; run += 1) {
		// Who goes first changes, so that a machine that slows down favours neither.
		for (const side of run % 2 === 0 ? (["base", "head"] as const) : (["head", "base"] as const)) {
			samples[side].push(await runBench(side === "base" ? base : ROOT));
			console.log(`run ${run + 1} of ${runs}: ${side} done`);
		}
	}
	const figures = sumUp(samples.base, samples.head);
	for (const { name, baseMedian, headMedian, baseSpread, headSpread } of figures) {
		console.log(
			`  ${name.padEnd(24)} base ${baseMedian.toFixed(1)} (spread ${baseSpread.toFixed(1)})  head ${headMedian.toFixed(1)} (spread ${headSpread.toFixed(1)})  ${(headMedian - baseMedian >= 0 ? "+" : "") + (headMedian - baseMedian).toFixed(1)} us a request`,
		);
	}
	return findRegressions(figures);
}

async function runBench(root: string): Promise<Sample> {
	const child = spawn(process.execPath, ["scripts/run.mjs", "bench", ...SCENARIO], { cwd: root, stdio: ["ignore", "pipe", "inherit"] });
	let printed = "";
	child.stdout.on("data", (chunk: Buffer) => {
		printed += chunk.toString();
	});
	const [code] = await once(child, "close");
	if (code !== 0) throw new Error(`the bench in ${root} failed:\n${printed}`);
	return readSample(JSON.parse(readFileSync(join(root, FIGURES_FILE), "utf8")));
}

/** Each file holds one round. */
function readSample(figures: Record<string, number[]>): Sample {
	return new Map(Object.entries(figures).map(([name, [value = Number.NaN]]) => [name, value]));
}
