/** The wire schemas of users, sessions, and the requests to register, sign in and refresh. */
import { PASSWORD_MAX_CHARS, PASSWORD_MIN_CHARS } from "@holdfast/runtime";
import { type Static, Type } from "typebox";
import { EXAMPLE_IDS, EXAMPLE_TIMES } from "./examples.ts";
import { CLOSED, id, instant, oneOf, share, text } from "./share.ts";

/** The roles a user can have. */
export const ROLES = ["user", "admin"] as const;
/** A role of a user. */
export type Role = (typeof ROLES)[number];

const UserObject = Type.Object(
	{
		id: id("User id", EXAMPLE_IDS.user),
		email: text("E-mail address as entered at registration", "ada@example.com"),
		displayName: text("Name to display for the user", "Ada Lovelace"),
		role: oneOf(ROLES, "Role of the user: `admin` may use the routes below `/api/v1/admin`"),
		createdAt: instant("When the user registered", EXAMPLE_TIMES.registered),
	},
	{ ...CLOSED, description: "A registered user" },
);
/** Schema of a user. */
export const User = share("User", UserObject);
/** The JSON of a user. */
export type UserBody = Static<typeof UserObject>;

/** Schema of the answer to registering, signing in and refreshing. */
export const Session = share(
	"Session",
	Type.Object(
		{
			user: User.ref,
			accessToken: text(
				"Access token: send it as `Authorization: Bearer <token>`",
				"eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIwMTk5In0.c2lnbmF0dXJl",
			),
			refreshToken: text(
				"Refresh token for `POST /api/v1/auth/refresh`, which returns the next one. Can be exchanged once, within 30 days, except to " +
					"repeat a lost refresh. Keep it secret",
				"mB0Zy6Qe2XfT9uKq4vN7wR1sLcJpHdGaEoUiYtBxVn8",
			),
			expiresInSeconds: Type.Integer({
				minimum: 1,
				description: "Seconds until the access token expires, from when the answer was sent",
				examples: [900],
			}),
		},
		{ ...CLOSED, description: "The signed-in user and the tokens" },
	),
);

/** At least one visible character, and no control characters. */
export const PRINTABLE = "^[^\\u0000-\\u001f\\u007f]*[^\\s\\u0000-\\u001f\\u007f][^\\u0000-\\u001f\\u007f]*$";
/** Postgres rejects text that contains a NUL. */
const NO_NUL = "^[^\\u0000]*$";

/** The most characters of an e-mail address. */
export const EMAIL_MAX_CHARS = 254;
/** The most characters of a name. */
export const DISPLAY_NAME_MAX_CHARS = 80;

const email = Type.String({
	format: "email",
	maxLength: EMAIL_MAX_CHARS,
	description: "E-mail address. Upper and lower case are not distinguished",
	examples: ["ada@example.com"],
});
const EXAMPLE_PASSWORD = "correct horse battery";

/** Schema of the body of a registration. */
export const Registration = share(
	"Registration",
	Type.Object(
		{
			email,
			password: Type.String({
				minLength: PASSWORD_MIN_CHARS,
				maxLength: PASSWORD_MAX_CHARS,
				description: `Password of ${PASSWORD_MIN_CHARS} to ${PASSWORD_MAX_CHARS} characters; any characters are allowed`,
				examples: [EXAMPLE_PASSWORD],
			}),
			displayName: Type.String({
				minLength: 1,
				maxLength: DISPLAY_NAME_MAX_CHARS,
				pattern: PRINTABLE,
				description:
					"Name to display for the user: 1 to 80 characters, at least one of them visible, no control characters. Spaces around it are " +
					"removed",
				examples: ["Ada Lovelace"],
			}),
		},
		{ ...CLOSED, description: "A new user" },
	),
);

/** No minimum length: an old, shorter password must be answered as wrong, not as an invalid request. */
const enteredPassword = Type.String({
	maxLength: PASSWORD_MAX_CHARS,
	description: `Password of the user. One of more than ${PASSWORD_MAX_CHARS} characters is answered 400`,
	examples: [EXAMPLE_PASSWORD],
});

/** Schema of the body of a sign-in. */
export const Credentials = share(
	"Credentials",
	Type.Object(
		{
			email: Type.String({
				maxLength: EMAIL_MAX_CHARS,
				pattern: NO_NUL,
				description: "E-mail address. Upper and lower case are not distinguished",
				examples: ["ada@example.com"],
			}),
			password: enteredPassword,
		},
		{ ...CLOSED, description: "E-mail address and password of a user" },
	),
);

/** Schema of the body of a request to delete the own account. */
export const AccountDeletion = share(
	"AccountDeletion",
	Type.Object({ password: enteredPassword }, { ...CLOSED, description: "The password of the account to delete" }),
);

/** Accepts any text: a text that is not a refresh token is answered 401 like an invalid token, not 400. */
export const RefreshRequest = share(
	"RefreshRequest",
	Type.Object(
		{
			refreshToken: Type.String({
				maxLength: 256,
				description: "The refresh token that you received last",
				examples: ["mB0Zy6Qe2XfT9uKq4vN7wR1sLcJpHdGaEoUiYtBxVn8"],
			}),
		},
		{ ...CLOSED, description: "The refresh token to exchange for a new session" },
	),
);
