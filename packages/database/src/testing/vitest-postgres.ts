/**
 * Vitest global setup of the projects that need a PostgreSQL: one server for the whole run, and in it the migrated
 * template that `createTestDatabase` copies. A run of other projects never comes here.
 */
import { rmSync } from "node:fs";
import { makeScratchFolder, queryPostgres, startPostgres } from "@holdfast/local-stack";
import { TEMPLATE_DATABASE } from "@holdfast/testing";
import type { TestProject } from "vitest/node";
import { migrateDatabase } from "../migrate-database.ts";

/** Runs once per project that has files to run; the first one starts the server for all. Returns what ends it. */
export default async function setup(project: TestProject): Promise<undefined | (() => Promise<void>)> {
	const root = project.vitest.getRootProject();
	if ("postgresUrl" in root.getProvidedContext()) return undefined;
	const dataDir = makeScratchFolder();
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
