/** Only a refresh token that was issued and already used ends a sign-in; an invented token never does. */
import { randomBytes, randomUUID } from "node:crypto";
import type { UserId } from "@holdfast/domain";
import { createTestDatabase, insertUsers, type TestDatabase } from "@holdfast/testing";
import { sql } from "drizzle-orm";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createDatabase, type Database } from "../create-database.ts";
import { writeTo } from "../run-queries.ts";
import { openRefreshFamily } from "./open-refresh-family.ts";
import { formatRefreshToken, hashOf, parseRefreshToken } from "./refresh-token.ts";
import { rotateRefreshToken } from "./rotate-refresh-token.ts";

let test: TestDatabase;
let database: Database;
let userId: UserId;
beforeAll(async () => {
	test = await createTestDatabase();
	database = createDatabase({ url: test.url });
	const [id] = await insertUsers(test.url, 1);
	if (id === undefined) throw new Error("no user was inserted");
	userId = id;
});
afterAll(async () => {
	await database.close();
	await test.drop();
});

const run = (statement: ReturnType<typeof sql>) =>
	writeTo(database, "accounts", async (queries) => [...(await queries.execute(statement))]);
const rotate = (token: string) => rotateRefreshToken(database, token);
async function newFamily() {
	const opened = await openRefreshFamily(database, userId);
	if (opened.outcome !== "opened") throw new Error(`the sign-in was ${opened.outcome}`);
	return opened;
}
const rowOf = async (familyId: string) => (await run(sql`select * from refresh_families where id = ${familyId}`))[0];
const keyOf = async (familyId: string) => String((await rowOf(familyId))?.mac_key);

async function successor(token: string): Promise<string> {
	const outcome = await rotate(token);
	if (outcome.outcome !== "rotated") throw new Error(`the token was ${outcome.outcome}`);
	return outcome.refreshToken;
}

function parts(token: string) {
	const parsed = parseRefreshToken(token);
	if (parsed?.seal == null) throw new Error("not a sealed token");
	return { familyId: parsed.familyId, secret: parsed.secret, generation: parsed.seal.generation };
}

/** Returns the token with one bit of the given byte flipped. */
function altered(token: string, byte: number): string {
	const bytes = Buffer.from(token, "base64url");
	bytes[byte] = (bytes[byte] ?? 0) ^ 1;
	return bytes.toString("base64url");
}

/** Returns a token in the format from before tokens had MACs. */
const withoutSeal = ({ familyId, secret }: { familyId: string; secret: Buffer }): string =>
	Buffer.concat([Buffer.from(familyId.replaceAll("-", ""), "hex"), secret]).toString("base64url");

describe("a token that was never issued", () => {
	it("is refused and changes nothing when it names a real family with an invented secret", async () => {
		const { familyId, refreshToken } = await newFamily();
		const current = await successor(refreshToken);
		const before = await rowOf(familyId);
		const invented = { familyId, generation: 0, secret: randomBytes(32) };
		for (const token of [formatRefreshToken(invented, randomUUID()), formatRefreshToken(invented, ""), withoutSeal(invented)])
			expect(await rotate(token)).toEqual({ outcome: "refused" });
		expect(await rowOf(familyId)).toEqual(before);
		await successor(current);
	});

	it.each([
		["a byte of its MAC", 83],
		["the first byte of its MAC", 52],
		["its secret", 20],
		["its generation", 19],
	])("is refused and changes nothing when it is a current or used token with %s altered", async (_what, byte) => {
		const { familyId, refreshToken: used } = await newFamily();
		const current = await successor(await successor(used));
		const before = await rowOf(familyId);
		for (const token of [used, current]) expect(await rotate(altered(token, byte))).toEqual({ outcome: "refused" });
		expect(await rowOf(familyId)).toEqual(before);
		await successor(current);
	});

	it("is refused when it carries the MAC of another family", async () => {
		const [one, other] = [await newFamily(), await newFamily()];
		const { secret } = parts(other.refreshToken);
		const forged = formatRefreshToken({ familyId: one.familyId, generation: 0, secret }, await keyOf(other.familyId));
		expect(await rotate(forged)).toEqual({ outcome: "refused" });
		for (const { refreshToken } of [one, other]) await successor(refreshToken);
	});

	it("is refused without waiting for the row lock of its family", async () => {
		const { familyId, refreshToken } = await newFamily();
		const invented = formatRefreshToken({ familyId, generation: 0, secret: randomBytes(32) }, randomUUID());
		const other = createDatabase({ url: test.url, poolMax: 1 });
		await writeTo(other, "accounts", (queries) =>
			queries.transaction(async (tx) => {
				await tx.execute(sql`select 1 from refresh_families where id = ${familyId} for update`);
				const outcomes = await Promise.all(Array.from({ length: 20 }, () => rotate(invented)));
				expect(new Set(outcomes.map(({ outcome }) => outcome))).toEqual(new Set(["refused"]));
			}),
		);
		await other.close();
		await successor(refreshToken);
	});
});

