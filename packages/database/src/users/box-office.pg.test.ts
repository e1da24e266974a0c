/** The account of the box office: it exists after the migrations, owns bookings, and no person can sign in to it. */
import { BOX_OFFICE_USER_ID } from "@holdfast/domain";
import { sql } from "drizzle-orm";
import { afterAll, beforeAll, expect, it } from "vitest";
import { openTestLedger, type TestLedger } from "../testing/open-test-ledger.ts";
import { changeUser } from "./change-user.ts";
import { allowSignIn } from "./end-account.ts";
import { findUser } from "./find-user.ts";
import { openRefreshFamily } from "./open-refresh-family.ts";

let ledger: TestLedger;
beforeAll(async () => {
	ledger = await openTestLedger();
});
afterAll(() => ledger.stop());

it("the box-office account exists after the migrations, as a plain user without e-mail, password and name", async () => {
	const rows = await ledger.rows(sql`select email, password_hash, display_name, role from users where id = ${BOX_OFFICE_USER_ID}`);
	expect(rows).toEqual([{ email: null, password_hash: null, display_name: null, role: "user" }]);
});

it("the box-office account gets no session, no role and no e-mail, and is no user for others", async () => {
	await allowSignIn(ledger.database, BOX_OFFICE_USER_ID);
	expect(await openRefreshFamily(ledger.database, BOX_OFFICE_USER_ID)).toEqual({ outcome: "denied" });
	expect(await findUser(ledger.database, BOX_OFFICE_USER_ID)).toBeNull();
	const command = { actor: null, requestId: null, reason: null };
	const promotion = { changes: { role: "admin" }, ifVersions: null, command } as const;
	expect(await changeUser(ledger.database, BOX_OFFICE_USER_ID, promotion)).toMatchObject({ outcome: "not_found" });
});
