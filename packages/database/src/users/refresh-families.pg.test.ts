import type { UserId } from "@holdfast/domain";
import { createTestDatabase, insertUsers, waitUntil } from "@holdfast/testing";
import { sql } from "drizzle-orm";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createDatabase, type Database } from "../create-database.ts";
import { writeTo } from "../run-queries.ts";
import { createUser } from "./create-user.ts";
import { denySignIn, endRefreshFamilies } from "./end-account.ts";
import { findUserByEmail } from "./find-user.ts";
import { FAMILIES_PER_USER_MAX, openRefreshFamily } from "./open-refresh-family.ts";
import { formatRefreshToken, parseRefreshToken } from "./refresh-token.ts";
import { replacePasswordHash } from "./replace-password-hash.ts";
import { endRefreshFamily, type RotateOutcome, rotateRefreshToken } from "./rotate-refresh-token.ts";

let database: Database;
let url: string;
let drop: () => Promise<void>;
beforeAll(async () => {
	const test = await createTestDatabase();
	[url, drop] = [test.url, test.drop];
	database = createDatabase({ url });
});
afterAll(async () => {
	await database.close();
	await drop();
});

const run = (statement: ReturnType<typeof sql>) =>
	writeTo(database, "accounts", async (queries) => [...(await queries.execute(statement))]);
const rotate = (token: string) => rotateRefreshToken(database, token);

async function newUser(): Promise<UserId> {
	const [id] = await insertUsers(url, 1);
	if (id === undefined) throw new Error("no user was inserted");
	return id;
}

async function openFamily(userId: UserId) {
	const opened = await openRefreshFamily(database, userId);
	if (opened.outcome !== "opened") throw new Error(`the sign-in was ${opened.outcome}`);
	return opened;
}

async function newFamily() {
	const userId = await newUser();
	return { userId, ...(await openFamily(userId)) };
}

function successorIn(outcome: RotateOutcome): string {
	if (outcome.outcome !== "rotated") throw new Error(`the token was ${outcome.outcome}`);
	return outcome.refreshToken;
}

/** Moves the timestamps of a family into the past, as if its token had been used that much earlier. */
const age = (familyId: string, interval: string) =>
	run(
		sql`update refresh_families set rotated_at = rotated_at - ${interval}::interval, expires_at = expires_at - ${interval}::interval,
			created_at = created_at - ${interval}::interval where id = ${familyId}`,
	);
const exists = async (familyId: string) => (await run(sql`select 1 from refresh_families where id = ${familyId}`)).length === 1;

describe("a refresh token", () => {
	it("can be used once and returns its successor and the current data of its user", async () => {
		const { userId, familyId, refreshToken } = await newFamily();
		await run(sql`update users set role = 'admin' where id = ${userId}`);
		const first = await rotate(refreshToken);
		expect(first).toMatchObject({ outcome: "rotated", familyId, isRepeat: false, user: { id: userId, role: "admin" } });
		const second = await rotate(successorIn(first));
		expect(new Set([refreshToken, successorIn(first), successorIn(second)]).size).toBe(3);
	});

	it("is stored in Postgres only as a hash", async () => {
		const { familyId, refreshToken } = await newFamily();
		const next = successorIn(await rotate(refreshToken));
		const row = JSON.stringify(await run(sql`select * from refresh_families where id = ${familyId}`));
		for (const token of [refreshToken, next]) {
			const { secret } = parseRefreshToken(token) ?? { secret: Buffer.alloc(0) };
			expect(secret).toHaveLength(32);
			for (const encoding of ["base64url", "base64", "hex"] as const) expect(row).not.toContain(secret.toString(encoding));
		}
	});

	it("expires 30 days after its last use, but never later than the end of its family", async () => {
		const { familyId, refreshToken } = await newFamily();
		await age(familyId, "29 days 23 hours");
		const next = successorIn(await rotate(refreshToken));
		const daysLeft = async () => {
			const [row] = await run(
				sql`select round(extract(epoch from expires_at - now()) / 86400)::int as days from refresh_families where id = ${familyId}`,
			);
			return row?.days;
		};
		expect(await daysLeft()).toBe(30);
		await run(sql`update refresh_families set ends_at = now() + interval '2 days' where id = ${familyId}`);
		const last = successorIn(await rotate(next));
		expect(await daysLeft()).toBe(2);
		await age(familyId, "2 days");
		expect(await rotate(last)).toEqual({ outcome: "refused" });
	});

	it.each([
		...["", "x", "A".repeat(63), "A".repeat(64), "A".repeat(65), `${"A".repeat(63)}=`, "é".repeat(64)],
		...["A".repeat(111), "A".repeat(112), "A".repeat(113), `${"A".repeat(111)}=`],
	])("is refused when its text was never issued: %s", async (text) => {
		expect(await rotate(text)).toEqual({ outcome: "refused" });
	});

	it("is parsed into the same parts that it was formatted from", () => {
		const parts = { familyId: "0191d3a0-0000-4000-8000-00000000000f", generation: 7, secret: Buffer.alloc(32, 7) };
		const token = formatRefreshToken(parts, "key");
		expect(token).toMatch(/^[A-Za-z0-9_-]{112}$/);
		const { seal, ...named } = parseRefreshToken(token) ?? { seal: null };
		expect(named).toEqual({ familyId: parts.familyId, secret: parts.secret });
		expect([seal?.generation, seal?.mac.length]).toEqual([7, 32]);
	});
});

