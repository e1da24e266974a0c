/** Changes of a role on real stores, with interruptions, sign-ins and other changes between any two steps. */
import { listRefreshFamilies, OPERATOR, type UserRole } from "@holdfast/database";
import { newUserId } from "@holdfast/domain";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { AccessStep } from "./change-access.ts";
import { changeRole } from "./change-role.ts";
import { deniedRoleId } from "./denied-access.ts";
import { openTestAccounts, type Person, type TestAccounts } from "./testing/open-test-accounts.ts";

let test: TestAccounts;
beforeAll(async () => {
	test = await openTestAccounts();
});
afterAll(() => test.stop());

const STEPS: readonly AccessStep[] = ["change_row", "align_tokens", "deny_families"];

const change = (person: Person, role: UserRole, beforeStep?: (step: AccessStep) => Promise<void>) =>
	changeRole(
		{ authStore: test.authStore, database: test.database, ...(beforeStep && { beforeStep }) },
		{ userId: person.userId, role, origin: OPERATOR },
	);

async function newAdmin(): Promise<Person> {
	const person = await test.newPerson();
	await test.query(`update users set role = 'admin' where id = '${person.userId}'`);
	return person;
}

async function signIn(person: Person): Promise<string> {
	const opened = await test.signIn(person);
	if (opened.outcome !== "opened") throw new Error("the sign-in was refused");
	return opened.familyId;
}

const roleOf = async ({ userId }: Person) => (await test.query(`select role from users where id = '${userId}'`))[0]?.role;
const auditOf = ({ userId }: Person) =>
	test.query(`select action, actor, before->>'role' as before, after->>'role' as after from audit_events where target_id = '${userId}'`);
const hasDeniedRole = ({ userId }: Person) => test.authStore.isDenied(deniedRoleId(userId, "admin"));

async function expectDemoted(person: Person): Promise<void> {
	expect([await roleOf(person), await hasDeniedRole(person)]).toEqual(["user", true]);
	expect(await auditOf(person)).toEqual([{ action: "user.role_changed", actor: null, before: "admin", after: "user" }]);
	expect(await listRefreshFamilies(test.database, person.userId)).toEqual([]);
}

describe("a demotion", () => {
	it("denies the tokens with the role and the families, ends the sessions, and writes one audit row with ids only", async () => {
		const person = await newAdmin();
		const families = [await signIn(person), await signIn(person)];
		expect(await change(person, "user")).toMatchObject({ outcome: "changed" });
		await expectDemoted(person);
		for (const family of families) expect(await test.authStore.isDenied(family)).toBe(true);
		const [row] = await test.query(`select to_jsonb(a) as text from audit_events a where target_id = '${person.userId}'`);
		expect(row?.text).not.toContain(person.email);
	});

	it("denies the tokens of a family that is no longer in the table, because the user's role is denied", async () => {
		const person = await newAdmin();
		const first = await signIn(person);
		for (let later = 0; later < 20; later += 1) await signIn(person);
		expect(await listRefreshFamilies(test.database, person.userId)).not.toContain(first);
		await change(person, "user");
		expect(await test.authStore.isDenied(first, person.userId, deniedRoleId(person.userId, "admin"))).toBe(true);
	});

	it("lets the user sign in again at once", async () => {
		const person = await newAdmin();
		await change(person, "user");
		const family = await signIn(person);
		expect(await test.authStore.isDenied(family, person.userId)).toBe(false);
	});

	it.each(STEPS)("ends in the same state when it is killed before the step %s and repeated", async (step) => {
		const person = await newAdmin();
		await signIn(person);
		const crash = async (next: AccessStep) => {
			if (next === step) throw new Error("killed");
		};
		await expect(change(person, "user", crash)).rejects.toThrow("killed");
		expect(await roleOf(person)).toBe(step === "change_row" ? "admin" : "user");
		expect((await change(person, "user")).outcome).toBe(step === "change_row" ? "changed" : "unchanged");
		await expectDemoted(person);
	});

	it("changes nothing for a user who is no admin, and leaves the user's sessions valid", async () => {
		const person = await test.newPerson();
		const family = await signIn(person);
		expect((await change(person, "user")).outcome).toBe("unchanged");
		expect(await listRefreshFamilies(test.database, person.userId)).toEqual([family]);
		expect([await test.authStore.isDenied(family, person.userId), await auditOf(person)]).toEqual([false, []]);
	});

	it("returns how many admins can still sign in, down to none", async () => {
		await test.query("update users set role = 'user'");
		const [first, last] = [await newAdmin(), await newAdmin()];
		expect(await change(first, "user")).toEqual({ outcome: "changed", adminsLeft: 1 });
		expect(await change(last, "user")).toEqual({ outcome: "changed", adminsLeft: 0 });
	});
});

describe("a promotion", () => {
	it("writes one audit row, keeps the sessions, and lifts the denial of an earlier demotion", async () => {
		const person = await newAdmin();
		await change(person, "user");
		const family = await signIn(person);
		expect((await change(person, "admin")).outcome).toBe("changed");
		expect((await change(person, "admin")).outcome).toBe("unchanged");
		expect([await roleOf(person), await hasDeniedRole(person)]).toEqual(["admin", false]);
		expect(await listRefreshFamilies(test.database, person.userId)).toEqual([family]);
		expect((await auditOf(person)).map(({ after }) => after)).toEqual(["user", "admin"]);
	});
});

describe("concurrent changes of one role", () => {
	it("leave Redis as the row says, after each of 30 rounds of three promotions and three demotions", async () => {
		const person = await newAdmin();
		for (let round = 0; round < 30; round += 1) {
			const roles: UserRole[] = ["user", "admin", "user", "admin", "user", "admin"];
			await Promise.all(roles.map((role) => change(person, role)));
			expect(await hasDeniedRole(person)).toBe((await roleOf(person)) === "user");
		}
	});

	it("a promotion that reaches Redis after a whole demotion leaves the tokens denied", async () => {
		const person = await test.newPerson();
		let isDemoted = false;
		const lateStore = {
			...test.authStore,
			async allow(id: string) {
				if (!isDemoted) await change(person, "user");
				isDemoted = true;
				await test.authStore.allow(id);
			},
		};
		await changeRole({ authStore: lateStore, database: test.database }, { userId: person.userId, role: "admin", origin: OPERATOR });
		expect([await roleOf(person), await hasDeniedRole(person)]).toEqual(["user", true]);
	});
});

describe("an unknown user", () => {
	it("changes nothing, and neither does a deleted account", async () => {
		expect(await change({ userId: newUserId(), email: "" }, "admin")).toEqual({ outcome: "unknown_user" });
		const person = await test.newPerson();
		await test.remove(person.email);
		expect(await change(person, "admin")).toEqual({ outcome: "unknown_user" });
		expect((await auditOf(person)).map(({ action }) => action)).toEqual(["user.deleted"]);
	});
});
