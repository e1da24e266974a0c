/** `npm run seats:open`: put quarantined seats on sale again. */
import { runOnStores } from "../stack/run-on-stores.ts";

await runOnStores("apps/sweeper/src/bin/open-seats.ts");
