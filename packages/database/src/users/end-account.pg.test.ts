import { setTimeout as delay } from "node:timers/promises";
import type { UserId } from "@holdfast/domain";
import { queryPostgres } from "@holdfast/local-stack";
import { createTestDatabase, insertUsers, type TestDatabase, waitUntil } from "@holdfast/testing";
import { sql } from "drizzle-orm";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { OPERATOR } from "../admin/record-audit.ts";
import { codeOf } from "../classify-error.ts";
import { createDatabase, type Database } from "../create-database.ts";
import { writeTo } from "../run-queries.ts";
import { createUser } from "./create-user.ts";
import { allowSignIn, anonymiseUser, denySignIn, endRefreshFamilies, findAccount, listRefreshFamilies } from "./end-account.ts";
import { ensureAdmin } from "./ensure-admin.ts";
import { findUser, findUserByEmail } from "./find-user.ts";
import { openRefreshFamily } from "./open-refresh-family.ts";
import { replacePasswordHash } from "./replace-password-hash.ts";
import { rotateRefreshToken } from "./rotate-refresh-token.ts";

let database: Database;
let test: TestDatabase;
beforeAll(async () => {
	test = await createTestDatabase();
	database = createDatabase({ url: test.url });
});
afterAll(async () => {
	await database.close();
	await test.drop();
});

async function newUser(): Promise<{ userId: UserId; email: string }> {
	const [userId] = await insertUsers(test.url, 1);
	if (userId === undefined) throw new Error("no user was inserted");
	return { userId, email: `buyer-${userId}@example.com` };
}

async function openFamily(userId: UserId) {
	const opened = await openRefreshFamily(database, userId);
	if (opened.outcome !== "opened") throw new Error(`the sign-in was ${opened.outcome}`);
	return opened;
}

async function deletedUser() {
	const user = await newUser();
	await denySignIn(database, user.userId);
	expect(await anonymiseUser(database, user.userId, OPERATOR)).toBe(true);
	return user;
}

const rowOf = async (userId: UserId) =>
	(await queryPostgres(test.url, `select email, password_hash, display_name, role from users where id = '${userId}'`))[0];

const errorOf = (statement: string) =>
	writeTo(database, "accounts", (queries) => queries.execute(sql.raw(statement))).then(
		() => null,
		(error: unknown) => error,
	);

describe("a user whose sign-in is denied", () => {
	it("can open no family and rotate no refresh token, while the e-mail stays taken", async () => {
		const { userId, email } = await newUser();
		const { refreshToken, familyId } = await openFamily(userId);
		await denySignIn(database, userId);
		await denySignIn(database, userId);
		expect(await findAccount(database, email.toUpperCase())).toEqual({ userId, isDenied: true });
		expect(await openRefreshFamily(database, userId)).toEqual({ outcome: "denied" });
		expect(await rotateRefreshToken(database, refreshToken)).toEqual({ outcome: "refused" });
		expect(await findUser(database, userId)).toBeNull();
		expect(await createUser(database, { email, passwordHash: "-", displayName: "Z", role: "user" })).toEqual({ outcome: "email_taken" });
		expect(await listRefreshFamilies(database, userId)).toEqual([familyId]);
		await endRefreshFamilies(database, userId);
		expect(await listRefreshFamilies(database, userId)).toEqual([]);
	});

	it("can sign in again after allowSignIn", async () => {
		const { userId, email } = await newUser();
		await denySignIn(database, userId);
		await allowSignIn(database, userId);
		expect(await findAccount(database, email)).toEqual({ userId, isDenied: false });
		const { refreshToken } = await openFamily(userId);
		expect(await rotateRefreshToken(database, refreshToken)).toMatchObject({ outcome: "rotated", isRepeat: false });
	});

	it("is denied only after a concurrent sign-in has committed, so that its family is in the table", async () => {
		const { userId } = await newUser();
		const blocker = await lockFamilies();
		const signIn = openFamily(userId);
		await waitUntil("the sign-in to wait for the table", blocker.hasWaiter);
		let isDenied = false;
		const denial = denySignIn(database, userId).then(() => {
			isDenied = true;
		});
		await delay(100);
		expect(isDenied).toBe(false);
		await blocker.release();
		const { familyId } = await signIn;
		await denial;
		expect(await listRefreshFamilies(database, userId)).toEqual([familyId]);
	});

	it("cannot sign in when the denial commits first, even if the password was checked before", async () => {
		const { userId } = await newUser();
		const { promise: committed, resolve: commit } = Promise.withResolvers<void>();
		const { promise: denied, resolve: hasDenied } = Promise.withResolvers<void>();
		const denial = writeTo(database, "accounts", (queries) =>
			queries.transaction(async (tx) => {
				await tx.execute(sql`update users set deletion_started_at = now() where id = ${userId}`);
				hasDenied();
				await committed;
			}),
		);
		await denied;
		const signIn = openRefreshFamily(database, userId);
		await delay(100);
		commit();
		await denial;
		expect(await signIn).toEqual({ outcome: "denied" });
		expect(await listRefreshFamilies(database, userId)).toEqual([]);
	});
});

