/** A user on the wire. */
import { type Static, Type } from "typebox";
import { EXAMPLE_IDS, EXAMPLE_TIMES } from "./examples.ts";
import { CLOSED, id, instant, oneOf, share, text } from "./share.ts";

export const ROLES = ["user", "admin"] as const;
export type Role = (typeof ROLES)[number];

const UserObject = Type.Object(
	{
		id: id("The user's id", EXAMPLE_IDS.user),
		email: text("As it was registered", "ada@example.com"),
		displayName: text("How the user wants to be called", "Ada Lovelace"),
		role: oneOf(ROLES, "What the user may do"),
		createdAt: instant("When the user registered", EXAMPLE_TIMES.registered),
	},
	{ ...CLOSED, description: "Somebody who can book" },
);
export const User = share("User", UserObject);
export type UserBody = Static<typeof UserObject>;

export const Session = share(
	"Session",
	Type.Object(
		{
			user: User.ref,
			accessToken: text("Send it as `Authorization: Bearer`", "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIwMTk5In0.c2lnbmF0dXJl"),
			refreshToken: text(
				"Good once, within 30 days: `POST /auth/refresh` gives the next one. Keep it secret",
				"mB0Zy6Qe2XfT9uKq4vN7wR1sLcJpHdGaEoUiYtBxVn8",
			),
			expiresInSeconds: Type.Integer({ minimum: 1, description: "Of the access token", examples: [900] }),
		},
		{ ...CLOSED, description: "Somebody who has just proved who they are" },
	),
);

/** At least one character that shows, and none that a terminal or a database would choke on. */
const PRINTABLE = "^[^\\u0000-\\u001f\\u007f]*[^\\s\\u0000-\\u001f\\u007f][^\\u0000-\\u001f\\u007f]*$";
/** Postgres cannot be asked for a text with a NUL in it. */
const NO_NUL = "^[^\\u0000]*$";

const email = Type.String({
	format: "email",
	maxLength: 254,
	description: "Compared without regard to case",
	examples: ["ada@example.com"],
});
const EXAMPLE_PASSWORD = "correct horse battery";

export const Registration = share(
	"Registration",
	Type.Object(
		{
			email,
			password: Type.String({ minLength: 8, maxLength: 128, description: "Any characters", examples: [EXAMPLE_PASSWORD] }),
			displayName: Type.String({
				minLength: 1,
				maxLength: 80,
				pattern: PRINTABLE,
				description: "How the user wants to be called",
				examples: ["Ada Lovelace"],
			}),
		},
		{ ...CLOSED, description: "Somebody new" },
	),
);

/** No lower bound on the password: an old short one must be told wrong, not malformed. */
export const Credentials = share(
	"Credentials",
	Type.Object(
		{
			email: Type.String({ maxLength: 254, pattern: NO_NUL, description: "In any case", examples: ["ada@example.com"] }),
			password: Type.String({ maxLength: 128, description: "As it was registered", examples: [EXAMPLE_PASSWORD] }),
		},
		{ ...CLOSED, description: "Who says to be whom" },
	),
);

/** Text that was never a token of ours is told so, not called malformed. */
export const RefreshRequest = share(
	"RefreshRequest",
	Type.Object(
		{
			refreshToken: Type.String({
				maxLength: 256,
				description: "The one of the last answer",
				examples: ["mB0Zy6Qe2XfT9uKq4vN7wR1sLcJpHdGaEoUiYtBxVn8"],
			}),
		},
		{ ...CLOSED, description: "Who wants to stay signed in" },
	),
);
