/**
 * One rebuild: claim, check the timeline, take the epoch and read the ledger, merge and install. Whoever dies on the way has
 * lost nothing: the claim lapses and the next one begins again. Source: docs/reliability.md, docs/adr/0009 and 0010.
 */
import { randomUUID } from "node:crypto";
import { checkTimeline, type Database, findOpening, findSeatPlan, openShowtimeInLedger } from "@holdfast/database";
import { bucketOf, type OpenShowtime, type ShowtimeId } from "@holdfast/domain";
import { assert, type Logger } from "@holdfast/runtime";
import { type ClaimOutcome, type SeatStore, SeatStoreFault } from "@holdfast/seat-store";

export type RebuildDeps = {
	readonly seatStore: SeatStore;
	readonly database: Database;
	/** How long after a proven loss free seats are kept back; null: until a person opens them. */
	readonly quarantineMs: number | null;
	readonly log: Pick<Logger, "info" | "warn" | "error">;
};

/**
 * `opened`: it can be booked, by this rebuild or another's. `recovering`: another process rebuilds it or was faster, or its row in
 * the ledger is locked; ask again.
 * `unkept`: no replica has the claim, so that this server may be the wrong one; it stays closed until one has.
 */
export type RebuildOutcome = { outcome: "opened" } | { outcome: "recovering" } | { outcome: "unkept" } | { outcome: "unknown" };

/** Safe to call at any time, by anyone. Throws when a store fails it; then everything stands as before, or as after. */
export async function rebuildShowtime(deps: RebuildDeps, showtimeId: ShowtimeId): Promise<RebuildOutcome> {
	const { database } = deps;
	const token = randomUUID();
	// Read before the claim: an epoch read later could be one that another primary's rebuild has taken meanwhile.
	const opening = await findOpening(database, showtimeId);
	if (opening === null) return { outcome: "unknown" };
	try {
		const claim = await claimed(deps, showtimeId, { token, ledgerEpoch: opening.epoch });
		if (claim.outcome === "installed") return { outcome: "opened" };
		if (claim.outcome === "unkept") await giveBack(deps, showtimeId, token);
		if (claim.outcome !== "claimed") return { outcome: claim.outcome };
		const outcome = await install(deps, showtimeId, { ...claim, token, seenEpoch: opening.epoch });
		if (outcome !== "opened") await giveBack(deps, showtimeId, token);
		return { outcome };
	} catch (error) {
		await giveBack(deps, showtimeId, token);
		throw error;
	}
}

/**
 * `unkept`: no replica has the claim, though one should: a primary that stands alone must not take the epoch, since
 * another may have taken over. The showtime stays closed until that is over.
 */
async function claimed(
	{ seatStore, log }: RebuildDeps,
	showtimeId: ShowtimeId,
	claim: { token: string; ledgerEpoch: number },
): Promise<ClaimOutcome | { outcome: "unkept" }> {
	try {
		return await seatStore.claimShowtime(showtimeId, claim);
	} catch (error) {
		if (!(error instanceof SeatStoreFault && error.kind === "outcome_unknown")) throw error;
		log.warn({ err: error, showtimeId }, "no rebuild: the claim is not kept");
		return { outcome: "unkept" };
	}
}

type Claim = { readonly token: string; readonly nowMs: number; readonly installedEpoch: number; readonly seenEpoch: number };

async function install(deps: RebuildDeps, showtimeId: ShowtimeId, claim: Claim): Promise<RebuildOutcome["outcome"]> {
	const { seatStore, database, quarantineMs, log } = deps;
	const timeline = await adoptHistory(deps, bucketOf(showtimeId));
	const { seenEpoch, installedEpoch } = claim;
	const opened = await openShowtimeInLedger(database, showtimeId, { seenEpoch, installedEpoch, timeline, quarantineMs });
	if (opened.outcome === "unknown") return "unknown";
	if (opened.outcome === "raced" || opened.outcome === "locked") return "recovering";
	const { snapshot } = opened;
	await putPlan(deps, snapshot.showtime);
	const installed = await seatStore.installShowtime(snapshot, claim);
	if (installed.outcome !== "installed") return "recovering";
	const { epoch, isQuarantined, bookings } = snapshot;
	log.info({ showtimeId, epoch, bookings: bookings.length, reemitted: installed.reemitted, isQuarantined }, "showtime rebuilt");
	for (const { bookingId, error } of installed.unreadable ?? [])
		log.error({ err: error, bookingId, showtimeId }, "unreadable booking record left out of a rebuild");
	if (installed.reemitted > 0)
		log.error({ showtimeId, reemitted: installed.reemitted }, "the ledger lacked events; they were emitted again");
	if (isQuarantined) log.error({ showtimeId }, "free seats are in quarantine: npm run seats:open -- <showtime>");
	return "opened";
}

/** Find out, before anything of the bucket is opened, whether this server has forgotten part of its history. */
async function adoptHistory({ seatStore, database, log }: RebuildDeps, bucket: number): Promise<number> {
	let last: { seq: number; recordedAt: number | null } | null = null;
	const { timeline, isNew } = await checkTimeline(database, bucket, (ledger) => {
		last = ledger;
		return seatStore.adoptTimeline(bucket, ledger);
	});
	if (isNew) log.error({ bucket, timeline, lastRecorded: last }, "loss proven: Redis has forgotten what the ledger knows to have happened");
	return timeline;
}

/** Before the showtime: from the moment it is installed, everyone may need its plan, and reads it in its bucket. */
async function putPlan({ seatStore, database }: RebuildDeps, { id, planId }: OpenShowtime): Promise<void> {
	const bucket = bucketOf(id);
	if (await seatStore.hasPlan(bucket, planId)) return;
	const plan = await findSeatPlan(database, planId, "rebuilding");
	assert(plan !== null, `seat plan ${planId} is in the ledger`);
	await seatStore.writePlan(bucket, plan);
}

/** A claim that is not given back lapses by itself; so a failure here is nothing to fail for. */
async function giveBack({ seatStore, log }: RebuildDeps, showtimeId: ShowtimeId, token: string): Promise<void> {
	await seatStore.giveBackClaim(showtimeId, token).catch((error: unknown) => log.warn({ err: error, showtimeId }, "claim left to lapse"));
}
