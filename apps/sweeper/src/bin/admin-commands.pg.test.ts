/** `npm run admin:create` and `npm run admin:revoke` in separate processes, on real stores. */
import { type ChildProcess, execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { deniedRoleId } from "@holdfast/accounts";
import { parseUserId } from "@holdfast/domain";
import { COMPILE_CACHE, findProgram } from "@holdfast/local-stack";
import { createPasswords } from "@holdfast/runtime";
import { createAuthStore } from "@holdfast/seat-store";
import { insertUsers, waitUntil } from "@holdfast/testing";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openTestSweeper, type TestSweeper } from "../testing/open-test-sweeper.ts";

let test: TestSweeper;
beforeAll(async () => {
	test = await openTestSweeper();
});
afterAll(() => test.stop());

type Ended = { readonly code: number; readonly printed: string };
type Environment = { readonly DATABASE_URL?: string; readonly REDIS_URL?: string };

function start(command: "create-admin" | "revoke-admin", args: readonly string[], own: Environment = {}) {
	const entry = findProgram(fileURLToPath(new URL(`${command}.ts`, import.meta.url)));
	const env = {
		PATH: process.env.PATH,
		NODE_COMPILE_CACHE: COMPILE_CACHE,
		DATABASE_URL: test.databaseUrl,
		REDIS_URL: test.redis.url,
		...own,
	};
	let child: ChildProcess | undefined;
	const ended = new Promise<Ended>((resolve) => {
		child = execFile(process.execPath, ["--disable-warning=ExperimentalWarning", entry, ...args], { env }, (error, stdout, stderr) =>
			resolve({ code: error === null ? 0 : Number(error.code), printed: stdout + stderr }),
		);
	});
	return { ended, kill: () => child?.kill("SIGKILL") };
}
const create = (...args: string[]) => start("create-admin", args).ended;
const revoke = (...args: string[]) => start("revoke-admin", args).ended;

const userOf = async (email: string) =>
	(await test.query(`select id, role, password_hash from users where lower(email) = lower('${email}')`))[0];
const auditOf = async (id: string | null | undefined) =>
	(await test.query(`select action, actor, before, after, request_id from audit_events where target_id = '${id}' order by id`)).map((row) =>
		Object.values(row).join(" "),
	);

async function newUser(): Promise<{ id: string; email: string }> {
	const [id] = await insertUsers(test.databaseUrl, 1);
	if (id === undefined) throw new Error("no user was inserted");
	return { id, email: `buyer-${id}@example.com` };
}

describe("admin:create", () => {
	it("creates an admin with a random password when there is no terminal, prints the password, and writes an audit row", async () => {
		const { code, printed } = await create("--email", "Ada@example.com");
		const user = await userOf("ada@example.com");
		const [, password = ""] = /^Created the admin Ada@example\.com \(user [0-9a-f-]{36}\)\.\nPassword: ([\w-]{24})\n$/.exec(printed) ?? [];
		expect([code, printed.includes(String(user?.id))]).toEqual([0, true]);
		expect(await createPasswords().verify(password, String(user?.password_hash))).toEqual({ matches: true, rehash: false });
		expect(await auditOf(user?.id)).toEqual(['user.created   {"role": "admin"} ']);
		expect(await create("--email", "ada@example.com")).toEqual({
			code: 0,
			printed: `The account Ada@example.com (user ${user?.id}) is an admin already. Nothing was changed.\n`,
		});
		expect(await auditOf(user?.id)).toHaveLength(1);
	});

	it("changes an existing user only with --promote, and then keeps the password", async () => {
		const { id, email } = await newUser();
		const before = await userOf(email);
		const refused = await create("--email", email);
		expect([refused.code, refused.printed]).toEqual([1, expect.stringContaining("exists and is not an admin. Nothing was changed.")]);
		expect([await userOf(email), await auditOf(id)]).toEqual([before, []]);
		expect((await create("--email", email, "--promote")).code).toBe(0);
		expect(await userOf(email)).toEqual({ ...before, role: "admin" });
		expect(await auditOf(id)).toEqual(['user.role_changed  {"role": "user"} {"role": "admin"} ']);
	});

	it.each([
		[[], "Usage: npm run admin:create -- --email <address> [--promote]\n"],
		[["--email", ""], "Usage: npm run admin:create -- --email <address> [--promote]\n"],
		[["--email", "bob@example.com", "--password", "x"], "Usage: npm run admin:create -- --email <address> [--promote]\n"],
		[["--email", "bob"], "bob is not an e-mail address. Nothing was changed.\n"],
		[["--email", "bob@example"], "bob@example is not an e-mail address. Nothing was changed.\n"],
	])("prints what is wrong with the arguments %j and exits with 1", async (args, printed) => {
		expect(await create(...args)).toEqual({ code: 1, printed });
	});

	it("says that nothing was changed when Postgres is unreachable", async () => {
		const { ended } = start("create-admin", ["--email", "eve@example.com"], { DATABASE_URL: "postgres://absent@127.0.0.1:9/none" });
		expect(await ended).toEqual({ code: 1, printed: "Postgres is unreachable or refuses writes. Nothing was changed.\n" });
	});
});

