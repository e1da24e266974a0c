/** `npm test`: runs every test once. Arguments go to vitest: `npm test -- --project unit`, `npm test -- place-hold`. */
import { exitWith, findRedisServer, runForeground } from "@holdfast/local-stack";

await exitWith(async () => {
	// Before the first test: downloading and unpacking Redis would otherwise count against a test's deadline.
	await findRedisServer();
	return runForeground("vitest", ["run", ...process.argv.slice(2)]);
});
