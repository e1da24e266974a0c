/** Blocks and unblocks on real stores, with interruptions, deletions and other changes between any two steps; and admins who oust each other. */
import { findAdminUser, listRefreshFamilies, rotateRefreshToken, type UserAccess } from "@holdfast/database";
import { newUserId, type UserId } from "@holdfast/domain";
import { byRunLength } from "@holdfast/testing";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type AccessStep, changeAccess } from "./change-access.ts";
import { deleteAccountById } from "./delete-account.ts";
import type { DeletionStep } from "./deletion-steps.ts";
import { deniedBlockId, deniedRoleId } from "./denied-access.ts";
import { firstOf, openTestAccounts, type Person, type TestAccounts } from "./testing/open-test-accounts.ts";

const STEPS: readonly AccessStep[] = ["change_row", "align_tokens", "deny_families"];
const ROUNDS = byRunLength({ short: 6, long: 200 });

let test: TestAccounts;
let boss: Person;
beforeAll(async () => {
	test = await openTestAccounts();
	boss = await newAdmin();
});
afterAll(() => test.stop());

async function newAdmin(): Promise<Person> {
	const person = await test.newPerson();
	await test.query(`update users set role = 'admin' where id = '${person.userId}'`);
	return person;
}

type Options = {
	readonly by?: Person;
	readonly reason?: string | null;
	readonly ifVersions?: readonly number[];
	readonly beforeStep?: (step: AccessStep) => Promise<void>;
};

function change(person: Person, changes: Partial<UserAccess>, { by = boss, reason = "Fraud", ifVersions, beforeStep }: Options = {}) {
	const command = { actor: by.userId, requestId: "request", reason };
	return changeAccess({ ...test, ...(beforeStep && { beforeStep }) }, person.userId, { changes, ifVersions: ifVersions ?? null, command });
}

async function signIn(person: Person) {
	const opened = await test.signIn(person);
	if (opened.outcome !== "opened") throw new Error(`the sign-in was ${opened.outcome}`);
	return opened;
}

const rowOf = (person: Person) => findAdminUser(test.database, person.userId);
const isDenied = ({ userId }: Person) => test.authStore.isDenied(deniedBlockId(userId));
const auditOf = ({ userId }: Person) =>
	test.query(`select action, actor, before, after, reason from audit_events where target_id = '${userId}' order by id`);

const killedBefore = (step: AccessStep): Options => ({
	beforeStep: async (next) => {
		if (next === step) throw new Error("killed");
	},
});

async function expectBlocked(person: Person): Promise<void> {
	expect([(await rowOf(person))?.blockedAt, await isDenied(person)]).toEqual([expect.any(Number), true]);
	expect(await test.signIn(person)).toEqual({ outcome: "blocked" });
	expect(await listRefreshFamilies(test.database, person.userId)).toEqual([]);
	expect(await auditOf(person)).toEqual([
		{ action: "user.blocked", actor: boss.userId, before: '{"blocked": false}', after: '{"blocked": true}', reason: "Fraud" },
	]);
}

describe("a block", () => {
	it("denies all tokens and the families, ends the sessions, and writes one audit row with ids only", async () => {
		const person = await test.newPerson();
		const [first, second] = [await signIn(person), await signIn(person)];
		expect(await change(person, { blocked: true })).toMatchObject({ outcome: "changed", row: { version: 2 } });
		await expectBlocked(person);
		for (const { familyId, refreshToken } of [first, second]) {
			expect(await test.authStore.isDenied(familyId)).toBe(true);
			expect(await rotateRefreshToken(test.database, refreshToken)).toEqual({ outcome: "refused" });
		}
		expect(JSON.stringify(await test.query("select * from audit_events"))).not.toContain(person.email);
	});

	it("leaves the holds and bookings of the user as they are", async () => {
		const [person, showtimeId] = [await test.newPerson(), firstOf(await test.newShowtimes())];
		const [hold, bought] = [await test.hold(person, showtimeId, [0]), await test.buy(person, showtimeId, [1])];
		await change(person, { blocked: true });
		expect(await test.seatStore.readBooking(hold.bookingId)).toMatchObject({ state: "HELD" });
		expect(await test.seatStore.readBooking(bought.bookingId)).toMatchObject({ state: "CONFIRMED" });
	});

	it.each(STEPS)("ends in the same state when it is killed before the step %s and repeated", async (step) => {
		const person = await test.newPerson();
		await signIn(person);
		await expect(change(person, { blocked: true }, killedBefore(step))).rejects.toThrow("killed");
		expect((await change(person, { blocked: true })).outcome).toBe(step === "change_row" ? "changed" : "unchanged");
		await expectBlocked(person);
	});

	it("is finished by a repeat that names the version from before, although the answer is that the version differs", async () => {
		const person = await test.newPerson();
		const options: Options = { ifVersions: [1] };
		await expect(change(person, { blocked: true }, { ...options, ...killedBefore("align_tokens") })).rejects.toThrow("killed");
		expect(await isDenied(person)).toBe(false);
		expect((await change(person, { blocked: true }, options)).outcome).toBe("version_mismatch");
		await expectBlocked(person);
	});

	it("together with a demotion writes one audit row, and denies by the role too", async () => {
		const admin = await newAdmin();
		await change(admin, { blocked: true, role: "user" });
		expect([await isDenied(admin), await test.authStore.isDenied(deniedRoleId(admin.userId, "admin"))]).toEqual([true, true]);
		expect(await auditOf(admin)).toMatchObject([{ action: "user.updated", after: '{"role": "user", "blocked": true}' }]);
	});

	it.each<[string, Partial<UserAccess>]>([
		["block", { blocked: true }],
		["demotion", { role: "user" }],
	])("a %s without a reason is refused, and changes neither store", async (_kind, changes) => {
		const admin = await newAdmin();
		expect((await change(admin, changes, { reason: null })).outcome).toBe("reason_required");
		expect(await rowOf(admin)).toMatchObject({ role: "admin", blockedAt: null, version: 1 });
		expect([await isDenied(admin), await auditOf(admin)]).toEqual([false, []]);
	});
});

