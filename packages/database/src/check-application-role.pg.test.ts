import { queryPostgres } from "@holdfast/local-stack";
import { createTestDatabase, openTestProxy, type TestDatabase, waitUntil } from "@holdfast/testing";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { checkApplicationRole, describeRisks, warnOfRisksAtStart } from "./check-application-role.ts";
import { createDatabase } from "./create-database.ts";

/** The discard service: no machine of today runs it, so every connection is refused. */
const NO_SERVER_PORT = 9;
/** A role of this file alone: the application's role belongs to all files of the run. */
const role = `checked_${process.pid}`;

let test: TestDatabase;
let owner: string;
const urlAs = (user: string) => {
	const url = new URL(test.url);
	url.username = user;
	return url.href;
};
const asOwner = (statement: string) => queryPostgres(test.ownerUrl, statement);

beforeAll(async () => {
	test = await createTestDatabase();
	owner = new URL(test.ownerUrl).username;
	await asOwner(
		`create role ${role} login; create table if not exists audit_events (id int); create table if not exists audit_digests (id int)`,
	);
});
afterAll(async () => {
	await asOwner(`drop owned by ${role}; drop role ${role}`);
	await test.drop();
});

async function check(url: string) {
	const database = createDatabase({ url, poolMax: 1 });
	return checkApplicationRole(database).finally(() => database.close());
}

describe("checkApplicationRole", () => {
	it("finds no risk in the role of the application", async () => {
		expect(await check(test.url)).toEqual({ role: new URL(test.url).username, risks: [] });
	});

	it("finds that a superuser could do everything, and says it in a sentence", async () => {
		const found = await check(test.ownerUrl);
		expect(found.risks).toHaveLength(5);
		expect(describeRisks({ ...found, risks: found.risks.slice(0, 2) })).toBe(
			`The audit trail is not protected from the application: its role ${owner} is a superuser or may become one, owns the tables or may become their owner. Give DATABASE_URL a role of its own, and DATABASE_OWNER_URL the owner's (docs/operations.md#database-roles).`,
		);
	});

	it.each([
		["pg_execute_server_program", "is a superuser or may become one"],
		["pg_write_all_data", "may change or remove rows of the audit trail"],
	])("finds the risk of a member of %s", async (group, risk) => {
		await asOwner(`grant ${group} to ${role}`);
		expect(await check(urlAs(role))).toEqual({ role, risks: [risk] });
		await asOwner(`revoke ${group} from ${role}`);
	});

	it("finds that a role may become the owner, even when it does not inherit the owner's rights", async () => {
		const group = `owner_of_${process.pid}`;
		await asOwner(`create role ${group}; alter table audit_events owner to ${group}; grant ${group} to ${role} with inherit false`);
		expect(await check(urlAs(role))).toEqual({ role, risks: ["owns the tables or may become their owner"] });
		await asOwner(`alter table audit_events owner to ${owner}; drop role ${group}`);
	});

	it.each([
		["delete on audit_events", "may change or remove rows of the audit trail"],
		["truncate on audit_digests", "may change or remove rows of the audit trail"],
		["trigger on audit_events", "may change or remove rows of the audit trail"],
		["update (day) on audit_digests", "may change or remove rows of the audit trail"],
		["set on parameter session_replication_role", "may disable triggers"],
		["create on schema public", "may create functions in the schema that the owner uses"],
	])("finds the risk of a grant of %s", async (right, risk) => {
		await asOwner(`grant ${right} to ${role}`);
		expect(await check(urlAs(role))).toEqual({ role, risks: [risk] });
		await asOwner(`revoke ${right} from ${role}`);
		expect(await check(urlAs(role))).toEqual({ role, risks: [] });
	});
});

describe("warnOfRisksAtStart", () => {
	const recorded = () => {
		const lines: unknown[] = [];
		return { lines, log: { warn: (...line: unknown[]) => void lines.push(line) } };
	};

	it("logs one warning with the role, its risks and the advice when both URLs have one role", async () => {
		const { lines, log } = recorded();
		await warnOfRisksAtStart({ url: test.ownerUrl, log });
		const found = await check(test.ownerUrl);
		expect(lines).toEqual([[{ ...found, advice: describeRisks(found) }, "audit trail not protected"]]);
	});

	it("logs nothing for a role of its own", async () => {
		const { lines, log } = recorded();
		await warnOfRisksAtStart({ url: test.url, log });
		expect(lines).toEqual([]);
	});

	it("lets the process start while Postgres is unreachable, and logs the warning once it answers", async () => {
		const { lines, log } = recorded();
		const proxy = await openTestProxy(NO_SERVER_PORT);
		const url = new URL(test.ownerUrl);
		const serverPort = Number(url.port);
		url.port = new URL(proxy.url).port;
		await warnOfRisksAtStart({ url: url.href, log });
		expect(lines).toEqual([]);
		proxy.redirect(serverPort);
		await waitUntil("the warning", () => lines.length > 0);
		proxy.close();
		expect(lines).toHaveLength(1);
	});

	it("lets the process start when the login is refused, and logs that the role was not checked", async () => {
		const { lines, log } = recorded();
		await warnOfRisksAtStart({ url: urlAs("no_such_role"), log });
		expect(lines).toEqual([[expect.objectContaining({ err: expect.any(Error) }), "role check failed"]]);
	});
});
