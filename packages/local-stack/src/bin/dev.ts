/** `npm run dev`: as `npm start`, but API and sweeper print to the terminal and start anew when their code changes. */
import { endWith } from "../process/end-with.ts";
import { runStack } from "../stack/run-stack.ts";

await endWith(() => runStack({ watch: true }));
