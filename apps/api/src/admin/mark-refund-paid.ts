/** `PUT /admin/refunds/:bookingId`: marks a refund as paid by hand. */
import { markRefundPaid } from "@holdfast/database";
import { parseBookingId } from "@holdfast/domain";
import type { ApiServer } from "../api-server.ts";
import { IF_MATCH } from "../contract/admin.ts";
import { parseEntityTags } from "../contract/entity-tags.ts";
import { BY_BOOKING_ID } from "../contract/page.ts";
import { ADMIN_CHANGE_PROBLEMS } from "../contract/problems.ts";
import { AdminRefund, REFUND_HEADERS, RefundPayment } from "../contract/refund.ts";
import type { AppDeps } from "../deps.ts";
import { commandOf, refuseIfMatch } from "./admin-request.ts";
import { presentRefund } from "./present-refund.ts";
import { sendChanged } from "./send-versioned.ts";

/** Registers `PUT /admin/refunds/:bookingId`. */
export function addMarkRefundPaid(app: ApiServer, { database, settings }: AppDeps): void {
	app.route({
		method: "PUT",
		url: "/refunds/:bookingId",
		schema: {
			operationId: "markRefundPaid",
			summary: "Mark a refund as paid by hand",
			description:
				"Marks a refund that is due as paid under a reference; its buyer sees `refunded`. A repeat with the same reference is answered 200 and " +
				"changes nothing; another reference is answered 409 `refund_not_due`. This cannot be taken back.",
			tags: ["admin"],
			security: [{ accessToken: [] }],
			params: BY_BOOKING_ID,
			headers: IF_MATCH,
			body: RefundPayment.ref,
			response: { 200: AdminRefund.answer("The refund, paid", REFUND_HEADERS) },
		},
		config: { problems: ["not_found", "refund_not_due", "version_mismatch", ...ADMIN_CHANGE_PROBLEMS] },
		handler: async (request, reply) => {
			const bookingId = parseBookingId(request.params.bookingId, settings.limits.buckets);
			if (bookingId === null) return reply.problem("not_found");
			const condition = parseEntityTags(request.headers["if-match"]);
			if (condition.outcome === "malformed") return refuseIfMatch(reply, condition.message);
			const { reference } = request.body;
			const result = await markRefundPaid(database, bookingId, { reference, ifVersions: condition.tags, command: commandOf(request) });
			if (result.outcome !== "not_due") return sendChanged(reply, result, presentRefund);
			return reply.problem("refund_not_due", result.row === null ? {} : { current: { ...presentRefund(result.row) } });
		},
	});
}
