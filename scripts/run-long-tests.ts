/**
 * `npm run test:long`: the tests that search, storm and break things, in full (`packages/testing/src/how-long.ts`); some
 * half an hour. Arguments go to vitest: `npm run test:long -- failover`.
 */
import { endWith, findRedisServer, runForeground } from "@holdfast/local-stack";

/** The kinds of test in which a longer one finds more. */
const LONG_PROJECTS = ["model", "e2e"];

await endWith(async () => {
	await findRedisServer();
	const asked = process.argv.slice(2);
	const projects = asked.some((word) => word.startsWith("--project")) ? [] : LONG_PROJECTS.map((name) => `--project=${name}`);
	return runForeground("vitest", ["run", ...projects, ...asked], { env: { TEST_LENGTH: "long" } });
});
