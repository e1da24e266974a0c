/** `npm run build`: type-check every package and write what is generated. Node runs the TypeScript itself: nothing is compiled. */
import { endWith, runForeground } from "@holdfast/local-stack";

await endWith(() => runForeground("turbo", ["run", "typecheck", "build", ...process.argv.slice(2)]));
