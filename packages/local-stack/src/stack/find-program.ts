/** The programs that the stack and the tests start as processes, and how a program is found. */
import { existsSync } from "node:fs";
import { join, relative, resolve } from "node:path";
import { REPOSITORY_ROOT } from "../repository.ts";

/** Every program that may be bundled, as a path relative to the repository root. */
export const PROGRAMS = [
	"apps/api/src/server.ts",
	"apps/sweeper/src/main.ts",
	"apps/sweeper/src/bin/create-admin.ts",
	"apps/sweeper/src/bin/delete-user.ts",
	"apps/sweeper/src/bin/handle-dead-letters.ts",
	"apps/sweeper/src/bin/revoke-admin.ts",
	"apps/sweeper/src/bin/verify-audit.ts",
	"packages/database/src/bin/apply-migrations.ts",
	"packages/database/src/bin/seed-database.ts",
	"packages/seat-store/src/bin/check-redis.ts",
] as const;

/** The environment variable with the folder of the bundles of this test run. Without it, programs run from their sources. */
const BUNDLES_VARIABLE = "PROGRAM_BUNDLES";

/** From now on `findProgram` returns the bundles in this folder, in this process and in the processes that it starts. */
export function useBundles(folder: string): void {
	process.env[BUNDLES_VARIABLE] = folder;
}

/** The file name of a program's bundle, without its extension. */
export const bundleNameOf = (program: string): string => program.replace(/\.ts$/, "").replaceAll("/", "-");

/**
 * Returns the absolute path of the file to run for a program, which is given by its own path, absolute or relative to the repository root:
 * its bundle if this test run has made one, else the program itself.
 */
export function findProgram(program: string, folder: string | null = process.env[BUNDLES_VARIABLE] ?? null): string {
	const source = resolve(REPOSITORY_ROOT, program);
	if (folder === null) return source;
	const bundle = join(folder, `${bundleNameOf(relative(REPOSITORY_ROOT, source))}.mjs`);
	return existsSync(bundle) ? bundle : source;
}
