/** Installs a showtime in a seat store as a rebuild does, with a snapshot that the test provides instead of a ledger. */
import { randomUUID } from "node:crypto";
import { bucketOf, type OpenShowtime, type ShowtimeSnapshot } from "@holdfast/domain";
import type { InstallOutcome } from "../outcomes.ts";
import type { SeatStore } from "../seat-store.ts";

type SnapshotOptions = { readonly showtime: OpenShowtime } & Partial<ShowtimeSnapshot>;

/**
 * Claims the showtime, adopts the bucket's timeline as for an empty ledger, and installs the snapshot. Options that are left out describe
 * a first install without bookings. Returns `already` when the showtime is open under that epoch. Throws when another process has the
 * claim.
 */
export async function installSnapshot(seatStore: SeatStore, options: SnapshotOptions): Promise<InstallOutcome | { outcome: "already" }> {
	const snapshot: ShowtimeSnapshot = {
		blockedSeats: [],
		epoch: 1,
		isQuarantined: false,
		deadLetteredEntries: [],
		bookings: [],
		...options,
	};
	const token = randomUUID();
	const claim = await seatStore.claimShowtime(snapshot.showtime.id, { token, ledgerEpoch: snapshot.epoch });
	if (claim.outcome === "installed") return { outcome: "already" };
	if (claim.outcome === "recovering") throw new Error(`showtime ${snapshot.showtime.id} is claimed by another process`);
	await seatStore.adoptTimeline(bucketOf(snapshot.showtime.id), null);
	return seatStore.installShowtime(snapshot, { token, nowMs: claim.nowMs });
}
