/**
 * Vitest global setup of the projects that need a PostgreSQL: one server for the whole run, and in it the migrated
 * template that `createTestDatabase` copies. A run of other projects never comes here.
 */
import { chmodSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { migrateDatabase } from "@holdfast/database";
import { queryPostgres, startPostgres } from "@holdfast/local-stack";
import type { TestProject } from "vitest/node";
import { TEMPLATE_DATABASE } from "./create-test-database.ts";

/** Runs once per project that has files to run; the first one starts the server for all. Returns what ends it. */
export default async function setup(project: TestProject): Promise<undefined | (() => Promise<void>)> {
	const root = project.vitest.getRootProject();
	if ("postgresUrl" in root.getProvidedContext()) return undefined;
	const dataDir = mkdtempSync(join(tmpdir(), "holdfast-postgres-"));
	chmodSync(dataDir, 0o755); // root runs PostgreSQL as nobody, who must be able to walk in
	const postgres = await startPostgres({ dataDir, throwaway: true });
	const stop = async () => {
		await postgres.stop();
		rmSync(dataDir, { recursive: true, force: true });
	};
	try {
		await queryPostgres(postgres.url, `create database ${TEMPLATE_DATABASE}`);
		await migrateDatabase(postgres.urlOf(TEMPLATE_DATABASE));
	} catch (error) {
		await stop();
		throw error;
	}
	root.provide("postgresUrl", postgres.url);
	return stop;
}
