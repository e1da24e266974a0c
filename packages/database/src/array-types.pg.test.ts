/** Arrays reach Postgres and come back without the driver's own query for array types, whose failure would end the process. */
import { connect, createServer } from "node:net";
import { createTestDatabase, type TestDatabase } from "@holdfast/testing";
import { sql } from "drizzle-orm";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createDatabase, type Database } from "./create-database.ts";
import { readFrom } from "./run-queries.ts";

let server: TestDatabase;
let database: Database;
beforeAll(async () => {
	server = await createTestDatabase();
	database = createDatabase({ url: server.url });
});
afterAll(async () => {
	await database.close();
	await server.drop();
});

const select = async (query: ReturnType<typeof sql>) => {
	const [row] = await readFrom(database, "upkeep", (queries) => queries.execute<{ found: unknown }>(query));
	return row?.found;
};

/** Postgres answers with its own JSON of the array that it was sent. */
const sent = (values: readonly unknown[], type: string) =>
	select(sql`select to_json(${sql.param(values)}::${sql.raw(type)}[])::text as found`).then((text) => JSON.parse(String(text)));

describe("an array parameter", () => {
	it.each([
		["text", ["", "a", "A,B", '"', "\\", '\\"', "{}", "null", "NULL", null, " x ", "é𝄞", "line\nbreak", "'; --"]],
		["uuid", ["00000000-0000-7000-8000-000000000001"]],
		["smallint", [0, -32_768, 32_767, null]],
		["integer", [0, -2_147_483_648, 2_147_483_647]],
		["bigint", [0, Number.MAX_SAFE_INTEGER, Number.MIN_SAFE_INTEGER]],
		["text", []],
	])("arrives in Postgres unchanged as %s[]: %j", async (type, values) => {
		expect(await sent(values, type)).toEqual(values);
	});
});

describe("an array result", () => {
	it.each([[[]], [[7]], [[-1, 0, 2_147_483_647]]])("is read as an array of numbers from integer[]: %j", async (values) => {
		expect(await select(sql`select ${sql.param(values)}::integer[] as found`)).toEqual(values);
	});
});

describe("a new connection", () => {
	it("sends no query of the driver's own, so no query exists whose failure nothing handles", async () => {
		const seen: string[] = [];
		const target = new URL(server.url);
		const proxy = createServer((client) => {
			const upstream = connect(Number(target.port), target.hostname);
			client.on("data", (bytes) => seen.push(bytes.toString("latin1"))).pipe(upstream);
			upstream.pipe(client);
			for (const socket of [client, upstream]) socket.on("error", () => {});
		});
		await new Promise<void>((resolve) => void proxy.listen(0, "127.0.0.1", resolve));
		const address = proxy.address();
		const url = new URL(server.url);
		url.port = String(typeof address === "object" && address?.port);
		const proxied = createDatabase({ url: url.href });
		try {
			await proxied.ping();
			expect(seen.join("")).toContain("select 1");
			expect(seen.join("")).not.toContain("pg_type");
		} finally {
			await proxied.close();
			proxy.close();
		}
	});
});
