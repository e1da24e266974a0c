/** The wire schemas of the audit trail. */
import { AUDIT_TARGETS } from "@holdfast/database";
import { type Static, Type } from "typebox";
import { EXAMPLE_CURSORS, EXAMPLE_IDS, EXAMPLE_TIMES } from "./examples.ts";
import { page } from "./page.ts";
import { CLOSED, id, instant, nullableText, oneOf, share, text } from "./share.ts";

const nullableId = (description: string, example: string) =>
	Type.Unsafe<string | null>({ type: ["string", "null"], format: "uuid", description, examples: [example] });
const fields = (description: string, example: object) =>
	Type.Unsafe<Readonly<Record<string, unknown>> | null>({
		type: ["object", "null"],
		additionalProperties: true,
		description,
		examples: [example],
	});

const AuditEventObject = Type.Object(
	{
		id: id("Id of the entry", EXAMPLE_IDS.auditEvent),
		at: instant("When the change was made", EXAMPLE_TIMES.held),
		recordedAt: instant(
			"When the entry was written: at once, or later if the database was unreachable at the time of the change",
			EXAMPLE_TIMES.held,
		),
		actor: nullableId("Id of the user who gave the command; null for a command of an operator on the command line", EXAMPLE_IDS.user),
		action: text("What was done: the kind of the target, a dot and a verb in the past", "movie.updated"),
		target: Type.Object(
			{ type: oneOf(AUDIT_TARGETS, "Kind of what was changed"), id: id("Id of what was changed", EXAMPLE_IDS.movie) },
			{ ...CLOSED, description: "What was changed" },
		),
		showtimeId: nullableId("Id of the showtime that the change is about; null if it is about none", EXAMPLE_IDS.showtime),
		before: fields("The changed fields before the change; null for a new thing. New names can be added at any time", {
			title: "The Third Man",
		}),
		after: fields("The same fields after the change; null if there are none", { title: "The Fourth Man" }),
		reason: nullableText("Why, in the words of the actor; null if none was given", "The title was misspelt."),
		requestId: nullableText("`x-request-id` of the request; null for a command on the command line", EXAMPLE_IDS.request),
	},
	{ ...CLOSED, description: "One entry of the audit trail: what one command did to one target" },
);
/** Schema of one entry of the audit trail. */
export const AuditEvent = share("AuditEvent", AuditEventObject);
/** The JSON of one entry of the audit trail. */
export type AuditEventBody = Static<typeof AuditEventObject>;
/** Schema of one page of the audit trail. */
export const AuditEventPage = share("AuditEventPage", page(AuditEvent.ref, EXAMPLE_CURSORS.auditEvents));
