/**
 * Vitest sequencer: in each group of projects, the files that take longest start first. Otherwise one of them, started last, would run
 * while all other workers have nothing left to do.
 */
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { BaseSequencer, type TestSpecification } from "vitest/node";

/** Files that take more than ten seconds and mostly wait. The others start in the order of vitest, the larger first. */
const LONG_FILES = [
	"packages/runtime/src/guard-connections.test.ts",
	"apps/api/src/fuzz.model.test.ts",
	"apps/sweeper/src/bin/admin-commands.pg.test.ts",
	"packages/seat-store/src/link.redis.test.ts",
	"packages/seat-store/src/verify-durability.redis.test.ts",
	"packages/seat-store/src/subscribe-to-seats.redis.test.ts",
	"packages/seat-store/src/commands/interrupted-rebuild.redis.test.ts",
	"packages/database/src/create-database.pg.test.ts",
];

for (const file of LONG_FILES) assert(existsSync(join(import.meta.dirname, "..", file)), `${file} does not exist: correct LONG_FILES`);

const isLong = ({ moduleId }: TestSpecification): boolean => LONG_FILES.some((file) => moduleId.endsWith(`/${file}`));
const groupOf = ({ project }: TestSpecification): number => project.config.sequence.groupOrder;

export default class extends BaseSequencer {
	override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
		const sorted = await super.sort(files);
		return sorted.toSorted((a, b) => groupOf(a) - groupOf(b) || Number(isLong(b)) - Number(isLong(a)));
	}
}
