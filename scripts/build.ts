/** `npm run build`: type-check every package and write what is generated. Node runs the TypeScript itself: nothing is compiled. */
import { endWith, runForeground } from "@holdfast/local-stack";

/** First, because the types of the seat store follow from it. */
const WRITE_SIGNATURES = "packages/seat-store/src/bin/write-signatures.ts";

await endWith(
	async () =>
		(await runForeground(process.execPath, [WRITE_SIGNATURES])) ||
		(await runForeground("turbo", ["run", "typecheck", "build", ...process.argv.slice(2)])),
);
