/** Runs the deletion of an account within a request, and answers. */
import { DeletionInterrupted, type DeletionOutcome, deleteAccountById } from "@holdfast/accounts";
import { type AuditOrigin, findAdminUser } from "@holdfast/database";
import type { UserId } from "@holdfast/domain";
import { unreachable } from "@holdfast/runtime";
import type { FastifyReply } from "fastify";
import { EXACT_DETAILS } from "../contract/problems.ts";
import type { RouteDeps } from "../deps.ts";
import { unlessChanged } from "../plugins/unless-changed.ts";

/** `deleted_before`: an earlier request deleted the account; nothing was changed. */
export type DeletionResult = DeletionOutcome | { readonly outcome: "deleted_before" };

/**
 * Deletes the account, as `deleteAccountById` does. `origin`: the command of an admin; null: the user deletes the own account. If the
 * deletion is interrupted, throws the fault that is answered `unavailable` before any change, and `outcome_unknown` after one.
 */
export async function runDeletion(deps: RouteDeps, userId: UserId, origin: AuditOrigin | null): Promise<DeletionResult> {
	const { seatStore, authStore, database, rebuilder, denialWaitMs } = deps;
	const own = { seatStore, authStore, database, rebuilder, ...(denialWaitMs !== undefined && { denialWaitMs }) };
	const result = await deleteAccountById(own, userId, origin).catch((error: unknown) => {
		throw error instanceof DeletionInterrupted ? unlessChanged(error, error.hasBegun) : error;
	});
	if (result.outcome !== "unknown_account") return result;
	return (await findAdminUser(database, userId)) === null ? result : { outcome: "deleted_before" };
}

/**
 * Answers 204 if the account is deleted, also by an earlier request, and 409 `has_bookings` if it is kept. The handler returns the result to
 * Fastify.
 */
export function answerDeletion(reply: FastifyReply, result: DeletionResult): FastifyReply {
	switch (result.outcome) {
		case "deleted":
		case "deleted_before":
			reply.outcome = result.outcome === "deleted" ? "account_deleted" : "unchanged";
			return reply.code(204).send(null);
		case "bookings_ahead": {
			const bookings = result.bookings.map(({ bookingId }) => bookingId);
			return reply.problem("has_bookings", { detail: EXACT_DETAILS.account_has_bookings.detail, bookings });
		}
		case "not_admin":
			return reply.problem("forbidden");
		case "unknown_account":
			return reply.problem("not_found");
		default:
			return unreachable(result);
	}
}
