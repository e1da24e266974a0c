/** Reads pages of bookings for staff: from the ledger, or live holds from Redis. */
import { findUserId, listAdminBookings } from "@holdfast/database";
import { withDeadline } from "@holdfast/runtime";
import type { SeatStore } from "@holdfast/seat-store";
import type { RouteDeps } from "../deps.ts";
import { listPending } from "./list-pending.ts";
import type { ListOutcome, ReadBookings } from "./listed-booking.ts";
import type { ParsedBookingQuery } from "./parse-booking-query.ts";

const NONE: ListOutcome = { outcome: "page", items: [], unreadable: [], nextCursor: null };

/** Returns the reader of the bookings that meet a query. The e-mail is looked up once, here. */
export async function createBookingReader(deps: RouteDeps, { email, status, ...filter }: ParsedBookingQuery): Promise<ReadBookings> {
	const ofEmail = email === undefined ? undefined : await findUserId(deps.database, email);
	const isOfNoUser = ofEmail === null || (ofEmail !== undefined && filter.userId !== undefined && filter.userId !== ofEmail);
	if (isOfNoUser) return async () => NONE;
	const own = { ...filter, userId: ofEmail ?? filter.userId };
	if (status === "pending") return (request) => listPending(deps, own, request);
	return async (request) => {
		const page = await listAdminBookings(deps.database, { ...own, status, ...request });
		return page.outcome === "page" ? { ...page, items: page.items.map((one) => ({ ...one, readAtMs: 0 })) } : page;
	};
}

/** How long an answer waits for the age of the outboxes. */
const LAG_DEADLINE_MS = 500;

/** Returns what the lists of the ledger say about its age. `settleLagMs` is null while Redis does not report it. */
export async function readLedgerAge(seatStore: Pick<SeatStore, "settleLagMs">): Promise<{ asOf: string; settleLagMs: number | null }> {
	const asOf = new Date().toISOString();
	const settleLagMs = await withDeadline(seatStore.settleLagMs(), LAG_DEADLINE_MS, () => null).catch(() => null);
	return { asOf, settleLagMs };
}