describe("admin:revoke", () => {
	async function newAdmin() {
		const user = await newUser();
		await test.query(`update users set role = 'admin' where id = '${user.id}'`);
		return user;
	}

	async function isRoleDenied(id: string): Promise<boolean> {
		const userId = parseUserId(id);
		if (userId === null) throw new Error(`${id} is not a user id`);
		const authStore = createAuthStore({ url: test.redis.url });
		// The first answer comes from Redis, since no copy of the list is loaded yet.
		const isDenied = await authStore.isDenied(deniedRoleId(userId, "admin"));
		authStore.close();
		return isDenied;
	}

	it("demotes the admin, denies the tokens, warns when no admin is left, and can be repeated", async () => {
		await test.query("update users set role = 'user'");
		const { id, email } = await newAdmin();
		expect(await revoke("--email", email)).toEqual({
			code: 0,
			printed:
				`The account ${email} (user ${id}) is no admin any more. Its sessions were ended; the user can sign in again, as a user.\n` +
				"Warning: no admin is left. Create one: npm run admin:create -- --email <address>\n",
		});
		expect([(await userOf(email))?.role, await isRoleDenied(id)]).toEqual(["user", true]);
		await newAdmin();
		expect(await revoke("--email", email)).toEqual({
			code: 0,
			printed: `The account ${email} (user ${id}) is no admin. Tokens from a time when it was one are refused.\n`,
		});
		expect(await auditOf(id)).toEqual(['user.role_changed  {"role": "admin"} {"role": "user"} ']);
	});

	it("finishes at the next run when it was killed between Postgres and Redis, with one audit row", async () => {
		const { id, email } = await newAdmin();
		test.redis.pause();
		const { ended, kill } = start("revoke-admin", ["--email", email]);
		await waitUntil("the role to be changed in Postgres", async () => (await userOf(email))?.role === "user", 20_000);
		kill();
		await ended;
		test.redis.resume();
		expect(await isRoleDenied(id)).toBe(false);
		expect((await revoke("--email", email)).code).toBe(0);
		expect(await isRoleDenied(id)).toBe(true);
		expect(await auditOf(id)).toHaveLength(1);
	});

	it("says that tokens may still be valid when Redis is unreachable, and finishes at the next run", async () => {
		const { id, email } = await newAdmin();
		const { code, printed } = await start("revoke-admin", ["--email", email], { REDIS_URL: "redis://127.0.0.1:9" }).ended;
		expect([code, printed]).toEqual([
			1,
			expect.stringMatching(/^Redis is unreachable .* may still be valid, .* Run the command again to finish\.\n$/),
		]);
		expect((await revoke("--email", email)).code).toBe(0);
		expect(await isRoleDenied(id)).toBe(true);
	});

	it("changes nothing for an unknown e-mail, without an e-mail, and without Postgres", async () => {
		expect(await revoke("--email", "unknown@example.com")).toEqual({
			code: 1,
			printed: "There is no account with the e-mail unknown@example.com. Nothing was changed.\n",
		});
		expect(await revoke()).toEqual({ code: 1, printed: "Usage: npm run admin:revoke -- --email <address>\n" });
		const { email } = await newAdmin();
		const { ended } = start("revoke-admin", ["--email", email], { DATABASE_URL: "postgres://absent@127.0.0.1:9/none" });
		expect(await ended).toEqual({ code: 1, printed: "Postgres is unreachable or refuses writes. Nothing was changed.\n" });
		expect((await userOf(email))?.role).toBe("admin");
	});
});
