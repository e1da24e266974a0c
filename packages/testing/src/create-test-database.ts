/**
 * Creates a database for one test file by cloning a migrated template, which takes about 50 ms. All test files of a run share
 * one PostgreSQL server (`database/src/testing/vitest-postgres.ts`). A test that kills PostgreSQL starts its own with local-stack.
 */
import { randomBytes } from "node:crypto";
import { POSTGRES_DEFAULTS, queryPostgres } from "@holdfast/local-stack";
import { inject } from "vitest";

/** A database of one test file. */
export type TestDatabase = {
	/** As the role of the application, like API and sweeper: it reads and writes rows and cannot change the schema. */
	readonly url: string;
	/** As the superuser, who owns the tables: for tests that change the schema or settings of the server. */
	readonly ownerUrl: string;
	/** Drops the database and ends its open sessions. Safe to call twice. */
	readonly drop: () => Promise<void>;
};

/** The migrated database that every test database is a copy of. Keep no session on it: an open session blocks the copying. */
export const TEMPLATE_DATABASE = "holdfast_template";

/** The role that every test database gives its rights on the tables. */
export const APPLICATION_ROLE: string = POSTGRES_DEFAULTS.applicationUser;

declare module "vitest" {
	interface ProvidedContext {
		/** URL of this test run's PostgreSQL server as its superuser; set for the projects model, pg, http and e2e only. */
		postgresUrl: string;
	}
}

/**
 * Returns a new migrated database without rows. Works only in the vitest projects model, pg, http and e2e (see the file suffixes
 * in vitest.config.ts).
 */
export async function createTestDatabase(): Promise<TestDatabase> {
	const adminUrl = inject("postgresUrl");
	const name = `test_${randomBytes(6).toString("hex")}`;
	await queryPostgres(adminUrl, `create database ${name} template ${TEMPLATE_DATABASE}`);
	const url = new URL(adminUrl);
	url.pathname = `/${name}`;
	const ownerUrl = url.href;
	url.username = APPLICATION_ROLE;
	return {
		url: url.href,
		ownerUrl,
		async drop() {
			await queryPostgres(adminUrl, `drop database if exists ${name} with (force)`);
		},
	};
}
