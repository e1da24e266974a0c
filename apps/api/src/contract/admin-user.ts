/** The wire schemas of users for staff, and of the request to delete the own account. */
import { type Static, Type } from "typebox";
import { reason, version } from "./admin.ts";
import { EXAMPLE_CURSORS, EXAMPLE_IDS, EXAMPLE_TIMES } from "./examples.ts";
import { PAGE_QUERY, page } from "./page.ts";
import { CLOSED, id, instant, nullableInstant, nullableText, oneOf, share } from "./share.ts";
import { DISPLAY_NAME_MAX_CHARS, EMAIL_MAX_CHARS, PRINTABLE, ROLES } from "./user.ts";

const AdminUserObject = Type.Object(
	{
		id: id("User id", EXAMPLE_IDS.user),
		email: nullableText("E-mail address as entered at registration; null once the account is deleted", "ada@example.com"),
		displayName: nullableText("Name to display for the user; null once the account is deleted", "Ada Lovelace"),
		role: oneOf(ROLES, "Role of the user: `admin` may use the routes of the staff"),
		blockedAt: nullableInstant("When staff blocked the user; null while the user may sign in", null),
		deletionStartedAt: nullableInstant(
			"When the deletion of the account began; null if it did not. If `email` is not null a minute later, the deletion was interrupted: " +
				"delete the account again to finish it",
			null,
		),
		version,
		createdAt: instant("When the user registered", EXAMPLE_TIMES.registered),
	},
	{ ...CLOSED, description: "A user as staff see it" },
);
/** Schema of a user for staff. */
export const AdminUser = share("AdminUser", AdminUserObject);
/** The JSON of a user for staff. */
export type AdminUserBody = Static<typeof AdminUserObject>;
/** Schema of one page of users for staff. */
export const AdminUserPage = share("AdminUserPage", page(AdminUser.ref, EXAMPLE_CURSORS.users));

const only = (description: string) => Type.Optional(Type.Boolean({ description }));
const part = (maxLength: number, description: string) =>
	Type.Optional(Type.String({ minLength: 1, maxLength, pattern: PRINTABLE, description }));

/** The query of the list of users. */
export const USER_FILTERS = {
	...PAGE_QUERY,
	email: part(
		EMAIL_MAX_CHARS,
		"Only the user with this e-mail address, and those whose address begins with it; the user itself comes first. Upper and lower case are " +
			"not distinguished, spaces around the text are ignored, and no character is a wildcard",
	),
	name: part(
		DISPLAY_NAME_MAX_CHARS,
		"Only users whose name contains this text. Upper and lower case and accents are not distinguished, spaces around the text are ignored, " +
			"and no character is a wildcard",
	),
	role: Type.Optional(oneOf(ROLES, "Only users with this role")),
	blocked: only("`true`: only blocked users; `false`: only users who are not blocked"),
	deleting: only("`true`: only users whose account is being deleted, or whose deletion was interrupted; `false`: only the others"),
};

/** Schema of the request to change a user. */
export const UserChange = share(
	"UserChange",
	Type.Object(
		{
			role: Type.Optional(oneOf(ROLES, "The new role. A user who was an admin signs in again to go on as a user")),
			blocked: Type.Optional(
				Type.Boolean({ description: "`true`: the user cannot sign in, and every session ends; `false`: undoes that", examples: [true] }),
			),
			reason: Type.Optional(reason),
		},
		{
			...CLOSED,
			minProperties: 1,
			description: "The fields to change. Absent fields stay as they are. `reason` is required to block a user or to take a role",
		},
	),
);
