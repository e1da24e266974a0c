/** A vitest reporter: after the run it prints the ten test files that took the longest, so that a suite that grows slow shows where. */
import { relative } from "node:path";
import type { Reporter, TestModule } from "vitest/node";

const FILES_SHOWN = 10;
/** A run of a few files is no suite to look at. */
const FILES_MIN = 20;

/** Seconds of a file: its import, its hooks and its tests. */
const secondsOf = (file: TestModule): number => {
	const { collectDuration, setupDuration, duration } = file.diagnostic();
	return (collectDuration + setupDuration + duration) / 1000;
};

export default class ReportSlowestFiles implements Reporter {
	onTestRunEnd(files: readonly TestModule[]): void {
		if (files.length < FILES_MIN) return;
		const seconds = files.reduce((sum, file) => sum + secondsOf(file), 0);
		const slowest = files.toSorted((a, b) => secondsOf(b) - secondsOf(a)).slice(0, FILES_SHOWN);
		const lines = slowest.map(
			(file) => `${secondsOf(file).toFixed(1).padStart(7)} s  ${file.project.name}  ${relative(process.cwd(), file.moduleId)}`,
		);
		console.log(
			`\nThe slowest of ${files.length} test files, which took ${seconds.toFixed(0)} s of the workers' time:\n${lines.join("\n")}`,
		);
	}
}
