import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { problemIn, type TestAnswer } from "../testing/read-answers.ts";
import { startTestApi, type TestApi, type TestUser } from "../testing/start-test-api.ts";

let api: TestApi;
let admin: TestUser;
beforeAll(async () => {
	api = await startTestApi();
	admin = await api.newAdmin();
	await api.sql(`update users set email = 'boss@example.com', display_name = 'Boss' where id = '${admin.id}'`);
	for (const [email, name] of [
		["Ada@example.com", "Ada Lovelace"],
		["ada@example.community", "Zoë Ångström"],
		["ada_b@example.com", "Ada Blocked"],
		["bob@example.com", "Bob"],
	])
		await api.sql(`insert into users (id, email, password_hash, display_name, role, blocked_at)
			values (gen_random_uuid(), '${email}', '-', '${name}', 'user', ${email === "ada_b@example.com" ? "now()" : "null"})`);
	await api.sql(`insert into users (id, role, deletion_started_at) values (gen_random_uuid(), 'user', now())`);
	await api.sql(`update users set deletion_started_at = now() where email = 'bob@example.com'`);
});
afterAll(() => api.close());

const list = (query: string): Promise<TestAnswer> => api.call(`GET /admin/users${query}`, { token: admin.token });
const emailsIn = ({ body }: TestAnswer): string[] => Object(body).items.map(({ email }: { email: string }) => email);

describe("200", () => {
	it.each([
		["", ["Ada@example.com", "ada@example.community", "ada_b@example.com", "bob@example.com", "boss@example.com"]],
		["?email=ADA%40example.com", ["Ada@example.com", "ada@example.community"]],
		["?email=ada_", ["ada_b@example.com"]],
		["?email=%25", []],
		["?name=angstrom", ["ada@example.community"]],
		["?name=ada&blocked=false", ["Ada@example.com"]],
		["?blocked=true", ["ada_b@example.com"]],
		["?role=admin", ["boss@example.com"]],
		["?role=user&email=bo", ["bob@example.com"]],
		["?deleting=true", ["bob@example.com"]],
		["?deleting=false&email=bo", ["boss@example.com"]],
	])("the list %s has the users %j, by e-mail and without deleted accounts", async (query, emails) => {
		expect(emailsIn(await list(query))).toEqual(emails);
	});

	it("shows a user as GET /admin/users/:id does, without the password", async () => {
		const [user] = Object((await list("?email=ada_b")).body).items;
		expect(user).toEqual({
			id: expect.any(String),
			email: "ada_b@example.com",
			displayName: "Ada Blocked",
			role: "user",
			blockedAt: expect.stringMatching(/^\d{4}-\d\d-\d\dT/),
			deletionStartedAt: null,
			version: 1,
			createdAt: expect.stringMatching(/^\d{4}-\d\d-\d\dT/),
		});
		expect((await api.call(`GET /admin/users/${user.id}`, { token: admin.token })).body).toEqual(user);
	});

	it("gives pages that neither repeat nor skip a user", async () => {
		const first = await list("?limit=2&email=a");
		const second = await list(`?limit=2&email=a&cursor=${Object(first.body).nextCursor}`);
		expect([emailsIn(first), emailsIn(second), Object(second.body).nextCursor]).toEqual([
			["Ada@example.com", "ada@example.community"],
			["ada_b@example.com"],
			null,
		]);
	});

	it.each([
		[`email=${"x".repeat(254)}`, 200],
		[`email=${"x".repeat(255)}`, 400],
		[`name=${"x".repeat(80)}`, 200],
		[`name=${"x".repeat(81)}`, 400],
	])("accepts a filter up to its bound and refuses a longer one: ?%s", async (query, status) => {
		expect((await list(`?${query}`)).status).toBe(status);
	});
});

describe("400 invalid_request", () => {
	it.each([
		["email=", "/query/email"],
		["email=a%00", "/query/email"],
		["name=%20", "/query/name"],
		["role=boss", "/query/role"],
		["blocked=maybe", "/query/blocked"],
		["cursor=nonsense", "/query/cursor"],
		["limit=101", "/query/limit"],
		["q=ada", "/query/q"],
	])("refuses the users query ?%s and points at its parameter", async (query, pointer) => {
		const problem = problemIn(await list(`?${query}`));
		expect([problem.code, problem.errors?.[0]?.pointer]).toEqual(["invalid_request", pointer]);
	});
});
