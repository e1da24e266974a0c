import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { parse } from "yaml";
import { POSTGRES_DEFAULTS } from "./postgres/postgres-defaults.ts";
import { findOnPath } from "./process/find-on-path.ts";
import { runTool } from "./process/run-tool.ts";
import { redisArguments } from "./redis/redis-flags.ts";
import { REPOSITORY_ROOT } from "./repository.ts";
import { readStartSettings } from "./stack/read-start-settings.ts";

const compose = parse(readFileSync(join(REPOSITORY_ROOT, "docker-compose.yml"), "utf8"));
const { redis, db } = compose.services;

/** Replaces `${NAME:-fallback}` with the fallback, as Docker Compose does when NAME is not set. */
const withFallbacks = (text: string) => text.replaceAll(/\$\{[A-Z_]+:-([^}]*)\}/g, "$1");

describe("docker-compose.yml", () => {
	test("the Redis service runs with exactly the flags of local-stack", () => {
		expect(redis.command).toEqual(["redis-server", ...redisArguments()]);
	});

	test("the PostgreSQL service has the version, names and limits of local-stack", () => {
		const { user, database, connectionsMax, encoding, locale } = POSTGRES_DEFAULTS;
		expect(db.image).toBe("postgres:18");
		expect(db.command).toEqual(["postgres", "-c", `max_connections=${connectionsMax}`]);
		expect(db.environment).toMatchObject({
			POSTGRES_USER: user,
			POSTGRES_DB: database,
			POSTGRES_INITDB_ARGS: `--encoding=${encoding} --locale=${locale}`,
		});
	});

	test("its environment variables and its comment name the stores as npm start reads them", () => {
		const environment = Object.fromEntries(
			Object.entries<string>(compose["x-environment"]).map(([name, value]) => [name, withFallbacks(value)]),
		);
		expect(readStartSettings(environment)).toMatchObject({
			redisUrl: "redis://127.0.0.1:6379",
			databaseUrl: `postgres://${POSTGRES_DEFAULTS.applicationUser}@127.0.0.1:5432/${POSTGRES_DEFAULTS.database}`,
			databaseOwnerUrl: `postgres://${POSTGRES_DEFAULTS.user}@127.0.0.1:5432/${POSTGRES_DEFAULTS.database}`,
		});
		expect(readFileSync(join(REPOSITORY_ROOT, "docker-compose.yml"), "utf8")).toContain(
			`${Object.entries(environment)
				.map(([name, value]) => `#   export ${name}=${value}\n`)
				.join("")}#   npm start`,
		);
	});

	test("every service listens on loopback only, has a health check, and keeps its data in a named volume", () => {
		for (const service of [redis, db]) {
			for (const port of service.ports) expect(port).toMatch(/^127\.0\.0\.1:/);
			expect(service.healthcheck.test).toBeDefined();
			expect(Object.keys(compose.volumes)).toContain(service.volumes[0].split(":")[0]);
		}
		expect(redis.volumes).toHaveLength(1);
		expect(db.volumes[0]).toBe("db-data:/var/lib/postgresql");
	});

	test("the PostgreSQL service creates the application's role from a file of this repository", () => {
		const [file = "", target, mode] = db.volumes[1].split(":");
		expect(db.volumes).toHaveLength(2);
		expect([target, mode]).toEqual(["/docker-entrypoint-initdb.d/create-application-role.sql", "ro"]);
		const statements = readFileSync(join(REPOSITORY_ROOT, file), "utf8").replaceAll(/^--.*\n/gm, "");
		expect(statements).toBe(`CREATE ROLE ${POSTGRES_DEFAULTS.applicationUser} LOGIN;\n`);
	});

	const checker = findOnPath("docker-compose");
	test.runIf(checker !== null)("docker-compose accepts the file", async () => {
		await runTool(checker ?? "", ["--file", join(REPOSITORY_ROOT, "docker-compose.yml"), "config", "--quiet"], {
			env: { PATH: process.env.PATH },
		});
	});
});
