/** What the wire schemas of the admin routes share. */
import { REASON_MAX_CHARS } from "@holdfast/domain";
import { type Static, type TSchema, Type } from "typebox";
import { CLOSED, share } from "./share.ts";

/** The version of a resource, in its body. */
export const version = Type.Integer({ minimum: 1, description: "Counts the changes, from 1. Also the `ETag`", examples: [3] });

/** The request header of a conditional change. */
export const IF_MATCH = Type.Object({
	"if-match": Type.Optional(
		Type.String({
			description:
				"The `ETag` of the version that the change is based on, or a list of them: if the resource has another version, the answer is 412 " +
				"and nothing is changed. Optional; without it the change is made whatever the version",
			examples: ['"3"'],
		}),
	),
});

/** The answer header of a resource with a version. */
export const VERSION_HEADERS = { etag: Type.String({ description: "The version of the resource, for `If-Match`", examples: ['"3"'] }) };

/** Text in a request, with at least one character that is not white space, and no NUL. */
export const visible = (maxLength: number, description: string, example: string) =>
	Type.String({ minLength: 1, maxLength, pattern: "^[^\\u0000]*[^\\s\\u0000][^\\u0000]*$", description, examples: [example] });

/** The schema, or null. `schema` has one type. */
export const nullable = <T extends TSchema & { readonly type: string }>(schema: T) =>
	Type.Unsafe<Static<T> | null>({ ...schema, type: [schema.type, "null"] });
/** The answer header of a showtime. */
export const SHOWTIME_VERSION_HEADERS = {
	etag: Type.String({ description: "The versions of terms and schedule, for `If-Match`", examples: ['"1.1"'] }),
};

/** Why staff make a change, for the audit trail. */
export const reason = visible(REASON_MAX_CHARS, "Why the change is made. Kept in the audit trail", "The projector of hall 1 is broken.");

/** Schema of the body of a command that needs a reason and nothing else. */
export const ReasonGiven = share("ReasonGiven", Type.Object({ reason }, { ...CLOSED, description: "Why the command is given" }));

/** The query of a DELETE that takes nothing from a customer. */
export const OPTIONAL_REASON = Type.Object({ reason: Type.Optional(reason) }, CLOSED);

/** The query of a DELETE that takes something from customers. */
export const REQUIRED_REASON = Type.Object({ reason }, CLOSED);

/** The query parameter of lists that may show archived entries. */
export const archivedFilter = (entries: string) =>
	Type.Optional(Type.Boolean({ description: `\`true\`: only archived ${entries}; \`false\`: only ${entries} that are not archived` }));

/** More than an instant needs, with the offset of a time zone and fractions of a second. */
const INSTANT_MAX_CHARS = 64;

/** An instant in a request: ISO 8601 with `Z` or an offset. */
export const instantInRequest = (description: string, example: string) =>
	Type.String({ format: "date-time", maxLength: INSTANT_MAX_CHARS, description, examples: [example] });

/** More than an id has. */
export const ID_MAX_CHARS = 64;

/** The schema of a filter by id. */
export const idFilter = (description: string) => Type.Optional(Type.String({ maxLength: ID_MAX_CHARS, description }));
