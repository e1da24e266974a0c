/** `npm run dev`: like `npm start`, but the API and the sweeper log to the terminal and restart when their code changes. */
import { exitWith } from "../process/exit-with.ts";
import { runStack } from "../stack/run-stack.ts";

await exitWith(() => runStack({ watch: true }));
