/** A blocked user in Postgres: sign-ins and refreshes that run at the same time as the block. */
import { setTimeout as delay } from "node:timers/promises";
import type { UserId } from "@holdfast/domain";
import { queryPostgres } from "@holdfast/local-stack";
import { createTestDatabase, holdLock, insertUsers, type TestDatabase, waitUntil } from "@holdfast/testing";
import { sql } from "drizzle-orm";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { OPERATOR } from "../admin/record-audit.ts";
import { createDatabase, type Database } from "../create-database.ts";
import { writeTo } from "../run-queries.ts";
import { changeUser } from "./change-user.ts";
import { listRefreshFamilies } from "./end-account.ts";
import { findUserWithPassword } from "./find-user.ts";
import { openRefreshFamily } from "./open-refresh-family.ts";
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

async function newUser(): Promise<UserId> {
	const [userId] = await insertUsers(test.url, 1);
	if (userId === undefined) throw new Error("no user was inserted");
	return userId;
}

async function signIn(userId: UserId) {
	const opened = await openRefreshFamily(database, userId);
	if (opened.outcome !== "opened") throw new Error(`the sign-in was ${opened.outcome}`);
	return opened;
}

const block = (userId: UserId, blocked = true) =>
	changeUser(database, userId, { changes: { blocked }, ifVersions: null, command: OPERATOR });

describe("a blocked user", () => {
	it("can open no family and rotate no refresh token, and has no password to compare with, until the unblock", async () => {
		const userId = await newUser();
		const { familyId, refreshToken } = await signIn(userId);
		expect(await block(userId)).toMatchObject({ outcome: "changed", endedFamilies: [familyId], row: { version: 2 } });
		expect(await block(userId)).toMatchObject({ outcome: "unchanged", endedFamilies: [], row: { version: 2 } });
		expect(await openRefreshFamily(database, userId)).toEqual({ outcome: "blocked" });
		expect(await rotateRefreshToken(database, refreshToken)).toEqual({ outcome: "refused" });
		expect(await findUserWithPassword(database, userId)).toBeNull();
		await block(userId, false);
		expect((await findUserWithPassword(database, userId))?.user.id).toBe(userId);
		expect(await rotateRefreshToken(database, (await signIn(userId)).refreshToken)).toMatchObject({ outcome: "rotated" });
	});

	it("cannot refresh a family that the block has not ended", async () => {
		const userId = await newUser();
		const { refreshToken } = await signIn(userId);
		await queryPostgres(test.url, `update users set blocked_at = now() where id = '${userId}'`);
		expect(await rotateRefreshToken(database, refreshToken)).toEqual({ outcome: "refused" });
	});

	it("is denied as a deleted account, not as a blocked one, once the deletion has begun", async () => {
		const userId = await newUser();
		await block(userId);
		await queryPostgres(test.url, `update users set deletion_started_at = now() where id = '${userId}'`);
		expect(await openRefreshFamily(database, userId)).toEqual({ outcome: "denied" });
	});

	it("is blocked only after a concurrent sign-in has committed, so that its family is ended too", async () => {
		const userId = await newUser();
		const lock = await holdLock(test.ownerUrl, "lock table refresh_families in exclusive mode");
		const signingIn = signIn(userId);
		const waiters = "select 1 from pg_locks where relation = 'refresh_families'::regclass and not granted";
		await waitUntil("the sign-in to wait for the table", async () => (await queryPostgres(test.url, waiters)).length > 0);
		const blocking = block(userId);
		await delay(100);
		await lock.release();
		expect(await blocking).toMatchObject({ outcome: "changed", endedFamilies: [(await signingIn).familyId] });
		expect(await listRefreshFamilies(database, userId)).toEqual([]);
	});

	it("cannot sign in when the block commits first, even if the password was checked before", async () => {
		const userId = await newUser();
		const { promise: committed, resolve: commit } = Promise.withResolvers<void>();
		const { promise: written, resolve: hasWritten } = Promise.withResolvers<void>();
		const blocking = writeTo(database, "accounts", (queries) =>
			queries.transaction(async (tx) => {
				await tx.execute(sql`update users set blocked_at = now() where id = ${userId}`);
				hasWritten();
				await committed;
			}),
		);
		await written;
		const signingIn = openRefreshFamily(database, userId);
		await delay(100);
		commit();
		await blocking;
		expect(await signingIn).toEqual({ outcome: "blocked" });
		expect(await listRefreshFamilies(database, userId)).toEqual([]);
	});
});
