/** Creates an admin, with the audit row that says so. */
import type { UserId } from "@holdfast/domain";
import { type AuditOrigin, recordAudit } from "../admin/record-audit.ts";
import type { Database } from "../create-database.ts";
import { writeTo } from "../run-queries.ts";
import { insertUser } from "./create-user.ts";

/** The new admin, and who creates it. `passwordHash` is a PHC string. */
export type NewAdmin = {
	readonly email: string;
	readonly passwordHash: string;
	readonly displayName: string;
	readonly origin: AuditOrigin;
};

/** `email_taken`: an account already has this e-mail, in any letter case; nothing was written. */
export type CreateAdminOutcome = { readonly outcome: "created"; readonly userId: UserId } | { readonly outcome: "email_taken" };

/** Inserts the user with the role `admin` and one audit row, all or nothing. A second call returns `email_taken`. */
export const createAdmin = (database: Database, { origin, ...user }: NewAdmin): Promise<CreateAdminOutcome> =>
	writeTo(database, "accounts", (queries) =>
		queries.transaction(async (tx): Promise<CreateAdminOutcome> => {
			const made = await insertUser(tx, { ...user, role: "admin" });
			if (made.outcome !== "created") return made;
			const { id } = made.user;
			await recordAudit(tx, origin, [{ action: "user.created", target: { type: "user", id }, before: null, after: { role: "admin" } }]);
			return { outcome: "created", userId: id };
		}),
	);
