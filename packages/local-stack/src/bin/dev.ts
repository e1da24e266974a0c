/** `npm run dev`: as `npm start`, but API and sweeper print to the terminal and start anew when their code changes. */
import { runStack } from "../stack/run-stack.ts";

process.exit(await runStack({ watch: true }));
