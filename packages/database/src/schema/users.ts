/** People who log in, and what keeps them logged in. Of passwords and tokens only hashes are kept. */
import type { UserId } from "@holdfast/domain";
import { sql } from "drizzle-orm";
import { check, index, integer, pgTable, text, uniqueIndex, uuid } from "drizzle-orm/pg-core";
import { instant, writtenAt } from "./columns.ts";

export const USER_ROLES = ["user", "admin"] as const;
/** `admin` may use the admin routes; everyone else is a `user`. */
export type UserRole = (typeof USER_ROLES)[number];

/** A row is never deleted (a trigger refuses it): bookings name it for good. A deleted account is a row without its person. */
export const users = pgTable(
	"users",
	{
		id: uuid("id").primaryKey().$type<UserId>(),
		/** As the person wrote it; two addresses that differ only in case are one person's. Null, with the next two: the account was deleted. */
		email: text("email"),
		passwordHash: text("password_hash"),
		displayName: text("display_name"),
		role: text("role").notNull().$type<UserRole>(),
		createdAt: writtenAt("created_at"),
		/** When the deletion of the account began: from then on nobody signs in or refreshes as this user. Null: the user may. */
		deletionStartedAt: instant("deletion_started_at"),
	},
	(table) => [
		uniqueIndex("users_email_key").on(sql`lower(${table.email})`),
		check("users_role_known", sql`${table.role} in ('user', 'admin')`),
		check("users_anonymous_whole", sql`num_nulls(${table.email}, ${table.passwordHash}, ${table.displayName}) in (0, 3)`),
		check("users_anonymous_only_by_deletion", sql`${table.email} is not null or ${table.deletionStartedAt} is not null`),
	],
);

/**
 * One row per sign-in that can still be refreshed: the tokens that followed one another since. A row that is gone is a
 * family that was ended, by whatever. Read and changed under its row lock only (`rotate-refresh-token.ts`).
 */
export const refreshFamilies = pgTable(
	"refresh_families",
	{
		/** Random. No secret: every access token of the sign-in names it, so naming it proves nothing. */
		id: uuid("id").primaryKey(),
		userId: uuid("user_id")
			.notNull()
			.$type<UserId>()
			.references(() => users.id, { onDelete: "cascade" }),
		/**
		 * Key of the MAC in each of its tokens, so that a token which was issued long ago is told from an invented one. Reading it makes
		 * nobody a token that may be used next: that needs the secret behind `token_hash`. Two random UUIDs: 244 bits.
		 */
		macKey: text("mac_key").notNull().default(sql`gen_random_uuid()::text || gen_random_uuid()::text`),
		/** How often its token was replaced; each token carries the number under its MAC. */
		generation: integer("generation").notNull().default(0),
		/** SHA-256 of the token that may be used next; empty: none, a token of it was used twice. */
		tokenHash: text("token_hash").notNull(),
		/** Of the one before it; null: there was none. */
		previousHash: text("previous_hash"),
		/** What the token was made of, together with the one before it, so that a repeat within the grace gets it again. */
		successorSalt: text("successor_salt"),
		rotatedAt: instant("rotated_at"),
		createdAt: writtenAt("created_at"),
		/** Moves on with every use. */
		expiresAt: instant("expires_at").notNull(),
		/** Does not move. */
		endsAt: instant("ends_at").notNull(),
	},
	(table) => [
		index("refresh_families_by_user").on(table.userId, table.createdAt),
		index("refresh_families_by_expiry").on(table.expiresAt),
		check("refresh_families_rotated_whole", sql`num_nulls(${table.previousHash}, ${table.successorSalt}, ${table.rotatedAt}) in (0, 3)`),
	],
);
