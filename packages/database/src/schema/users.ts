/** People who log in. The password is kept only as a PHC string of its scrypt hash. */
import type { UserId } from "@holdfast/domain";
import { sql } from "drizzle-orm";
import { check, pgTable, text, uniqueIndex, uuid } from "drizzle-orm/pg-core";
import { writtenAt } from "./columns.ts";

export const USER_ROLES = ["user", "admin"] as const;
/** `admin` may use the admin routes; everyone else is a `user`. */
export type UserRole = (typeof USER_ROLES)[number];

export const users = pgTable(
	"users",
	{
		id: uuid("id").primaryKey().$type<UserId>(),
		/** As the person wrote it; two addresses that differ only in case are one person's. */
		email: text("email").notNull(),
		passwordHash: text("password_hash").notNull(),
		displayName: text("display_name").notNull(),
		role: text("role").notNull().$type<UserRole>(),
		createdAt: writtenAt("created_at"),
	},
	(table) => [
		uniqueIndex("users_email_key").on(sql`lower(${table.email})`),
		check("users_role_known", sql`${table.role} in ('user', 'admin')`),
	],
);
