/**
 * The commands by which an admin changes a showtime that is on sale: terms, blocked seats and schedule. One script changes Redis and
 * appends an event to the outbox, from which the sweeper writes the change to the ledger.
 */
import { bucketOf, PRICE_MAX, parsePrices, SEATS_TTL_MS, type ShowtimeId, type ShowtimeState, type TierPrices } from "@holdfast/domain";
import { assert } from "@holdfast/runtime";
import { durable } from "../command.ts";
import { defineScript, runScript, type ScriptReply, type StatusOf } from "../define-script.ts";
import { bucketKeys, showtimeKeys } from "../keys.ts";
import type { BlockSeatsOutcome, SetShowtimeOutcome } from "../outcomes.ts";
import { atBucketOf } from "../place.ts";
import { readInteger } from "../reply.ts";
import { keyExpiryOf } from "./install-showtime.ts";

/** The script behind `setTerms`. */
export const setTermsScript = defineScript("set-terms");
/** The script behind `blockSeats`. */
export const blockSeatsScript = defineScript("block-seats");
/** The script behind `reschedule`. */
export const rescheduleScript = defineScript("reschedule");

/**
 * One change of a showtime's terms. Prices are minor units by tier id, each at most `PRICE_MAX`, and must cover every tier of the plan. The
 * sales window is in epoch ms.
 */
export type SetTermsCommand = {
	readonly showtimeId: ShowtimeId;
	readonly change:
		| { readonly what: "state"; readonly state: ShowtimeState }
		| { readonly what: "prices"; readonly prices: TierPrices; readonly currency: string }
		| { readonly what: "window"; readonly salesOpenAt: number; readonly salesCloseAt: number };
};

/** Block (`isBlocked`) or unblock seats: distinct seat indexes, from 1 to `BLOCK_SEATS_MAX` of them. */
export type BlockSeatsCommand = { readonly showtimeId: ShowtimeId; readonly seats: readonly number[]; readonly isBlocked: boolean };

/** The new start and end of a showtime, epoch ms, and the version under which the ledger has them. */
export type RescheduleCommand = {
	readonly showtimeId: ShowtimeId;
	readonly scheduleVersion: number;
	readonly startsAt: number;
	readonly endsAt: number;
};

/** The most seats that one command blocks or unblocks. */
export const BLOCK_SEATS_MAX = 1_000;

const TYPE_OF_STATE = {
	open: "showtime.opened",
	paused: "showtime.paused",
	closed: "showtime.closed",
	cancelled: "showtime.cancelled",
} as const satisfies Record<ShowtimeState, string>;

/**
 * Sets the state, the prices or the sales window of a showtime. Also answers `set` when the showtime has these terms already. Throws when a
 * price is invalid. Safe to repeat.
 */
export const setTerms = durable({
	place: ({ showtimeId }: SetTermsCommand) => atBucketOf(showtimeId),
	async run(redis, { limits }, { showtimeId, change }): Promise<SetShowtimeOutcome> {
		const [eventType, fields] = fieldsOf(change);
		const args = { showtimeId, eventType, outboxMax: limits.outboxMax, fields };
		return parseReply(await runScript(redis, setTermsScript, { keys: keysOf(showtimeId), args }));
	},
	hasWritten: ({ outcome }) => outcome === "set",
});

function fieldsOf(change: SetTermsCommand["change"]): [type: string, fields: (string | number)[]] {
	switch (change.what) {
		case "state":
			return [TYPE_OF_STATE[change.state], ["state", change.state]];
		case "prices":
			return ["showtime.repriced", ["prices", formatPrices(change.prices), "currency", change.currency]];
		case "window":
			return ["showtime.window_set", ["salesOpenAt", change.salesOpenAt, "salesCloseAt", change.salesCloseAt]];
	}
}

/** Formats prices as an install does, because the script compares texts to detect a repeat. Throws when a price is invalid (`isPrice`). */
function formatPrices(prices: TierPrices): string {
	assert(parsePrices(prices) !== null, `prices are not integers from 0 to ${PRICE_MAX} minor units: ${JSON.stringify(prices)}`);
	return JSON.stringify(prices);
}

/**
 * Blocks free seats, or unblocks blocked ones: all of the given seats or none. `seats_taken` names the seats that are not free. A seat that
 * is in the requested state already stays in it. Throws when there are no seats or more than `BLOCK_SEATS_MAX`. Safe to repeat.
 */
export const blockSeats = durable({
	place: ({ showtimeId }: BlockSeatsCommand) => atBucketOf(showtimeId),
	async run(redis, { limits }, command): Promise<BlockSeatsOutcome> {
		const { showtimeId, seats, isBlocked } = command;
		assert(seats.length >= 1 && seats.length <= BLOCK_SEATS_MAX, `${seats.length} seats in one command, not 1 to ${BLOCK_SEATS_MAX}`);
		const args = { showtimeId, change: isBlocked ? "block" : "unblock", outboxMax: limits.outboxMax, seatsTtlMs: SEATS_TTL_MS, seats };
		const { status, rest } = await runScript(redis, blockSeatsScript, { keys: keysOf(showtimeId), args });
		return status === "seats_taken" ? { outcome: status, seats: rest.map(readInteger) } : parseReply({ status, rest });
	},
	hasWritten: ({ outcome }) => outcome === "set",
});

/**
 * Moves a showtime to the start and end that the ledger has under `scheduleVersion`; change the ledger first. Also answers `set` when Redis
 * has a newer version, or has written this one to the outbox already. Safe to repeat.
 */
export const reschedule = durable({
	place: ({ showtimeId }: RescheduleCommand) => atBucketOf(showtimeId),
	async run(redis, { limits }, command): Promise<SetShowtimeOutcome> {
		const { showtimeId, scheduleVersion, startsAt, endsAt } = command;
		const args = { showtimeId, scheduleVersion, startsAt, endsAt, ...keyExpiryOf(endsAt), outboxMax: limits.outboxMax };
		return parseReply(await runScript(redis, rescheduleScript, { keys: keysOf(showtimeId), args }));
	},
	hasWritten: ({ outcome }) => outcome === "set",
});

const keysOf = (showtimeId: ShowtimeId) => ({ ...showtimeKeys(showtimeId), ...bucketKeys(bucketOf(showtimeId)) });

function parseReply({ status, rest }: ScriptReply<StatusOf<"set-terms" | "reschedule">>): SetShowtimeOutcome {
	if (status !== "set") return { outcome: status };
	return { outcome: "set", showtimeVersion: readInteger(rest[0]), scheduleVersion: readInteger(rest[1]) };
}
