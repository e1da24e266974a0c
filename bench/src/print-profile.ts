/** Prints CPU profiles of the processes under load: the self time by function and by package. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

const LINES_MAX = 30;
/** A profile with fewer samples is skipped: the process was nearly idle, as the primary process of the workers is. */
const BUSY_SAMPLES_MIN = 500;

type Frame = { readonly functionName: string; readonly url: string; readonly lineNumber: number };
type Profile = { readonly nodes: readonly { readonly id: number; readonly callFrame: Frame }[]; readonly samples: readonly number[] };

/** Prints two tables per process, busiest first, from the `.cpuprofile` files in the folder. */
export function printProfiles(folder: string): void {
	for (const file of readdirSync(folder).filter((name) => name.endsWith(".cpuprofile"))) {
		const profile: Profile = JSON.parse(readFileSync(join(folder, file), "utf8"));
		const frames = new Map(profile.nodes.map(({ id, callFrame }) => [id, callFrame]));
		const busy = profile.samples.flatMap((id) => frames.get(id) ?? []).filter(({ functionName }) => functionName !== "(idle)");
		if (busy.length < BUSY_SAMPLES_MIN) continue;
		console.log(`\n${file}: ${busy.length} busy samples of ${profile.samples.length}`);
		printShares("function", busy, (frame) => `${frame.functionName || "(anonymous)"}  ${placeOf(frame.url)}:${frame.lineNumber + 1}`);
		printShares("package", busy, (frame) => packageOf(frame));
	}
}

function printShares(title: string, frames: readonly Frame[], nameOf: (frame: Frame) => string): void {
	const counts = new Map<string, number>();
	for (const frame of frames) counts.set(nameOf(frame), (counts.get(nameOf(frame)) ?? 0) + 1);
	const ordered = [...counts].sort(([, a], [, b]) => b - a).slice(0, LINES_MAX);
	console.log(`  self time by ${title}`);
	for (const [name, count] of ordered) console.log(`  ${((count / frames.length) * 100).toFixed(1).padStart(5)} %  ${name}`);
}

const placeOf = (url: string): string => url.replace(/^.*node_modules\//, "").replace(/^file:.*\/(?=(apps|packages)\/)/, "");

function packageOf({ url, functionName }: Frame): string {
	if (url === "") return functionName.startsWith("(") ? functionName : "native code";
	if (url.startsWith("node:")) return url.split("/")[0] ?? url;
	return /^((@[^/]+\/)?[^/]+)/.exec(placeOf(url))?.[1] ?? url;
}

/** Prints the Redis commands by total time. Redis counts commands inside scripts under their own names as well. */
export function printCommands(commands: readonly { command: string; calls: number; microsPerCall: number }[]): void {
	console.log("\nRedis commandstats by total time (the time of a script includes its commands)");
	const ordered = [...commands].sort((a, b) => b.calls * b.microsPerCall - a.calls * a.microsPerCall);
	for (const { command, calls, microsPerCall } of ordered.slice(0, LINES_MAX)) {
		console.log(
			`  ${((calls * microsPerCall) / 1000).toFixed(0).padStart(8)} ms  ${String(calls).padStart(9)} calls  ${microsPerCall.toFixed(2).padStart(7)} us each  ${command}`,
		);
	}
}
