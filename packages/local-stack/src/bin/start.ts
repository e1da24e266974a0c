/** `npm start`: the whole product on this machine, until Ctrl-C. */
import { endWith } from "../process/end-with.ts";
import { runStack } from "../stack/run-stack.ts";

await endWith(() => runStack({ watch: false }));
