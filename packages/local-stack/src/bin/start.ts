/** `npm start`: the whole product on this machine, until Ctrl-C. */
import { runStack } from "../stack/run-stack.ts";

process.exit(await runStack({ watch: false }));
