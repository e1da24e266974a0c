/**
 * `npm run build`: type-checks every package and writes the generated files. Node runs TypeScript directly, so nothing is compiled.
 * Arguments go to turbo.
 */
import { exitWith, runForeground } from "@holdfast/local-stack";

/** Runs before the type check, because the types of the seat store depend on the generated file. */
const WRITE_SIGNATURES = "packages/seat-store/src/bin/write-signatures.ts";

await exitWith(
	async () =>
		(await runForeground(process.execPath, [WRITE_SIGNATURES])) ||
		(await runForeground("turbo", ["run", "typecheck", "build", ...process.argv.slice(2)])),
);