describe("an unblock", () => {
	it("lets the user sign in again at once, without a reason, while sessions from before stay ended", async () => {
		const person = await test.newPerson();
		const before = await signIn(person);
		await change(person, { blocked: true });
		expect(await change(person, { blocked: false }, { reason: null })).toMatchObject({ outcome: "changed", row: { blockedAt: null } });
		const after = await signIn(person);
		expect([await isDenied(person), await test.authStore.isDenied(after.familyId, person.userId)]).toEqual([false, false]);
		expect(await test.authStore.isDenied(before.familyId)).toBe(true);
		expect((await auditOf(person)).map(({ action }) => action)).toEqual(["user.blocked", "user.unblocked"]);
	});

	it.each(STEPS)("ends in the same state when it is killed before the step %s and repeated", async (step) => {
		const person = await test.newPerson();
		await change(person, { blocked: true });
		await expect(change(person, { blocked: false }, killedBefore(step))).rejects.toThrow("killed");
		await change(person, { blocked: false });
		expect([await isDenied(person), (await test.signIn(person)).outcome]).toEqual([false, "opened"]);
		expect(await auditOf(person)).toHaveLength(2);
	});

	it("does not lift the denial of a deletion", async () => {
		const person = await test.newPerson();
		await change(person, { blocked: true });
		const beforeStep = async (step: DeletionStep) => {
			if (step === "wait") await change(person, { blocked: false });
			if (step === "recheck_bookings") expect(await test.authStore.isDenied(person.userId)).toBe(true);
		};
		expect((await test.remove(person.email, { beforeStep })).outcome).toBe("deleted");
		expect(await test.authStore.isDenied(person.userId)).toBe(true);
	});
});

describe("a deletion that is prevented", () => {
	it("does not lift a block", async () => {
		const person = await test.newPerson();
		const command = await test.hold(person, firstOf(await test.newShowtimes()), [0]);
		const beforeStep = async (step: DeletionStep) => {
			if (step !== "wait") return;
			await test.seatStore.confirmBooking(command);
			await change(person, { blocked: true });
		};
		expect((await test.remove(person.email, { beforeStep })).outcome).toBe("bookings_ahead");
		expect([await isDenied(person), await test.signIn(person)]).toEqual([true, { outcome: "blocked" }]);
	});
});

describe("concurrent blocks and unblocks of one user", () => {
	it(`leave Redis as the row says, after each of ${ROUNDS} rounds of three blocks and three unblocks`, async () => {
		const person = await test.newPerson();
		for (let round = 0; round < ROUNDS; round += 1) {
			await Promise.all([true, false, true, false, true, false].map((blocked) => change(person, { blocked })));
			expect(await isDenied(person)).toBe((await rowOf(person))?.blockedAt !== null);
		}
	});
});

describe("an unblock that reaches Redis after a whole block", () => {
	it("leaves the tokens denied", async () => {
		const person = await test.newPerson();
		await change(person, { blocked: true });
		let isBlockedAgain = false;
		const authStore = {
			...test.authStore,
			async allow(id: string) {
				if (!isBlockedAgain) await change(person, { blocked: true });
				isBlockedAgain = true;
				await test.authStore.allow(id);
			},
		};
		const command = { actor: boss.userId, requestId: "request", reason: null };
		await changeAccess({ ...test, authStore }, person.userId, { changes: { blocked: false }, ifVersions: null, command });
		expect([(await rowOf(person))?.blockedAt, await isDenied(person)]).toEqual([expect.any(Number), true]);
	});
});

