import { queryPostgres } from "@holdfast/local-stack";
import { createTestDatabase, type TestDatabase, waitUntil } from "@holdfast/testing";
import { sql } from "drizzle-orm";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { codeOf, DatabaseOutcomeUnknown, isDatabaseUnavailable } from "./classify-error.ts";
import { CALLS_PER_CONNECTION_MAX } from "./connection-budgets.ts";
import { createDatabase, type Database } from "./create-database.ts";
import { readFrom, writeTo } from "./run-queries.ts";

const DEADLINE_MS = 200;
/** An address where no server listens. */
const UNREACHABLE_URL = "postgres://127.0.0.1:9/nothing";

let test: TestDatabase;
let database: Database;
beforeAll(async () => {
	test = await createTestDatabase();
	database = createDatabase({ url: test.url, poolMax: 1 });
});
afterAll(async () => {
	await database.close();
	await test.drop();
});

const errorOf = (call: Promise<unknown>): Promise<unknown> =>
	call.then(
		() => null,
		(error: unknown) => error,
	);

const sleeping = sql`select pg_sleep(1)`;
const CALLS: readonly [string, boolean, (on: Database, deadlineMs?: number) => Promise<unknown>][] = [
	["read", false, (on, deadlineMs) => readFrom(on, "upkeep", (queries) => queries.execute(sleeping), deadlineMs)],
	["write", true, (on, deadlineMs) => writeTo(on, "upkeep", (queries) => queries.execute(sleeping), deadlineMs)],
];

describe.each(CALLS)("a %s", (_call, isWrite, run) => {
	it(`throws ${isWrite ? "DatabaseOutcomeUnknown" : "an unavailable error"} when the connection is lost`, async () => {
		const failure = errorOf(run(database));
		const end = "select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and wait_event = 'PgSleep'";
		await waitUntil("the session to end", async () => (await queryPostgres(test.url, end)).length > 0);
		const error = await failure;
		expect([error instanceof DatabaseOutcomeUnknown, isDatabaseUnavailable(error)]).toEqual([isWrite, true]);
	});

	it(`throws ${isWrite ? "DatabaseOutcomeUnknown" : "an unavailable error"} when the deadline passes`, async () => {
		const error = await errorOf(run(database, DEADLINE_MS));
		expect([error instanceof DatabaseOutcomeUnknown, isDatabaseUnavailable(error)]).toEqual([isWrite, true]);
		expect(codeOf(error)).toBe("DATABASE_TIMEOUT");
	});

	it("throws an unavailable error, not DatabaseOutcomeUnknown, when no server is reachable or too many calls wait", async () => {
		const unreachable = createDatabase({ url: UNREACHABLE_URL, poolMax: 1 });
		const errors = await Promise.all(Array.from({ length: CALLS_PER_CONNECTION_MAX + 1 }, () => errorOf(run(unreachable))));
		const [first, overload] = [errors[0], errors.at(-1)];
		expect([first, overload].map(codeOf)).toEqual(["ECONNREFUSED", "DATABASE_OVERLOAD"]);
		for (const error of [first, overload])
			expect([error instanceof DatabaseOutcomeUnknown, isDatabaseUnavailable(error)]).toEqual([false, true]);
		await unreachable.close();
	});

	it("throws the error of Postgres when Postgres refuses the statement", async () => {
		const refused = sql`select 1 / 0`;
		const refuse = isWrite
			? writeTo(database, "upkeep", (queries) => queries.execute(refused))
			: readFrom(database, "upkeep", (queries) => queries.execute(refused));
		const error = await errorOf(refuse);
		expect([error instanceof DatabaseOutcomeUnknown, codeOf(error)]).toEqual([false, "22012"]);
	});
});
