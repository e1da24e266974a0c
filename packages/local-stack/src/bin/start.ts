/** `npm start`: runs the whole product on this machine until Ctrl-C. */
import { exitWith } from "../process/exit-with.ts";
import { runStack } from "../stack/run-stack.ts";

await exitWith(() => runStack({ watch: false }));
