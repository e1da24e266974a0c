/** The tables of users and of their sign-ins. Passwords and tokens are stored as hashes only. */
import type { UserId } from "@holdfast/domain";
import { sql } from "drizzle-orm";
import { check, index, integer, pgTable, text, uniqueIndex, uuid } from "drizzle-orm/pg-core";
import { instant, writtenAt } from "./columns.ts";

/** The roles that a user can have. */
export const USER_ROLES = ["user", "admin"] as const;
/** `admin` may use the admin routes; `user` may not. */
export type UserRole = (typeof USER_ROLES)[number];

/**
 * One row per user. A trigger refuses to delete rows, because bookings refer to them forever. A deleted account is an anonymised row.
 */
export const users = pgTable(
	"users",
	{
		id: uuid("id").primaryKey().$type<UserId>(),
		/**
		 * The e-mail in the letter case that the user entered; it is unique regardless of case. This column and the next two are null once
		 * the account is deleted.
		 */
		email: text("email"),
		passwordHash: text("password_hash"),
		displayName: text("display_name"),
		role: text("role").notNull().$type<UserRole>(),
		createdAt: writtenAt("created_at"),
		/** When the deletion of the account began; from then on every sign-in and token refresh of this user fails. Null: not deleted. */
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
 * One row per sign-in that can still be refreshed: the family of its refresh tokens. Ending a family deletes its row. A token is used and
 * replaced only under the row lock (`rotate-refresh-token.ts`).
 */
export const refreshFamilies = pgTable(
	"refresh_families",
	{
		/** Random, but not a secret: every access token of the sign-in contains it, so knowing it proves nothing. */
		id: uuid("id").primaryKey(),
		userId: uuid("user_id")
			.notNull()
			.$type<UserId>()
			.references(() => users.id, { onDelete: "cascade" }),
		/**
		 * The key of the MAC in each token of the family. The MAC distinguishes a token that was issued long ago from an invented one. The key
		 * alone is not enough to forge the current token: that needs the secret behind `token_hash`. Two random UUIDs: 244 bits.
		 */
		macKey: text("mac_key").notNull().default(sql`gen_random_uuid()::text || gen_random_uuid()::text`),
		/** How often the token was replaced. Each token carries this number, protected by its MAC. */
		generation: integer("generation").notNull().default(0),
		/** SHA-256 of the current token's secret. Empty when the family was revoked because a token was used twice. */
		tokenHash: text("token_hash").notNull(),
		/** SHA-256 of the previous token's secret; null when there was no previous token. */
		previousHash: text("previous_hash"),
		/** The salt from which the current secret was derived, with the previous secret. A repeat within the grace period derives it again. */
		successorSalt: text("successor_salt"),
		rotatedAt: instant("rotated_at"),
		createdAt: writtenAt("created_at"),
		/** Extended by every use. */
		expiresAt: instant("expires_at").notNull(),
		/** The latest possible `expires_at`; fixed at sign-in. */
		endsAt: instant("ends_at").notNull(),
	},
	(table) => [
		index("refresh_families_by_user").on(table.userId, table.createdAt),
		index("refresh_families_by_expiry").on(table.expiresAt),
		check("refresh_families_rotated_whole", sql`num_nulls(${table.previousHash}, ${table.successorSalt}, ${table.rotatedAt}) in (0, 3)`),
	],
);
