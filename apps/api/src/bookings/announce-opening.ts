/** What the problem `not_on_sale` says about the opening of sales. */
import type { PlaceHoldOutcome } from "@holdfast/seat-store";
import { toInstant } from "../contract/share.ts";
import type { ProblemExtras } from "../plugins/send-problems.ts";

/** `Retry-After` is sent only if sales open within this time: no client should wait longer without reading the showtime again. */
export const ANNOUNCED_OPENING_MAX_MS = 60 * 60 * 1000;

/**
 * Returns the fields of the problem: `salesOpenAt`, null if sales are refused for another reason, and the value of `Retry-After` if sales
 * open within `ANNOUNCED_OPENING_MAX_MS`. Both times are those by which the script decided, so they are true even if this process has an
 * old copy of the showtime.
 */
export function announceOpening({ nowMs, salesOpenAt }: Extract<PlaceHoldOutcome, { outcome: "not_on_sale" }>): ProblemExtras {
	if (salesOpenAt === null) return { salesOpenAt: null };
	const waitMs = salesOpenAt - nowMs;
	const isSoon = waitMs <= ANNOUNCED_OPENING_MAX_MS;
	return { salesOpenAt: toInstant(salesOpenAt), ...(isSoon && { retryAfterSeconds: Math.ceil(waitMs / 1000) }) };
}
