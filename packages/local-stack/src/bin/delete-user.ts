/** `npm run users:delete`: delete an account. */
import { runOnStores } from "../stack/run-on-stores.ts";

await runOnStores("apps/sweeper/src/bin/delete-user.ts");
