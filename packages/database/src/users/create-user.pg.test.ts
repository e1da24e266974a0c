import { newUserId } from "@holdfast/domain";
import { createTestDatabase } from "@holdfast/testing";
import { afterAll, beforeAll, expect, it } from "vitest";
import { createDatabase, type Database } from "../create-database.ts";
import { createUser } from "./create-user.ts";
import { ensureAdmin } from "./ensure-admin.ts";
import { findUser, findUserByEmail } from "./find-user.ts";
import { openRefreshFamily } from "./open-refresh-family.ts";
import { rotateRefreshToken } from "./rotate-refresh-token.ts";

let database: Database;
let drop: () => Promise<void>;
beforeAll(async () => {
	const test = await createTestDatabase();
	drop = test.drop;
	database = createDatabase({ url: test.url });
});
afterAll(async () => {
	await database.close();
	await drop();
});

const newUser = (email: string) => ({ email, passwordHash: "$scrypt$x", displayName: "Zoë", role: "user" as const });

it("finds a user by id and by e-mail in any letter case, and returns the password hash only by e-mail", async () => {
	const made = await createUser(database, newUser("Zoe@Example.org"));
	if (made.outcome !== "created") throw new Error("the e-mail is already taken");
	expect(made.user).toMatchObject({ email: "Zoe@Example.org", displayName: "Zoë", role: "user" });
	expect(Math.abs(made.user.createdAt - Date.now())).toBeLessThan(60_000);
	expect(await findUser(database, made.user.id)).toEqual(made.user);
	expect(await findUserByEmail(database, "zOE@eXAMPLE.ORG")).toEqual({ user: made.user, passwordHash: "$scrypt$x" });
	expect(await findUser(database, newUserId())).toBeNull();
	expect(await findUserByEmail(database, "zoe@example.com")).toBeNull();
});

it("returns email_taken for an e-mail that differs only in letter case", async () => {
	await createUser(database, newUser("ada@example.org"));
	expect(await createUser(database, newUser("ADA@Example.ORG"))).toEqual({ outcome: "email_taken" });
});

it("ten concurrent registrations of one e-mail create one user and return email_taken to the other nine", async () => {
	const outcomes = await Promise.all(Array.from({ length: 10 }, (_, i) => createUser(database, newUser(i % 2 ? "bo@x.org" : "BO@x.org"))));
	expect(outcomes.filter(({ outcome }) => outcome === "created")).toHaveLength(1);
	expect(outcomes.filter(({ outcome }) => outcome === "email_taken")).toHaveLength(9);
});

it("an error that may end up in a log contains neither the password hash nor the e-mail", async () => {
	const error: unknown = await createUser(database, { ...newUser("secret@x.org"), displayName: "nul \0" }).catch(
		(thrown: unknown) => thrown,
	);
	if (!(error instanceof Error)) throw new Error("Postgres stored a NUL character");
	const logged = `${error.message} ${error.stack} ${JSON.stringify(error)} ${String(error.cause)}`;
	expect(logged).not.toContain("$scrypt");
	expect(logged).not.toContain("secret@x.org");
});

it("creates the first admin once, replaces a changed password and ends its sign-ins, and never turns a user into an admin", async () => {
	const admin = { email: "admin@x.org", password: "first password" };
	expect(await ensureAdmin(database, admin)).toEqual({ outcome: "created" });
	const made = (await findUserByEmail(database, admin.email))?.user;
	if (made === undefined) throw new Error("no admin was created");
	expect(made.role).toBe("admin");
	const opened = await openRefreshFamily(database, made.id);
	if (opened.outcome !== "opened") throw new Error(`the sign-in was ${opened.outcome}`);
	expect(await ensureAdmin(database, admin)).toEqual({ outcome: "unchanged" });
	const rotated = await rotateRefreshToken(database, opened.refreshToken);
	if (rotated.outcome !== "rotated") throw new Error("an unchanged password ended the family");
	expect(await ensureAdmin(database, { ...admin, password: "second password" })).toEqual({ outcome: "password_set" });
	expect(await rotateRefreshToken(database, rotated.refreshToken)).toEqual({ outcome: "refused" });
	await createUser(database, newUser("eve@x.org"));
	expect(await ensureAdmin(database, { email: "Eve@x.org", password: "mine now, all" })).toEqual({ outcome: "not_admin" });
	expect((await findUserByEmail(database, "eve@x.org"))?.passwordHash).toBe("$scrypt$x");
});
