/** `npm run dead-letters`: look at entries that could not be settled, and replay them. */
import { runOnStores } from "../stack/run-on-stores.ts";

await runOnStores("apps/sweeper/src/bin/dead-letters.ts");