describe("an anonymised user", () => {
	it("keeps id and role, and has no e-mail, password or name", async () => {
		const { userId, email } = await deletedUser();
		expect(await rowOf(userId)).toEqual({ email: null, password_hash: null, display_name: null, role: "user" });
		expect(await findAccount(database, email)).toBeNull();
		expect(await findUserByEmail(database, email)).toBeNull();
		expect(await findUser(database, userId)).toBeNull();
		expect(await openRefreshFamily(database, userId)).toEqual({ outcome: "denied" });
	});

	it("frees the e-mail, so that the next registration with it creates a new user", async () => {
		const { userId, email } = await deletedUser();
		const made = await createUser(database, { email: email.toUpperCase(), passwordHash: "-", displayName: "Z", role: "user" });
		if (made.outcome !== "created") throw new Error("the e-mail is still taken");
		expect(made.user.id).not.toBe(userId);
		expect(await findAccount(database, email)).toEqual({ userId: made.user.id, isDenied: false });
	});

	it("stays anonymised after a repeated call, a late allowSignIn and a late rehash of the password", async () => {
		const { userId } = await deletedUser();
		expect(await anonymiseUser(database, userId, OPERATOR)).toBe(true);
		await allowSignIn(database, userId);
		expect(await replacePasswordHash(database, userId, { from: "$scrypt$x", to: "$scrypt$y" })).toBe(false);
		expect(await openRefreshFamily(database, userId)).toEqual({ outcome: "denied" });
		expect(await rowOf(userId)).toMatchObject({ email: null, password_hash: null });
	});

	it("can have been an admin: the next ensureAdmin with that e-mail creates a new admin", async () => {
		const admin = { email: "boss@x.org", password: "a long password" };
		expect(await ensureAdmin(database, admin)).toEqual({ outcome: "created" });
		const userId = (await findAccount(database, admin.email))?.userId;
		if (userId === undefined) throw new Error("no admin was created");
		await denySignIn(database, userId);
		await anonymiseUser(database, userId, OPERATOR);
		expect(await ensureAdmin(database, admin)).toEqual({ outcome: "created" });
		expect((await findAccount(database, admin.email))?.userId).not.toBe(userId);
	});

	it("has one audit row with ids only, also after a repeated call, and none when the user deleted the own account", async () => {
		const auditOf = (id: UserId) => queryPostgres(test.url, `select action, before, after from audit_events where target_id = '${id}'`);
		const { userId } = await deletedUser();
		await anonymiseUser(database, userId, OPERATOR);
		expect(await auditOf(userId)).toEqual([{ action: "user.deleted", before: '{"deleted": false}', after: '{"deleted": true}' }]);
		const own = await newUser();
		await denySignIn(database, own.userId);
		expect(await anonymiseUser(database, own.userId, null)).toBe(true);
		expect(await auditOf(own.userId)).toEqual([]);
	});

	it("must be denied sign-in first: otherwise anonymiseUser returns false and changes nothing", async () => {
		const { userId, email } = await newUser();
		expect(await anonymiseUser(database, userId, OPERATOR)).toBe(false);
		expect(await rowOf(userId)).toMatchObject({ email });
	});
});

describe("the users table", () => {
	it.each(["delete from users", "delete from users where false", "truncate users cascade"])(
		"refuses to remove rows, even for its owner: %s",
		async (statement) => {
			const error: unknown = await queryPostgres(test.ownerUrl, statement).catch((thrown: unknown) => thrown);
			expect(codeOf(error)).toBe("23001");
			expect(String(error)).toContain("users are never deleted: bookings name them. Delete an account with npm run users:delete");
		},
	);

	it.each(["email = null", "password_hash = null", "email = null, password_hash = null, display_name = null"])(
		"refuses to anonymise a user partly, or one whose deletion has not begun: %s",
		async (change) => {
			const { userId } = await newUser();
			expect(codeOf(await errorOf(`update users set ${change} where id = '${userId}'`))).toBe("23514");
		},
	);
});

/** Locks the table of families, so that a sign-in stalls between its lock on the user and its insert. */
async function lockFamilies() {
	const { promise: released, resolve: release } = Promise.withResolvers<void>();
	const { promise: held, resolve: hasHeld } = Promise.withResolvers<void>();
	const holding = writeTo(database, "accounts", (queries) =>
		queries.transaction(async (tx) => {
			await tx.execute(sql`lock table refresh_families in exclusive mode`);
			hasHeld();
			await released;
		}),
	);
	await held;
	return {
		async hasWaiter() {
			const rows = await queryPostgres(
				test.url,
				"select 1 from pg_locks where relation = 'refresh_families'::regclass and not granted limit 1",
			);
			return rows.length > 0;
		},
		async release() {
			release();
			await holding;
		},
	};
}
