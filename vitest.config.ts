/**
 * One vitest project per kind of test. The suffix of a file shows its kind, and so which servers the test needs:
 * - `x.test.ts`: none
 * - `x.redis.test.ts`: a Redis
 * - `x.pg.test.ts`: a PostgreSQL
 * - `x.model.test.ts`: a PostgreSQL, and time for a search
 * - `x.http.test.ts`, `x.e2e.test.ts`: a Redis and a PostgreSQL
 *
 * `quiet` has the few tests of any kind that promise a time on the clock.
 */

import { byRunLength } from "@holdfast/testing/by-run-length";
import { defineConfig } from "vitest/config";
import type { InlineConfig } from "vitest/node";
import StartLongFilesFirst from "./scripts/start-long-files-first.ts";

const KINDS = ["model", "redis", "pg", "http", "e2e"] as const;
const NEEDS_POSTGRES: readonly string[] = ["model", "pg", "http", "e2e", "quiet"];
/** Tests of these kinds start whole programs. */
const STARTS_PROGRAMS: readonly string[] = ["pg", "e2e", "quiet"];
const FOLDERS = "{apps,packages,bench,scripts}";
/** Generous, for a busy machine: on an idle one no test takes a tenth of it. */
const TEST_DEADLINE_MS = 90_000;
/** Tests that start whole processes, once per file, or search a few hundred thousand states. */
const SLOW_KINDS: readonly string[] = ["e2e", "model", "quiet"];
const SLOW_DEADLINE_MS = byRunLength({ short: 120_000, long: 1_200_000 });

/**
 * These tests run a second time on a Redis Cluster of one node, which rejects a script that touches two hash slots. The excluded
 * command reads the streams of all buckets in one call, which no cluster allows.
 */
const CLUSTER_TESTS = ["packages/seat-store/src/commands/*.redis.test.ts", "packages/seat-store/src/fence.redis.test.ts"];
const NOT_ON_CLUSTER = ["**/wait-for-entries.redis.test.ts"];

/** Tests that promise a time on the clock, such as health within 2 s. They run after all others, when little else uses the machine. */
const QUIET_TESTS = [
	"apps/api/src/health/health-changes.http.test.ts",
	"packages/database/src/create-database.pg.test.ts",
	"packages/database/src/ledger/settle-batch-locks.pg.test.ts",
	"packages/database/src/seed/seed-demo.pg.test.ts",
	"packages/proofs/e2e/health-accuracy.e2e.test.ts",
	"packages/proofs/e2e/unread-answers.e2e.test.ts",
	"packages/seat-store/src/confirm-lane.redis.test.ts",
	"packages/seat-store/src/demoted-server.redis.test.ts",
];

/** Tests of these kinds wait for timers and servers most of the time, so more of them run at once. */
const WAITING_KINDS: readonly string[] = ["redis", "pg"];
const WAITING: InlineConfig = { maxWorkers: byRunLength({ short: 8, long: 2 }), sequence: { groupOrder: 1 } };
const QUIET: InlineConfig = { maxWorkers: byRunLength({ short: 3, long: 2 }), sequence: { groupOrder: 2 } };

function defineProject(name: string, include: readonly string[], exclude: readonly string[], options: InlineConfig = {}) {
	const deadlineMs = SLOW_KINDS.includes(name) ? SLOW_DEADLINE_MS : TEST_DEADLINE_MS;
	return {
		extends: true as const,
		test: {
			name,
			include: [...include],
			exclude: ["**/node_modules/**", ...exclude],
			testTimeout: deadlineMs,
			hookTimeout: deadlineMs,
			globalSetup: [
				...(NEEDS_POSTGRES.includes(name) ? ["packages/database/src/testing/vitest-postgres.ts"] : []),
				...(STARTS_PROGRAMS.includes(name) ? ["packages/testing/src/vitest-bundles.ts"] : []),
			],
			...(WAITING_KINDS.includes(name) ? WAITING : {}),
			...options,
		},
	};
}

export default defineConfig({
	test: {
		reporters: ["default", "./scripts/report-slowest-files.ts"],
		pool: "forks",
		sequence: { sequencer: StartLongFilesFirst },
		// No test file keeps state in its modules, so one process runs many files: the modules are loaded once, not 180 times.
		isolate: false,
		// Six workers keep two cores busy, because even tests with whole servers wait half of the time. The long tests are under load throughout.
		maxWorkers: byRunLength({ short: 6, long: 2 }),
		projects: [
			defineProject(
				"unit",
				[`${FOLDERS}/**/*.test.ts`],
				KINDS.map((kind) => `**/*.${kind}.test.ts`),
			),
			...KINDS.map((kind) => defineProject(kind, [`${FOLDERS}/**/*.${kind}.test.ts`], QUIET_TESTS)),
			defineProject("quiet", QUIET_TESTS, [], QUIET),
			{
				extends: true as const,
				test: {
					...WAITING,
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