describe("an admin", () => {
	it.each<Partial<UserAccess>>([{ role: "user" }, { blocked: true }, { role: "user", blocked: true }])(
		"cannot make the change %j to the own account",
		async (changes) => {
			expect((await change(boss, changes)).outcome).toBe("own_role");
			expect(await rowOf(boss)).toMatchObject({ role: "admin", blockedAt: null });
		},
	);

	it("gets the own account unchanged when nothing would change", async () => {
		expect((await change(boss, { role: "admin", blocked: false })).outcome).toBe("unchanged");
	});

	it.each(["update users set role = 'user' where id = ", "update users set blocked_at = now() where id = "])(
		"changes and deletes nothing once the role or the access was taken: %s",
		async (statement) => {
			const [former, person] = [await newAdmin(), await test.newPerson()];
			await test.query(`${statement}'${former.userId}'`);
			expect((await change(person, { blocked: true }, { by: former })).outcome).toBe("not_admin");
			expect((await remove(person, former)).outcome).toBe("not_admin");
			expect(await rowOf(person)).toMatchObject({ version: 1, blockedAt: null, deletionStartedAt: null });
		},
	);

	it("gets not_found for an unknown user and for a deleted account", async () => {
		expect((await change({ userId: newUserId(), email: "" }, { blocked: true })).outcome).toBe("not_found");
		const person = await test.newPerson();
		await test.remove(person.email);
		expect((await change(person, { blocked: true })).outcome).toBe("not_found");
	});
});

const remove = (person: Person, by: Person) =>
	deleteAccountById(test.deps, person.userId, { actor: by.userId, requestId: "request", reason: "Fraud" });

describe("two admins who oust each other at the same time", () => {
	const OUSTINGS: readonly [string, (person: Person, by: Person) => Promise<{ readonly outcome: string }>][] = [
		["a demotion", (person, by) => change(person, { role: "user" }, { by })],
		["a block", (person, by) => change(person, { blocked: true }, { by })],
		["a deletion", remove],
	];
	const canAct = async ({ userId }: Person): Promise<boolean> => {
		const row = await findAdminUser(test.database, userId);
		return row?.role === "admin" && row.blockedAt === null && row.deletionStartedAt === null;
	};

	it.each(OUSTINGS)(`leave exactly one admin, after each of ${ROUNDS} rounds, by %s`, async (_kind, oust) => {
		for (let round = 0; round < ROUNDS; round += 1) {
			const [one, other] = [await newAdmin(), await newAdmin()];
			const results = await Promise.all([oust(one, other), oust(other, one)]);
			expect(results.map(({ outcome }) => outcome === "not_admin").sort()).toEqual([false, true]);
			expect([await canAct(one), await canAct(other)].sort()).toEqual([false, true]);
		}
	});
});

describe("the audit row of a deletion", () => {
	it("names the admin and the reason, and is not written when the user deletes the own account", async () => {
		const [person, own] = [await test.newPerson(), await test.newPerson()];
		expect((await remove(person, boss)).outcome).toBe("deleted");
		expect((await deleteAccountById(test.deps, own.userId, null)).outcome).toBe("deleted");
		expect(await auditOf(person)).toMatchObject([{ action: "user.deleted", actor: boss.userId, reason: "Fraud" }]);
		expect(await auditOf(own)).toEqual([]);
	});

	it("is written once when the deletion is killed before the step anonymise and repeated by another admin", async () => {
		const [person, colleague] = [await test.newPerson(), await newAdmin()];
		const beforeStep = async (step: DeletionStep) => {
			if (step === "anonymise") throw new Error("killed");
		};
		const origin = (actor: UserId) => ({ actor, requestId: "request", reason: "Fraud" });
		await expect(deleteAccountById({ ...test.deps, beforeStep }, person.userId, origin(boss.userId))).rejects.toThrow("killed");
		expect(await rowOf(person)).toMatchObject({ deletionStartedAt: expect.any(Number), version: 2 });
		expect((await deleteAccountById(test.deps, person.userId, origin(colleague.userId))).outcome).toBe("deleted");
		expect(await auditOf(person)).toMatchObject([{ action: "user.deleted", actor: colleague.userId }]);
		expect(await rowOf(person)).toMatchObject({ email: null, version: 3 });
	});
});
