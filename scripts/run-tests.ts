/** `npm test`: every test once. Arguments go to vitest: `npm test -- --project unit`, `npm test -- place-hold`. */
import { endWith, findRedisServer, runForeground } from "@holdfast/local-stack";

await endWith(async () => {
	// Before any test needs it: unpacking a package would otherwise count as a test's time.
	await findRedisServer();
	return runForeground("vitest", ["run", ...process.argv.slice(2)]);
});
