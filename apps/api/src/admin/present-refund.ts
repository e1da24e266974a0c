/** Converts a refund to the body that staff get. */
import type { AdminRefund } from "@holdfast/database";
import type { AdminRefundBody } from "../contract/refund.ts";
import { toInstant } from "../contract/share.ts";

/** Returns the body. Every refund is manual: no provider of payments has taken money for a booking. */
export function presentRefund({ amount, bookingAmount, currency, showtime, dueAt, settledAt, ...refund }: AdminRefund): AdminRefundBody {
	return {
		...refund,
		showtime: { ...showtime, startsAt: toInstant(showtime.startsAt) },
		amount: { amount, currency },
		bookingTotal: { amount: bookingAmount, currency },
		manual: true,
		dueAt: toInstant(dueAt),
		settledAt: settledAt === null ? null : toInstant(settledAt),
	};
}
