/** `npm run build`: type-check every package and write what is generated. Node runs the TypeScript itself: nothing is compiled. */
import { runForeground } from "@holdfast/local-stack";

process.exit(await runForeground("turbo", ["run", "typecheck", "build", ...process.argv.slice(2)]));
