/** The wire schemas of notices. */
import { NOTICE_KINDS } from "@holdfast/database";
import { type Static, Type } from "typebox";
import { EXAMPLE_CURSORS, EXAMPLE_IDS, EXAMPLE_TIMES } from "./examples.ts";
import { page } from "./page.ts";
import { CLOSED, id, instant, oneOf, share } from "./share.ts";

const nullableId = (description: string, example: string) =>
	Type.Unsafe<string | null>({ type: ["string", "null"], format: "uuid", description, examples: [example] });

/** The kinds of notices. */
export const noticeKind = (description: string) => oneOf(NOTICE_KINDS, description);

const NoticeObject = Type.Object(
	{
		id: id("Id of the notice", EXAMPLE_IDS.notice),
		kind: noticeKind("`showtime.rescheduled`: the showtime was moved. `booking.cancelled`: the booking was cancelled by the cinema"),
		bookingId: nullableId("Booking that the notice is about; null if it is about none", EXAMPLE_IDS.booking),
		showtimeId: nullableId("Showtime that the notice is about; null if it is about none", EXAMPLE_IDS.showtime),
		userId: nullableId("User to inform; null if there is none", EXAMPLE_IDS.user),
		version: Type.Unsafe<number | null>({
			type: ["integer", "null"],
			description: "Version that the notice is about: the schedule's of a moved showtime, the booking's of a cancelled booking",
			examples: [2],
		}),
		details: Type.Unsafe<Readonly<Record<string, unknown>>>({
			type: "object",
			additionalProperties: true,
			description:
				"What happened. Of a moved showtime `from` and `to`, each with `startsAt` and `endsAt`; of a cancelled booking its `reason`. New " +
				"names can be added at any time",
			examples: [
				{
					from: { startsAt: EXAMPLE_TIMES.starts, endsAt: EXAMPLE_TIMES.ends },
					to: { startsAt: EXAMPLE_TIMES.ends, endsAt: EXAMPLE_TIMES.free },
				},
			],
		}),
		createdAt: instant("When the notice was written", EXAMPLE_TIMES.held),
	},
	{ ...CLOSED, description: "What one buyer must learn. How it was delivered is not recorded yet" },
);
/** Schema of a notice. */
export const Notice = share("Notice", NoticeObject);
/** The JSON of a notice. */
export type NoticeBody = Static<typeof NoticeObject>;
/** Schema of one page of notices. */
export const NoticePage = share("NoticePage", page(Notice.ref, EXAMPLE_CURSORS.notices));