describe("a token that was issued and used", () => {
	it("ends its family, even when it was used many rotations ago", async () => {
		const { familyId, refreshToken } = await newFamily();
		let current = refreshToken;
		for (let rotation = 0; rotation < 5; rotation += 1) current = await successor(current);
		expect(await rotate(refreshToken)).toEqual({ outcome: "reused", userId, familyId });
		for (const token of [current, refreshToken]) expect(await rotate(token)).toEqual({ outcome: "reused", userId, familyId });
	});

	it("carries its generation: 0 in the first token, and one more in each successor", async () => {
		const { refreshToken } = await newFamily();
		const next = await successor(refreshToken);
		expect([refreshToken, next, await successor(next)].map((token) => parts(token).generation)).toEqual([0, 1, 2]);
	});
});

it("an attacker who reads the row of a family cannot forge its current token, and can at most end the family", async () => {
	const { familyId, refreshToken } = await newFamily();
	const current = await successor(refreshToken);
	const key = await keyOf(familyId);
	const before = await rowOf(familyId);
	for (const generation of [1, 2, 2 ** 32 - 1])
		expect(await rotate(formatRefreshToken({ familyId, generation, secret: randomBytes(32) }, key))).toEqual({ outcome: "refused" });
	expect(await rowOf(familyId)).toEqual(before);
	const older = formatRefreshToken({ familyId, generation: 0, secret: randomBytes(32) }, key);
	expect((await rotate(older)).outcome).toBe("reused");
	expect((await rotate(current)).outcome).toBe("reused");
});

it("a token whose rotation Postgres lost in a failover is refused and does not end the family", async () => {
	const { familyId, refreshToken } = await newFamily();
	const { generation, token_hash } = (await rowOf(familyId)) ?? {};
	const lost = await successor(refreshToken);
	await run(sql`update refresh_families set generation = ${generation}, token_hash = ${token_hash},
		previous_hash = null, successor_salt = null, rotated_at = null where id = ${familyId}`);
	expect(await rotate(lost)).toEqual({ outcome: "refused" });
	const current = await successor(refreshToken);
	expect(await rotate(lost)).toEqual({ outcome: "refused" });
	await successor(current);
});

describe("a token from before tokens had MACs", () => {
	/** Opens a family whose current token has the format without a MAC. */
	async function olderFamily() {
		const { familyId } = await newFamily();
		const secret = randomBytes(32);
		await run(sql`update refresh_families set token_hash = ${hashOf(secret)} where id = ${familyId}`);
		return { familyId, token: withoutSeal({ familyId, secret }) };
	}

	it("stays valid and gets a successor with a MAC, and the same successor again within the grace period", async () => {
		const { token } = await olderFamily();
		expect(token).toMatch(/^[A-Za-z0-9_-]{64}$/);
		const next = await successor(token);
		expect(parts(next).generation).toBe(1);
		expect(await successor(token)).toBe(next);
		await successor(next);
	});

	it("ends its family when it is sent again after the grace period", async () => {
		const { familyId, token } = await olderFamily();
		await successor(token);
		await run(sql`update refresh_families set rotated_at = rotated_at - interval '10 seconds' where id = ${familyId}`);
		for (const again of [token, token]) expect(await rotate(again)).toEqual({ outcome: "reused", userId, familyId });
	});

	it("is refused without ending its family once its hash is no longer stored, like an invented token", async () => {
		const { familyId, token } = await olderFamily();
		const current = await successor(await successor(token));
		for (const unproven of [token, withoutSeal({ familyId, secret: randomBytes(32) })])
			expect(await rotate(unproven)).toEqual({ outcome: "refused" });
		await successor(current);
	});
});
