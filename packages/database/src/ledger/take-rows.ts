/**
 * Locks the rows that a batch needs until COMMIT, without waiting. It reports the rows that another transaction has locked, and the caller
 * postpones the entries that need them. Waiting here would delay every other entry of the batch.
 */
import {
	bucketOf,
	isBookingEvent,
	isShowtimeEvent,
	type OutboxEntry,
	type SeatPlanId,
	type ShowtimeId,
	type UserId,
} from "@holdfast/domain";
import { type SQL, sql } from "drizzle-orm";
import type { Queries } from "../create-database.ts";
import type { KnownShowtime } from "./find-entry-error.ts";

/** Existing rows that another transaction has locked. */
export type LockedRows = {
	readonly showtimes: ReadonlySet<ShowtimeId>;
	readonly users: ReadonlySet<UserId>;
};

/** `showtimes`: all existing showtimes of the batch, including those that another transaction has locked. `locked`: those rows. */
export type TakenRows = { readonly showtimes: ReadonlyMap<ShowtimeId, KnownShowtime>; readonly locked: LockedRows };

/** Locks the showtimes and users of these entries. Locks nothing for entries of another bucket, because they cannot be settled. */
export async function takeRows(tx: Queries, bucket: number, entries: readonly OutboxEntry[]): Promise<TakenRows> {
	const events = entries.flatMap(({ event }) => (event !== null && bucketOf(event.showtimeId) === bucket ? [event] : []));
	const bookingEvents = events.filter(isBookingEvent);
	const changed = new Set(events.filter(isShowtimeEvent).map(({ showtimeId }) => showtimeId));
	const unchanged = new Set(events.map(({ showtimeId }) => showtimeId).filter((id) => !changed.has(id)));
	const userIds = [...new Set(bookingEvents.map(({ userId }) => userId))];
	const toRead = await takeShowtimes(tx, [...unchanged], { strength: sql`share`, userIds });
	// Takes the lock that the later update needs. Two transactions that both upgrade a share lock can deadlock.
	const toChange = await takeShowtimes(tx, [...changed], { strength: sql`no key update`, userIds: [] });
	return {
		showtimes: new Map([...toRead.known, ...toChange.known]),
		locked: {
			showtimes: new Set([...toRead.locked, ...toChange.locked]),
			users: toRead.users === userIds.length ? new Set() : await takeUsers(tx, userIds),
		},
	};
}

type TakenShowtimes = {
	readonly known: ReadonlyMap<ShowtimeId, KnownShowtime>;
	readonly locked: ReadonlySet<ShowtimeId>;
	/** How many of the users were locked with them. */
	readonly users: number;
};
type ShowtimeRow = {
	id: ShowtimeId;
	epoch: number;
	is_cancelled: boolean;
	plan_id: SeatPlanId;
	seat_count: number;
	schedule_version: number;
};

/**
 * Locks showtimes and, in the same statement, users. The locks last until COMMIT because of rebuilds, which raise the epoch: a rebuild
 * either waits for this transaction and then reads its result, or was first, and this transaction sees the new epoch.
 */
async function takeShowtimes(
	tx: Queries,
	ids: readonly ShowtimeId[],
	{ strength, userIds }: { strength: SQL; userIds: readonly UserId[] },
): Promise<TakenShowtimes> {
	if (ids.length === 0) return { known: new Map(), locked: new Set(), users: 0 };
	const rows = await tx.execute<ShowtimeRow & { users: number }>(sql`
		with taken as materialized (
			${selectShowtimes(ids)} for ${strength} of showtimes skip locked
		), taken_users as materialized (
			${selectUsers(userIds)} for key share skip locked
		)
		select taken.*, (select count(*)::integer from taken_users) as users from taken`);
	const taken = knownIn(rows);
	const users = rows[0]?.users ?? 0;
	if (taken.size === ids.length) return { known: taken, locked: new Set(), users };
	const others = knownIn(await tx.execute<ShowtimeRow>(selectShowtimes(ids.filter((id) => !taken.has(id)))));
	return { known: new Map([...taken, ...others]), locked: new Set(others.keys()), users };
}

const selectShowtimes = (ids: readonly ShowtimeId[]): SQL => sql`
	select showtimes.id, redis_epoch as epoch, state = 'cancelled' as is_cancelled, seat_plan_id as plan_id, seat_count, schedule_version
	from showtimes join seat_plans on seat_plans.id = showtimes.seat_plan_id
	where showtimes.id = any(${sql.param(ids)}::uuid[])`;

const knownIn = (rows: readonly ShowtimeRow[]): Map<ShowtimeId, KnownShowtime> =>
	new Map(
		rows.map(({ id, epoch, is_cancelled, plan_id, seat_count, schedule_version }) => [
			id,
			{ epoch, isCancelled: is_cancelled, planId: plan_id, seatCount: seat_count, scheduleVersion: schedule_version },
		]),
	);

const selectUsers = (ids: readonly UserId[]): SQL => sql`select id from users where id = any(${sql.param(ids)}::uuid[])`;

/** Locks users as the foreign key of a booking does. Returns the existing users that another transaction has locked. */
async function takeUsers(tx: Queries, ids: readonly UserId[]): Promise<ReadonlySet<UserId>> {
	if (ids.length === 0) return new Set();
	const taken = new Set((await tx.execute<{ id: UserId }>(sql`${selectUsers(ids)} for key share skip locked`)).map(({ id }) => id));
	if (taken.size === ids.length) return new Set();
	const others = await tx.execute<{ id: UserId }>(selectUsers(ids.filter((id) => !taken.has(id))));
	return new Set(others.map(({ id }) => id));
}
