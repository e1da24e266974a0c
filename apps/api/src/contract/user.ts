/** A user on the wire. */
import { type Static, Type } from "typebox";
import { CLOSED, instant, oneOf, share } from "./share.ts";

export const ROLES = ["user", "admin"] as const;
export type Role = (typeof ROLES)[number];

const UserObject = Type.Object(
	{
		id: Type.String(),
		email: Type.String(),
		displayName: Type.String(),
		role: oneOf(ROLES),
		createdAt: instant("When the user registered"),
	},
	CLOSED,
);
export const User = share("User", UserObject);
export type UserBody = Static<typeof UserObject>;

export const Session = share(
	"Session",
	Type.Object(
		{
			user: User.ref,
			accessToken: Type.String({ description: "Send it as `Authorization: Bearer`" }),
			refreshToken: Type.String({ description: "Good once, within 30 days: `POST /auth/refresh` gives the next one. Keep it secret" }),
			expiresInSeconds: Type.Integer({ minimum: 1, description: "Of the access token" }),
		},
		CLOSED,
	),
);

/** At least one character that shows, and none that a terminal or a database would choke on. */
const PRINTABLE = "^[^\\u0000-\\u001f\\u007f]*[^\\s\\u0000-\\u001f\\u007f][^\\u0000-\\u001f\\u007f]*$";
/** Postgres cannot be asked for a text with a NUL in it. */
const NO_NUL = "^[^\\u0000]*$";

const email = Type.String({ format: "email", maxLength: 254, description: "Compared without regard to case" });

export const Registration = share(
	"Registration",
	Type.Object(
		{
			email,
			password: Type.String({ minLength: 8, maxLength: 128 }),
			displayName: Type.String({ minLength: 1, maxLength: 80, pattern: PRINTABLE }),
		},
		CLOSED,
	),
);

/** No lower bound on the password: an old short one must be told wrong, not malformed. */
export const Credentials = share(
	"Credentials",
	Type.Object({ email: Type.String({ maxLength: 254, pattern: NO_NUL }), password: Type.String({ maxLength: 128 }) }, CLOSED),
);

/** Text that was never a token of ours is told so, not called malformed. */
export const RefreshRequest = share("RefreshRequest", Type.Object({ refreshToken: Type.String({ maxLength: 256 }) }, CLOSED));
