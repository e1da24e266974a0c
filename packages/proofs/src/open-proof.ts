/**
 * The proof after a run: reads Redis and the ledger directly and reports where they disagree. It reads them only through the packages
 * seat-store and database. It can also read a Redis that has become a replica.
 */
import { createDatabase, seatOwners } from "@holdfast/database";
import { DEFAULT_LIMITS, type ShowtimeId } from "@holdfast/domain";
import { queryPostgres } from "@holdfast/local-stack";
import { createSeatStore } from "@holdfast/seat-store";
import { findPartialHolds, findSeatViolations } from "@holdfast/seat-store/testing";
import { waitUntil } from "@holdfast/testing";

/** Reads of both stores. */
export type Proof = {
	/** Resolves when every outbox is empty; rejects after `deadlineMs`. */
	drained(deadlineMs: number): Promise<void>;
	/** Resolves to the number of entries in the outbox of each bucket. */
	depths(): Promise<number[]>;
	/** Resolves to every disagreement between Redis and the ledger about a showtime at rest, as sentences; empty if there is none. */
	violations(showtimeId: ShowtimeId): Promise<string[]>;
	/** Resolves to every disagreement between the seat map and the owner entries in Redis. Also valid under load. */
	mapViolations(showtimeId: ShowtimeId): Promise<string[]>;
	/** Resolves to the seat map in Redis at this instant, one letter per seat. */
	statuses(showtimeId: ShowtimeId): Promise<string>;
	/** Releases expired holds of the showtime, then resolves to the version of its seat map. */
	mapVersion(showtimeId: ShowtimeId): Promise<number>;
	/** Resolves to bookings that own some of their seats but not all, at this instant. */
	partialHolds(showtimeId: ShowtimeId): Promise<string[]>;
	/** Resolves to the booking ids by seat index, from the ledger. */
	owners(showtimeId: ShowtimeId): Promise<Map<number, string>>;
	/** Resolves to the time from the event in Redis to its COMMIT, in milliseconds, over all events of these showtimes. */
	settleLag(showtimeIds: readonly ShowtimeId[]): Promise<{ events: number; p50: number; p99: number; max: number; perSecond: number }>;
	/** Resolves to the calls and the time of each Redis command since the server started: `commandstats`. */
	redisCommands(): Promise<{ command: string; calls: number; microsPerCall: number }[]>;
	close(): Promise<void>;
};

/** Opens connections to both stores; `close` ends them. */
export function openProof({ redisUrl, databaseUrl }: { redisUrl: string; databaseUrl: string }): Proof {
	const seatStore = createSeatStore({ url: redisUrl, limits: DEFAULT_LIMITS, readsReplica: true });
	const database = createDatabase({ url: databaseUrl, applicationName: "holdfast-proof" });
	return {
		drained: async (deadlineMs) =>
			void (await waitUntil(
				"the outbox to be empty",
				async () => (await seatStore.outboxDepths()).every((depth) => depth === 0),
				deadlineMs,
			)),
		depths: () => seatStore.outboxDepths(),
		violations: async (showtimeId) => [
			...(await findSeatViolations(seatStore, showtimeId, await seatOwners(database, showtimeId))),
			...(await findAmountViolations(databaseUrl, showtimeId)),
		],
		mapViolations: (showtimeId) => findSeatViolations(seatStore, showtimeId, null),
		statuses: async (showtimeId) => (await seatStore.inspectSeats(showtimeId)).statuses,
		async mapVersion(showtimeId) {
			const map = await seatStore.readSeatMap(showtimeId);
			if (map.outcome !== "read") throw new Error(`the seat map of ${showtimeId} cannot be read: ${map.outcome}`);
			return map.version;
		},
		partialHolds: (showtimeId) => findPartialHolds(seatStore, showtimeId),
		owners: async (showtimeId) => new Map((await seatOwners(database, showtimeId)).map(({ seat, bookingId }) => [seat, bookingId])),
		async settleLag(showtimeIds) {
			const list = showtimeIds.map((id) => `'${id}'`).join(",");
			const [row] = await queryPostgres(
				databaseUrl,
				`select count(*) as events,
					percentile_disc(0.5) within group (order by lag) as p50, percentile_disc(0.99) within group (order by lag) as p99, max(lag) as max,
					count(*) / greatest(0.001, extract(epoch from max(recorded_at) - min(at))) as per_second
				 from (select e.at, e.recorded_at, extract(epoch from e.recorded_at - e.at) * 1000 as lag
					from booking_events e join bookings b on b.id = e.booking_id where b.showtime_id in (${list})) as lags`,
			);
			const figure = (column: string): number => Math.round(Number(row?.[column] ?? 0));
			return { events: figure("events"), p50: figure("p50"), p99: figure("p99"), max: figure("max"), perSecond: figure("per_second") };
		},
		async redisCommands() {
			const stats = Object.entries(await seatStore.inspectServer("commandstats"));
			return stats.map(([name, line]) => {
				const figure = (field: string): number => Number(new RegExp(`${field}=([\\d.]+)`).exec(line)?.[1] ?? 0);
				return { command: name.replace("cmdstat_", ""), calls: figure("calls"), microsPerCall: figure("usec_per_call") };
			});
		},
		async close() {
			await seatStore.close();
			await database.close();
		},
	};
}

/** Resolves to the bookings in the ledger whose amount differs from the sum of the amounts of their seats. */
async function findAmountViolations(databaseUrl: string, showtimeId: ShowtimeId): Promise<string[]> {
	const rows = await queryPostgres(
		databaseUrl,
		`select id, amount, seats from bookings,
			lateral (select coalesce(sum(booking_seats.amount), 0) as seats from booking_seats where booking_id = id) as costs
		 where showtime_id = '${showtimeId}' and amount <> seats`,
	);
	return rows.map(({ id, amount, seats }) => `booking ${id} costs ${amount} in the ledger, but its seats cost ${seats} in all`);
}
