/**
 * A database for one test file, cloned from a migrated template (some 50 ms). The PostgreSQL that holds it runs once
 * per test run (`database/src/testing/vitest-postgres.ts`); tests that kill a PostgreSQL start one of their own with local-stack.
 */
import { randomBytes } from "node:crypto";
import { queryPostgres } from "@holdfast/local-stack";
import { inject } from "vitest";

export type TestDatabase = {
	readonly url: string;
	/** Delete it, ending whatever is still connected. Safe to call twice. */
	readonly drop: () => Promise<void>;
};

/** The database that every test database is a copy of. Nobody stays connected to it: a connection would block the copying. */
export const TEMPLATE_DATABASE = "holdfast_template";

declare module "vitest" {
	interface ProvidedContext {
		/** Where the PostgreSQL of this test run answers; set for the projects pg, http and e2e only. */
		postgresUrl: string;
	}
}

/** Only in tests of the projects pg, http and e2e (the suffix of the file says which). */
export async function createTestDatabase(): Promise<TestDatabase> {
	const adminUrl = inject("postgresUrl");
	const name = `test_${randomBytes(6).toString("hex")}`;
	await queryPostgres(adminUrl, `create database ${name} template ${TEMPLATE_DATABASE}`);
	const url = new URL(adminUrl);
	url.pathname = `/${name}`;
	return {
		url: url.href,
		async drop() {
			await queryPostgres(adminUrl, `drop database if exists ${name} with (force)`);
		},
	};
}
