/** The wire schemas of refunds for staff. */
import { REFUND_REASONS, REFUND_STATUSES } from "@holdfast/database";
import { REFERENCE_MAX_CHARS } from "@holdfast/domain";
import { type Static, type TSchema, Type } from "typebox";
import { EXAMPLE_CURSORS, EXAMPLE_IDS, EXAMPLE_TIMES } from "./examples.ts";
import { Money } from "./money.ts";
import { page } from "./page.ts";
import { CLOSED, id, instant, nullableInstant, nullableText, oneOf, share, text } from "./share.ts";

const EXAMPLE_VERSION = "9f2c4a01b7d35e68";
const EXAMPLE_REFERENCE = "Receipt 4711";

/** The statuses of a refund. */
export const refundStatus = (description: string) => oneOf(REFUND_STATUSES, description);
/** The reasons for a refund. */
export const refundReason = (description: string) => oneOf(REFUND_REASONS, description);

const AdminRefundObject = Type.Object(
	{
		bookingId: id("Booking that the refund is for. A booking has one refund at most", EXAMPLE_IDS.booking),
		userId: id("Buyer whom it is owed to", EXAMPLE_IDS.user),
		showtime: Type.Object(
			{
				id: id("Showtime id", EXAMPLE_IDS.showtime),
				startsAt: instant("When the showtime starts", EXAMPLE_TIMES.starts),
				timeZone: text("IANA time zone of the venue", "Europe/Vienna"),
				movie: Type.Object(
					{ id: id("Movie id", EXAMPLE_IDS.movie), title: text("Title of the movie", "The Third Man") },
					{ ...CLOSED, description: "The movie that was to be shown" },
				),
			},
			{ ...CLOSED, description: "The showtime of the booking" },
		),
		status: refundStatus("`due`: owed. `sent`: on its way. `refunded`: paid back. `failed`: could not be paid back"),
		reason: refundReason(
			"`showtime_cancelled`: the showtime was cancelled. `cancelled`: the booking was cancelled by staff. `conflict`: the seats were sold already",
		),
		amount: Money.ref,
		bookingTotal: Money.ref,
		percent: Type.Integer({
			minimum: 1,
			maximum: 100,
			description: "How much of `bookingTotal` the amount is, in percent",
			examples: [100],
		}),
		manual: Type.Boolean({
			description: "Whether the refund is paid by hand, and marked here. False: a provider of payments pays it back",
			examples: [true],
		}),
		reference: nullableText("Under what it was paid, in the words of the staff; null while it was not", EXAMPLE_REFERENCE),
		dueAt: instant("When it became due", EXAMPLE_TIMES.confirmed),
		settledAt: nullableInstant("When it was marked as paid; null while it was not", EXAMPLE_TIMES.ends),
		settledBy: Type.Unsafe<string | null>({
			type: ["string", "null"],
			format: "uuid",
			description: "Id of the user who marked it as paid; null while it was not",
			examples: [EXAMPLE_IDS.user],
		}),
		version: text("Changes with every change of the refund. Also the `ETag`", EXAMPLE_VERSION),
	},
	{ ...CLOSED, description: "What is owed for a booking, and how it was paid back" },
);
/** Schema of a refund for staff. */
export const AdminRefund = share("AdminRefund", AdminRefundObject);
/** The JSON of a refund for staff. */
export type AdminRefundBody = Static<typeof AdminRefundObject>;

const sum = (description: string) =>
	Type.Object(
		{
			refunds: Type.Integer({ minimum: 0, description: "Number of refunds", examples: [3] }),
			amount: Type.Integer({ minimum: 0, description: "Their amounts together, in the smallest unit of the currency", examples: [7500] }),
		},
		{ ...CLOSED, description },
	);
const RefundTotalObject = Type.Object(
	{
		currency: text("ISO 4217 currency code", "USD"),
		reason: refundReason("The reason of these refunds"),
		owed: sum("Not paid back yet: due, on its way, or failed"),
		settled: sum("Paid back"),
	},
	{ ...CLOSED, description: "What is owed and what was paid back for one reason in one currency" },
);
const RefundPageObject = Type.Object(
	{
		...page(AdminRefund.ref, EXAMPLE_CURSORS.refunds).properties,
		totals: Type.Array(RefundTotalObject, {
			description:
				"Totals of all refunds that the filters select, on every page the same. Amounts of several currencies are never added up",
		}),
	},
	{ ...CLOSED, description: "One page of refunds, with totals" },
);
/** Schema of one page of refunds, with totals. */
export const RefundPage = share("RefundPage", RefundPageObject);

/** Control characters and line breaks: a reference is one line. */
const BREAKS = "\\u0000-\\u001f\\u007f-\\u009f\\u2028\\u2029";
/** Schema of the request that marks a refund as paid. */
export const RefundPayment = share(
	"RefundPayment",
	Type.Object(
		{
			reference: Type.String({
				minLength: 1,
				maxLength: REFERENCE_MAX_CHARS,
				pattern: `^[^${BREAKS}]*[^\\s${BREAKS}][^${BREAKS}]*$`,
				description: "Under what the refund was paid, such as the number of a receipt or a transfer; one line, no names of persons",
				examples: [EXAMPLE_REFERENCE],
			}),
		},
		{ ...CLOSED, description: "How the refund was paid" },
	),
);

/** The answer header of a refund. */
export const REFUND_HEADERS: Record<string, TSchema> = {
	etag: Type.String({ description: "The version of the refund, for `If-Match`", examples: [`"${EXAMPLE_VERSION}"`] }),
};
