/**
 * Vitest global setup of the projects that need PostgreSQL: starts one server for the whole run and creates the role of the application and
 * the migrated template database that `createTestDatabase` copies. Runs of other projects do not load this file.
 */
import { rmSync } from "node:fs";
import { makeScratchFolder, queryPostgres, startPostgres } from "@holdfast/local-stack";
import { APPLICATION_ROLE, TEMPLATE_DATABASE } from "@holdfast/testing";
import type { TestProject } from "vitest/node";
import { migrateDatabase } from "../migrate-database.ts";

/** Vitest calls this once per project with test files. The first call starts the server for all projects and returns its teardown. */
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
		await migrateDatabase(postgres.urlOf(TEMPLATE_DATABASE), postgres.urlOf(TEMPLATE_DATABASE, APPLICATION_ROLE));
	} catch (error) {
		await stop();
		throw error;
	}
	root.provide("postgresUrl", postgres.url);
	return stop;
}
