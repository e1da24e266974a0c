/** The list of users on a table of 20,000 users, and what its filters mean by a text. */
import { BOX_OFFICE_USER_ID } from "@holdfast/domain";
import { insertUsers } from "@holdfast/testing";
import { sql } from "drizzle-orm";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { OPERATOR } from "../admin/record-audit.ts";
import { createDatabase } from "../create-database.ts";
import { readFrom, writeTo } from "../run-queries.ts";
import { openTestLedger, type TestLedger } from "../testing/open-test-ledger.ts";
import { createUser } from "./create-user.ts";
import { anonymiseUser, denySignIn } from "./end-account.ts";
import { findAdminUser, type ListUsersRequest, listUsers, selectUsers } from "./list-users.ts";

const CROWD = 20_000;

let test: TestLedger;
beforeAll(async () => {
	test = await openTestLedger();
	for (const [email, displayName] of [
		["Ada@example.com", "Ada Lovelace"],
		["ada@example.community", "Zoë Ångström"],
		["ada_b@example.com", "100% Real"],
		["adaXb@example.com", "100 Reals"],
		["grace@example.com", "Grace (née Murray) Hopper"],
	] as const)
		await createUser(test.database, { email, passwordHash: "-", displayName, role: "user" });
	await writeTo(test.database, "settling", async (queries) => {
		await queries.execute(sql`insert into users (id, email, password_hash, display_name, role)
			select gen_random_uuid(), 'crowd-' || md5(n::text) || '@example.org', '-', 'Buyer ' || n, 'user'
			from generate_series(1, ${sql.raw(String(CROWD))}) n`);
	});
	const owner = createDatabase({ url: test.ownerUrl });
	await writeTo(owner, "settling", (queries) => queries.execute("analyze users"));
	await owner.close();
});
afterAll(() => test.stop());

const list = async (request: Omit<ListUsersRequest, "limit"> & { readonly limit?: number }) => {
	const page = await listUsers(test.database, { limit: 20, ...request });
	if (page.outcome !== "page") throw new Error(page.outcome);
	return { emails: page.items.map(({ email }) => email), nextCursor: page.nextCursor };
};

describe("the filter by e-mail", () => {
	it.each([
		["ada@example.com", ["Ada@example.com", "ada@example.community"]],
		["  ADA@EXAMPLE.COMM ", ["ada@example.community"]],
		["ada", ["Ada@example.com", "ada@example.community", "ada_b@example.com", "adaXb@example.com"]],
		["ada_b", ["ada_b@example.com"]],
		["ada%", []],
		["%", []],
		["example.com", []],
		["\\", []],
	])("%j finds %j: the user itself first, and wildcards mean themselves", async (email, emails) => {
		expect((await list({ email })).emails).toEqual(emails);
	});
});

describe("the filter by name", () => {
	it.each([
		["lovelace", ["Ada@example.com"]],
		[" ANGSTROM ", ["ada@example.community"]],
		["nee murray) h", ["grace@example.com"]],
		["100%", ["ada_b@example.com"]],
		["10_ R", []],
	])("%j finds the users %j", async (name, emails) => {
		expect((await list({ name })).emails).toEqual(emails);
	});
});

describe("a page", () => {
	it("neither repeats nor skips a user while users are added and deleted between the pages", async () => {
		const seen: (string | null)[] = [];
		let cursor: string | undefined;
		for (let page = 0; ; page += 1) {
			const { emails, nextCursor } = await list({ email: "ada", limit: 1, cursor });
			seen.push(...emails);
			if (page === 0) await createUser(test.database, { email: "ada@before.com", passwordHash: "-", displayName: "B", role: "user" });
			if (nextCursor === null) break;
			cursor = nextCursor;
		}
		expect(seen).toEqual(["Ada@example.com", "ada@example.community", "ada_b@example.com", "adaXb@example.com"]);
	});

	it("has accounts whose deletion has begun, can have them alone, and has no deleted account", async () => {
		const ids = await insertUsers(test.url, 2);
		for (const id of ids) await denySignIn(test.database, id);
		const email = "buyer-";
		expect((await list({ email, deleting: true })).emails).toHaveLength(2);
		for (const id of ids) await anonymiseUser(test.database, id, OPERATOR);
		expect((await list({ email })).emails).toEqual([]);
		expect((await list({ deleting: true })).emails).toEqual([]);
	});
});

it("the box-office account is no person: it is neither listed nor found", async () => {
	expect(await findAdminUser(test.database, BOX_OFFICE_USER_ID)).toBeNull();
	expect((await list({ deleting: true })).emails).toEqual([]);
});

describe("Postgres", () => {
	it.each<[string, Omit<ListUsersRequest, "limit"> & { readonly afterKey?: string }, string]>([
		["a page without a filter", {}, "users_by_email"],
		["a page in the middle", { afterKey: "crowd-8" }, "users_by_email"],
		["the start of an e-mail", { email: "crowd-1" }, "users_by_email"],
		["a whole e-mail", { email: "grace@example.com" }, "users_by_email"],
		["a rare name", { name: "lovelace" }, "users_by_search_name"],
		["a frequent name", { name: "buyer" }, "users_by_email"],
	])("reads %s by an index, and not the whole table", async (_what, request, index) => {
		const lines = await readFrom(test.database, "administration", (queries) =>
			queries.execute<{ "QUERY PLAN": string }>(sql`explain ${selectUsers(queries, { limit: 21, ...request })}`),
		);
		const plan = lines.map((line) => line["QUERY PLAN"]).join("\n");
		expect(plan).toContain(index);
		expect(plan).not.toContain("Seq Scan");
		if (index === "users_by_email") expect(plan).not.toContain("Sort");
	});
});
