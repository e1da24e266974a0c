/**
 * One vitest project per kind of test. The suffix of a file tells its kind, and so what it costs and needs:
 * `x.test.ts` nothing, `x.model.test.ts` time to search, and a PostgreSQL, `x.redis.test.ts` a Redis, `x.pg.test.ts` a PostgreSQL,
 * `x.http.test.ts` and `x.e2e.test.ts` both.
 */

import { howLong } from "@holdfast/testing/how-long";
import { defineConfig } from "vitest/config";

const KINDS = ["model", "redis", "pg", "http", "e2e"] as const;
const NEEDS_POSTGRES: readonly string[] = ["model", "pg", "http", "e2e"];
const FOLDERS = "{apps,packages,bench,scripts}";
/** For a machine that does other things beside: alone no test takes a tenth of it. */
const TEST_DEADLINE_MS = 90_000;
/** These start whole processes, once per file, or search a few hundred thousand states. */
const SLOW_KINDS: readonly string[] = ["e2e", "model"];
const SLOW_DEADLINE_MS = howLong({ short: 120_000, long: 1_200_000 });

/**
 * Every script once more on a cluster of one node, which refuses what touches two slots. Only what asks all buckets at once
 * cannot run there.
 */
const CLUSTER_TESTS = ["packages/seat-store/src/commands/*.redis.test.ts", "packages/seat-store/src/fence.redis.test.ts"];
const NOT_ON_CLUSTER = ["**/wait-for-entries.redis.test.ts"];

function defineProject(name: string, include: string, exclude: readonly string[]) {
	const deadlineMs = SLOW_KINDS.includes(name) ? SLOW_DEADLINE_MS : TEST_DEADLINE_MS;
	return {
		extends: true as const,
		test: {
			name,
			include: [`${FOLDERS}/**/${include}`],
			exclude: ["**/node_modules/**", ...exclude],
			testTimeout: deadlineMs,
			hookTimeout: deadlineMs,
			globalSetup: NEEDS_POSTGRES.includes(name) ? ["packages/database/src/testing/vitest-postgres.ts"] : [],
		},
	};
}

export default defineConfig({
	test: {
		reporters: ["default", "./scripts/report-slowest-files.ts"],
		pool: "forks",
		// A file keeps nothing at its modules, so one process may run file after file: the modules are loaded once, not 180 times.
		isolate: false,
		// Each file has servers of its own beside its own process; more workers than this only wait for each other.
		maxWorkers: 2,
		projects: [
			defineProject(
				"unit",
				"*.test.ts",
				KINDS.map((kind) => `**/*.${kind}.test.ts`),
			),
			...KINDS.map((kind) => defineProject(kind, `*.${kind}.test.ts`, [])),
			{
				extends: true as const,
				test: {
					name: "redis-cluster",
					include: CLUSTER_TESTS,
					exclude: NOT_ON_CLUSTER,
					testTimeout: TEST_DEADLINE_MS,
					hookTimeout: TEST_DEADLINE_MS,
					provide: { redisIsCluster: true },
				},
			},
		],
	},
});
