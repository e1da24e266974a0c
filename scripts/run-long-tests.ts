/**
 * `npm run test:long`: runs the searches, load tests and failure tests in full (see `packages/testing/src/by-run-length.ts`), which takes
 * about half an hour. Arguments go to vitest: `npm run test:long -- failover`.
 */
import { exitWith, findRedisServer, runForeground } from "@holdfast/local-stack";

/** The vitest projects in which a longer run finds more. */
const LONG_PROJECTS = ["model", "e2e", "quiet", "http", "redis", "unit"];

await exitWith(async () => {
	await findRedisServer();
	const args = process.argv.slice(2);
	const projects = args.some((arg) => arg.startsWith("--project")) ? [] : LONG_PROJECTS.map((name) => `--project=${name}`);
	return runForeground("vitest", ["run", ...projects, ...args], { env: { TEST_LENGTH: "long" } });
});