describe("a token that is used again", () => {
	it("gets the same successor each time within 10 s, since the first answer may have been lost", async () => {
		const { familyId, refreshToken } = await newFamily();
		const next = successorIn(await rotate(refreshToken));
		await age(familyId, "9 seconds");
		for (const again of [await rotate(refreshToken), await rotate(refreshToken)]) {
			expect(again).toMatchObject({ outcome: "rotated", refreshToken: next, isRepeat: true });
		}
		expect(await rotate(next)).toMatchObject({ outcome: "rotated", isRepeat: false });
	});

	it("ends the family after 10 s, including its newest token", async () => {
		const { userId, familyId, refreshToken } = await newFamily();
		const next = successorIn(await rotate(refreshToken));
		await age(familyId, "10 seconds");
		const reused = { outcome: "reused", userId, familyId };
		for (const token of [refreshToken, next, refreshToken, next]) expect(await rotate(token)).toEqual(reused);
		await endRefreshFamily(database, { userId, familyId });
		for (const token of [refreshToken, next]) expect(await rotate(token)).toEqual({ outcome: "refused" });
	});

	it("ends the family at once when its successor was used already", async () => {
		const { userId, familyId, refreshToken } = await newFamily();
		const last = successorIn(await rotate(successorIn(await rotate(refreshToken))));
		expect(await rotate(refreshToken)).toEqual({ outcome: "reused", userId, familyId });
		expect(await rotate(last)).toEqual({ outcome: "reused", userId, familyId });
	});

	it("does not affect the user's other families", async () => {
		const { userId, familyId, refreshToken } = await newFamily();
		const other = await openFamily(userId);
		await rotate(refreshToken);
		await age(familyId, "1 minute");
		expect((await rotate(refreshToken)).outcome).toBe("reused");
		expect((await rotate(other.refreshToken)).outcome).toBe("rotated");
	});

	it("gets one and the same successor in twenty concurrent requests", async () => {
		const { refreshToken } = await newFamily();
		const outcomes = await Promise.all(Array.from({ length: 20 }, () => rotate(refreshToken)));
		expect(new Set(outcomes.map(successorIn)).size).toBe(1);
		expect(outcomes.filter((outcome) => outcome.outcome === "rotated" && !outcome.isRepeat)).toHaveLength(1);
	});

	it("gets the same successor in two requests that wait for the row lock, whichever gets the lock first", async () => {
		const { familyId, refreshToken } = await newFamily();
		const other = createDatabase({ url, poolMax: 1 });
		const waiting = async () =>
			(await run(sql`select 1 from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`)).length;
		const pair = await writeTo(other, "accounts", (queries) =>
			queries.transaction(async (tx) => {
				await tx.execute(sql`select 1 from refresh_families where id = ${familyId} for update`);
				const outcomes = [rotate(refreshToken), rotate(refreshToken)];
				await waitUntil("both requests to wait for the lock", async () => (await waiting()) === 2);
				return { outcomes };
			}),
		);
		const [first, second] = (await Promise.all(pair.outcomes)).map(successorIn);
		expect(first).toBe(second);
		await other.close();
	});
});

describe("a family", () => {
	it("can be ended by its own user only", async () => {
		const { userId, familyId, refreshToken } = await newFamily();
		await endRefreshFamily(database, { userId: await newUser(), familyId });
		const next = successorIn(await rotate(refreshToken));
		await endRefreshFamily(database, { userId, familyId });
		await endRefreshFamily(database, { userId, familyId });
		expect(await rotate(next)).toEqual({ outcome: "refused" });
	});

	it("ends even while one of its tokens is being rotated, whichever commits first", async () => {
		for (let round = 0; round < 10; round += 1) {
			const { userId, familyId, refreshToken } = await newFamily();
			await Promise.all([rotate(refreshToken), endRefreshFamily(database, { userId, familyId })]);
			expect(await exists(familyId)).toBe(false);
		}
	});

	it("is one of at most 20 of its user: one more sign-in ends the oldest", async () => {
		const { userId, ...oldest } = await newFamily();
		await age(oldest.familyId, "1 day");
		const others = [];
		for (let device = 1; device < FAMILIES_PER_USER_MAX; device += 1) others.push(await openFamily(userId));
		expect(await exists(oldest.familyId)).toBe(true);
		await openFamily(userId);
		expect(await exists(oldest.familyId)).toBe(false);
		expect(await Promise.all(others.map(({ familyId }) => exists(familyId)))).not.toContain(false);
	});

	it("is deleted after it expired by the next sign-ins of any user, 20 at a time", async () => {
		const expired = await Promise.all(Array.from({ length: 21 }, newFamily));
		for (const { familyId } of expired) await age(familyId, "31 days");
		const countExisting = async () => (await Promise.all(expired.map(({ familyId }) => exists(familyId)))).filter(Boolean).length;
		await newFamily();
		expect(await countExisting()).toBe(1);
		await newFamily();
		expect(await countExisting()).toBe(0);
	});

	it("ends with the account of its user", async () => {
		const { userId, familyId } = await newFamily();
		await denySignIn(database, userId);
		await endRefreshFamilies(database, userId);
		expect(await exists(familyId)).toBe(false);
	});
});

it("replaces a password hash only if it has not changed since it was read", async () => {
	const made = await createUser(database, { email: "re@hash.org", passwordHash: "old", displayName: "R", role: "user" });
	if (made.outcome !== "created") throw new Error("the e-mail is already taken");
	expect(await replacePasswordHash(database, made.user.id, { from: "old", to: "new" })).toBe(true);
	expect(await replacePasswordHash(database, made.user.id, { from: "old", to: "newer" })).toBe(false);
	expect((await findUserByEmail(database, "re@hash.org"))?.passwordHash).toBe("new");
});
