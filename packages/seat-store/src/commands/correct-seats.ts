/** Bring seats in line with what the ledger, or a person, has decided about them. */
import { type Conflict, RECORD_TTL_MS, SEATS_TTL_MS, type ShowtimeId } from "@holdfast/domain";
import type { Redis } from "ioredis";
import { defineScript, runScript } from "../define-script.ts";
import { bookingKey, showtimeKeys } from "../keys.ts";
import { readInteger, unknownStatus } from "../reply.ts";
import { inspectSeats } from "./read-seat-map.ts";

export const resolveConflictScript = defineScript("resolve-conflict");
export const openQuarantinedScript = defineScript("open-quarantined");

/** Seats put back on sale by one script. */
export const OPEN_SEATS_MAX = 1_000;

/** Hand the seats to whom the ledger says, free the rest. False while the fence forbids it: a rebuild will do the same. Safe to repeat. */
export async function resolveConflict(redis: Redis, conflict: Conflict): Promise<boolean> {
	const { meta, owner, map, buyers } = showtimeKeys(conflict.showtimeId);
	const ownerOf = new Map(conflict.owners.map((found) => [found.seat, found]));
	const winners = [...new Set(conflict.owners.map(({ bookingId }) => bookingId))];
	const keys = [meta, owner, map, buyers, bookingKey(conflict.bookingId)];
	const argsOf = (seat: number) => {
		const winner = ownerOf.get(seat);
		return winner === undefined
			? [seat, "", "", 0]
			: [seat, winner.bookingId, winner.userId, keys.length + winners.indexOf(winner.bookingId) + 1];
	};
	const { status } = await runScript(
		redis,
		resolveConflictScript,
		[...keys, ...winners.map(bookingKey)],
		[conflict.bookingId, conflict.userId, conflict.version, RECORD_TTL_MS, SEATS_TTL_MS, ...conflict.seats.flatMap(argsOf)],
	);
	return status === "resolved";
}

/** Put the quarantined seats of a showtime on sale; gives how many, or null while the fence forbids it. Safe to repeat. */
export async function openQuarantined(redis: Redis, showtimeId: ShowtimeId): Promise<number | null> {
	const { meta, owner, map } = showtimeKeys(showtimeId);
	const { owners } = await inspectSeats(redis, showtimeId);
	const seats = owners.filter(({ bookingId }) => bookingId === "Q").map(({ seat }) => seat);
	let opened = 0;
	// One script at least: it tells whether the fence lets us.
	for (let i = 0; i === 0 || i < seats.length; i += OPEN_SEATS_MAX) {
		const part = seats.slice(i, i + OPEN_SEATS_MAX);
		const { status, rest } = await runScript(redis, openQuarantinedScript, [meta, owner, map], part);
		switch (status) {
			case "opened":
				opened += readInteger(rest[0]);
				break;
			case "not_ready":
			case "fenced":
			case "recovering":
				return null;
			default:
				return unknownStatus(openQuarantinedScript, status);
		}
	}
	return opened;
}
