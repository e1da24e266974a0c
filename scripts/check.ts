/** `npm run check`: runs all static checks of the code. Runs every step even if one fails; exits with the code of the first failure. */
import { runForeground } from "@holdfast/local-stack";

const STEPS: readonly (readonly [name: string, command: string, ...args: string[]])[] = [
	["format and lint", "biome", "check", "--error-on-warnings"],
	["types of the packages", "turbo", "run", "typecheck", "--continue", "--output-logs=errors-only"],
	["types of the root", "tsc", "--noEmit", "--project", "tsconfig.json"],
	["promised replies", process.execPath, "scripts/check-promised-replies.ts"],
	["forbidden imports", process.execPath, "scripts/check-imports.ts"],
	["unused code and dependencies", "knip"],
];

/** A larger exit code means that a signal ended the step, such as Ctrl-C: the remaining steps are skipped. */
const KILLED = 128;

const results: string[] = [];
let firstFailure = 0;
for (const [name, command, ...args] of STEPS) {
	console.log(`\n── ${name}`);
	const startMs = performance.now();
	const code = await runForeground(command, args);
	results.push(`${code === 0 ? "ok    " : "FAILED"}  ${name} (${((performance.now() - startMs) / 1000).toFixed(1)} s)`);
	firstFailure ||= code;
	if (code > KILLED) break;
}
console.log(`\n${results.join("\n")}`);
process.exit(firstFailure);
