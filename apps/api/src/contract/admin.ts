/** What the wire schemas of the admin routes share. */
import { REASON_MAX_CHARS } from "@holdfast/domain";
import { Type } from "typebox";

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

/** The answer header of a showtime. */
export const SHOWTIME_VERSION_HEADERS = {
	etag: Type.String({ description: "The versions of terms and schedule, for `If-Match`", examples: ['"1.1"'] }),
};

/** Why staff make a change, for the audit trail. */
export const reason = Type.String({
	minLength: 1,
	maxLength: REASON_MAX_CHARS,
	pattern: "^[^\\u0000]*[^\\s\\u0000][^\\u0000]*$",
	description: "Why the change is made. Kept in the audit trail",
	examples: ["The projector of hall 1 is broken."],
});
