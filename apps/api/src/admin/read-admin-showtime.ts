/** Reads a showtime for staff: the ledger's row, with the terms and seats that the seat store has now. */
import { type AdminShowtime, findAdminShowtime, findSold } from "@holdfast/database";
import { type IndexedSeatPlan, type OpenShowtime, parseShowtimeId, type ShowtimeId } from "@holdfast/domain";
import { SeatStoreFault } from "@holdfast/seat-store";
import type { AdminShowtimeDetailsBody } from "../contract/admin-showtime.ts";
import type { RouteDeps } from "../deps.ts";
import { countTiers } from "./count-tiers.ts";
import { presentAdminShowtime } from "./present-admin-showtime.ts";

/** Returns the showtime of an id from a client, or null when there is none. Never opens it. */
export async function readAdminShowtime(deps: RouteDeps, idInRequest: string): Promise<AdminShowtimeDetailsBody | null> {
	const id = parseShowtimeId(idInRequest, deps.settings.limits.buckets);
	const row = id && (await findAdminShowtime(deps.database, id));
	if (row === null) return null;
	const [sold, live, plan] = await Promise.all([
		findSold(deps.database, row.id),
		readLive(deps, row.id),
		deps.seatPlans.find(row.planId, row.id),
	]);
	const showtime = withNewer(row, live?.showtime ?? null);
	const statuses = live?.statuses ?? statusesOf(plan, sold.seats, row.blockedSeats);
	const blocks = plan.seats.filter((_seat, index) => statuses[index] === "X").map(({ label }) => label);
	return {
		...presentAdminShowtime({ ...showtime, blockedSeats: indexesOf(statuses, "X") }),
		blocks,
		tiers: countTiers(plan, statuses),
		recorded: live === null || isRecorded(row, live.showtime),
		live: live?.counts ?? null,
		ledger: { bookings: sold.bookings, amount: { amount: sold.amount, currency: showtime.currency } },
	};
}

/** A change of terms or schedule is in one store first: of each group of fields, the higher version counts. */
function withNewer(row: AdminShowtime, installed: OpenShowtime | null): AdminShowtime {
	if (installed === null) return row;
	const { state, priceVersion, prices, currency, salesOpenAt, salesCloseAt, showtimeVersion } = installed;
	const { startsAt, endsAt, scheduleVersion } = installed;
	return {
		...row,
		...(showtimeVersion > row.showtimeVersion && {
			...{ state, priceVersion, prices, currency, salesOpenAt, salesCloseAt, showtimeVersion },
		}),
		...(scheduleVersion > row.scheduleVersion && { startsAt, endsAt, scheduleVersion }),
	};
}

const isRecorded = (row: AdminShowtime, installed: OpenShowtime): boolean =>
	row.showtimeVersion >= installed.showtimeVersion && row.scheduleVersion >= installed.scheduleVersion;

/** What the seat store has of the showtime; null when it is not installed, or while Redis is away. */
async function readLive({ seatStore }: RouteDeps, id: ShowtimeId) {
	try {
		const [showtime, map, counts] = await Promise.all([seatStore.readShowtime(id), seatStore.readSeatMap(id), seatStore.countLive(id)]);
		if (showtime === null || map.outcome !== "read" || counts.outcome !== "counted") return null;
		const { outcome: _counted, ...live } = counts;
		return { showtime, statuses: map.statuses, counts: live };
	} catch (error) {
		if (error instanceof SeatStoreFault) return null;
		throw error;
	}
}

/** The status letters as the ledger knows them: sold, blocked, or available. */
function statusesOf(plan: IndexedSeatPlan, sold: readonly number[], blocked: readonly number[]): string {
	const letters = new Array<string>(plan.seats.length).fill("A");
	for (const seat of blocked) letters[seat] = "X";
	for (const seat of sold) letters[seat] = "S";
	return letters.join("");
}

const indexesOf = (statuses: string, letter: string): number[] =>
	Array.from(statuses).flatMap((status, index) => (status === letter ? [index] : []));
