/**
 * Rebuilds one showtime: claims it, checks the bucket's timeline, raises the epoch and reads the ledger, then merges and installs. If the
 * process dies on the way nothing is lost: the claim expires, and the next rebuild starts from the beginning. Source:
 * docs/reliability.md, docs/adr/0009 and 0010.
 */
import { randomUUID } from "node:crypto";
import { checkTimeline, type Database, findOpening, findSeatPlan, openShowtimeInLedger } from "@holdfast/database";
import { bucketOf, type OpenShowtime, type ShowtimeId } from "@holdfast/domain";
import { assert, type Logger } from "@holdfast/runtime";
import { type ClaimOutcome, type SeatStore, SeatStoreFault } from "@holdfast/seat-store";

/** The dependencies of a rebuild. */
export type RebuildDeps = {
	readonly seatStore: SeatStore;
	readonly database: Database;
	/** How long free seats stay in quarantine after a proven loss, in ms; null: until an operator ends the quarantine. */
	readonly quarantineMs: number | null;
	readonly log: Pick<Logger, "info" | "warn" | "error">;
};

/**
 * `opened`: the showtime can be booked; this rebuild or another one installed it. `recovering`: another process is rebuilding the
 * showtime or was faster, or the showtime's row in the ledger is locked; try again soon. `claim_not_replicated`: no replica has the
 * claim, so this server may no longer be the primary; the showtime stays closed until a replica has it. `unknown`: the ledger has no such
 * showtime.
 */
export type RebuildOutcome =
	| { outcome: "opened" }
	| { outcome: "recovering" }
	| { outcome: "claim_not_replicated" }
	| { outcome: "unknown" };

/**
 * Rebuilds the showtime and opens it for booking. Safe to call at any time, by several processes. Throws if a store fails; the showtime is
 * then as before, or completely rebuilt.
 */
export async function rebuildShowtime(deps: RebuildDeps, showtimeId: ShowtimeId): Promise<RebuildOutcome> {
	const { database } = deps;
	const token = randomUUID();
	// Read the epoch before claiming: read later, it could be the epoch of a rebuild on another primary.
	const opening = await findOpening(database, showtimeId);
	if (opening === null) return { outcome: "unknown" };
	try {
		const claim = await tryClaim(deps, showtimeId, { token, ledgerEpoch: opening.epoch });
		if (claim.outcome === "installed") return { outcome: "opened" };
		if (claim.outcome === "claim_not_replicated") await giveBackClaim(deps, showtimeId, token);
		if (claim.outcome !== "claimed") return { outcome: claim.outcome };
		const outcome = await install(deps, showtimeId, { ...claim, token, seenEpoch: opening.epoch });
		if (outcome !== "opened") await giveBackClaim(deps, showtimeId, token);
		return { outcome };
	} catch (error) {
		await giveBackClaim(deps, showtimeId, token);
		throw error;
	}
}

/**
 * `claim_not_replicated`: no replica has confirmed the claim. A primary without replicas must not raise the epoch, because another server
 * may have been promoted. The showtime stays closed until a replica is connected again.
 */
async function tryClaim(
	{ seatStore, log }: RebuildDeps,
	showtimeId: ShowtimeId,
	claim: { token: string; ledgerEpoch: number },
): Promise<ClaimOutcome | { outcome: "claim_not_replicated" }> {
	try {
		return await seatStore.claimShowtime(showtimeId, claim);
	} catch (error) {
		if (!(error instanceof SeatStoreFault && error.kind === "outcome_unknown")) throw error;
		log.warn({ err: error, showtimeId }, "rebuild claim not replicated");
		return { outcome: "claim_not_replicated" };
	}
}

type Claim = { readonly token: string; readonly nowMs: number; readonly installedEpoch: number; readonly seenEpoch: number };

async function install(deps: RebuildDeps, showtimeId: ShowtimeId, claim: Claim): Promise<RebuildOutcome["outcome"]> {
	const { seatStore, database, quarantineMs, log } = deps;
	const timeline = await adoptTimeline(deps, bucketOf(showtimeId));
	const { seenEpoch, installedEpoch } = claim;
	const opened = await openShowtimeInLedger(database, showtimeId, { seenEpoch, installedEpoch, timeline, quarantineMs });
	if (opened.outcome === "unknown") return "unknown";
	if (opened.outcome === "raced" || opened.outcome === "locked") return "recovering";
	const { snapshot } = opened;
	await writePlan(deps, snapshot.showtime);
	const installed = await seatStore.installShowtime(snapshot, claim);
	if (installed.outcome !== "installed") return "recovering";
	const { epoch, isQuarantined, bookings } = snapshot;
	log.info({ showtimeId, epoch, bookings: bookings.length, reemitted: installed.reemitted, isQuarantined }, "showtime rebuilt");
	for (const { bookingId, error } of installed.unreadable ?? [])
		log.error({ err: error, bookingId, showtimeId }, "unreadable booking record skipped by rebuild");
	if (installed.reemitted > 0) log.error({ showtimeId, reemitted: installed.reemitted }, "events missing in ledger re-emitted");
	if (isQuarantined) log.error({ showtimeId }, "free seats quarantined; to sell them: npm run seats:open -- <showtime>");
	return "opened";
}

/** Checks, before a showtime of the bucket is installed, whether this server has lost part of the bucket's history. Returns the timeline. */
async function adoptTimeline({ seatStore, database, log }: RebuildDeps, bucket: number): Promise<number> {
	let last: { seq: number; recordedAt: number | null } | null = null;
	const { timeline, isNew } = await checkTimeline(database, bucket, (ledger) => {
		last = ledger;
		return seatStore.adoptTimeline(bucket, ledger);
	});
	if (isNew) log.error({ bucket, timeline, lastRecorded: last }, "redis data loss proven: events in the ledger are missing from redis");
	return timeline;
}

/** Runs before the showtime is installed: from then on every process may read its plan from the bucket. */
async function writePlan({ seatStore, database }: RebuildDeps, { id, planId }: OpenShowtime): Promise<void> {
	const bucket = bucketOf(id);
	if (await seatStore.hasPlan(bucket, planId)) return;
	const plan = await findSeatPlan(database, planId, "rebuilding");
	assert(plan !== null, `seat plan ${planId} is missing from the ledger`);
	await seatStore.writePlan(bucket, plan);
}

/** Never throws: a claim that is not given back expires by itself. */
async function giveBackClaim({ seatStore, log }: RebuildDeps, showtimeId: ShowtimeId, token: string): Promise<void> {
	await seatStore
		.giveBackClaim(showtimeId, token)
		.catch((error: unknown) => log.warn({ err: error, showtimeId }, "rebuild claim not given back; it will expire"));
}
