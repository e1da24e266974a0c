/** What an admin may change of a showtime on sale. Each change is in Redis at once, and in the outbox for the ledger. */
import { bucketOf, PRICE_MAX, parsePrices, SEATS_TTL_MS, type ShowtimeId, type ShowtimeState, type TierPrices } from "@holdfast/domain";
import { assert } from "@holdfast/runtime";
import { durable } from "../command.ts";
import { defineScript, runScript, type ScriptReply, type StatusOf } from "../define-script.ts";
import { bucketKeys, showtimeKeys } from "../keys.ts";
import type { BlockSeatsOutcome, SetShowtimeOutcome } from "../outcomes.ts";
import { atBucketOf } from "../place.ts";
import { readInteger } from "../reply.ts";
import { keptUntil } from "./install-showtime.ts";

export const setTermsScript = defineScript("set-terms");
export const blockSeatsScript = defineScript("block-seats");
export const rescheduleScript = defineScript("reschedule");

/** One change of what a showtime is sold on. Prices are minor units by tier id, at most `PRICE_MAX`, for every tier of its plan. */
export type SetTermsCommand = {
	readonly showtimeId: ShowtimeId;
	readonly change:
		| { readonly what: "state"; readonly state: ShowtimeState }
		| { readonly what: "prices"; readonly prices: TierPrices; readonly currency: string }
		| { readonly what: "window"; readonly salesOpenAt: number; readonly salesCloseAt: number };
};

/** Distinct seat indexes, 1..BLOCK_SEATS_MAX. */
export type BlockSeatsCommand = { readonly showtimeId: ShowtimeId; readonly seats: readonly number[]; readonly isBlocked: boolean };

export type RescheduleCommand = {
	readonly showtimeId: ShowtimeId;
	readonly scheduleVersion: number;
	readonly startsAt: number;
	readonly endsAt: number;
};

/** Seats blocked or given back by one command. */
export const BLOCK_SEATS_MAX = 1_000;

const TYPE_OF_STATE = {
	open: "showtime.opened",
	paused: "showtime.paused",
	closed: "showtime.closed",
	cancelled: "showtime.cancelled",
} as const satisfies Record<ShowtimeState, string>;

/** Open, pause, close or cancel; new prices; another sales window. */
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

/** As an install writes them, so that the same prices are the same text. Throws unless every one is a price (`isPrice`). */
function formatPrices(prices: TierPrices): string {
	assert(parsePrices(prices) !== null, `a seat costs 0 to ${PRICE_MAX} minor units, not ${JSON.stringify(prices)}`);
	return JSON.stringify(prices);
}

/** Keep free seats off sale, or give blocked ones back; all of them or none. At most `BLOCK_SEATS_MAX`. */
export const blockSeats = durable({
	place: ({ showtimeId }: BlockSeatsCommand) => atBucketOf(showtimeId),
	async run(redis, { limits }, command): Promise<BlockSeatsOutcome> {
		const { showtimeId, seats, isBlocked } = command;
		assert(seats.length >= 1 && seats.length <= BLOCK_SEATS_MAX, `1..${BLOCK_SEATS_MAX} seats are blocked at once`);
		const args = { showtimeId, change: isBlocked ? "block" : "unblock", outboxMax: limits.outboxMax, seatsTtlMs: SEATS_TTL_MS, seats };
		const { status, rest } = await runScript(redis, blockSeatsScript, { keys: keysOf(showtimeId), args });
		return status === "seats_taken" ? { outcome: status, seats: rest.map(readInteger) } : parseReply({ status, rest });
	},
	hasWritten: ({ outcome }) => outcome === "set",
});

/** Move it to a time that the ledger has already, under its version. */
export const reschedule = durable({
	place: ({ showtimeId }: RescheduleCommand) => atBucketOf(showtimeId),
	async run(redis, { limits }, command): Promise<SetShowtimeOutcome> {
		const { showtimeId, scheduleVersion, startsAt, endsAt } = command;
		const args = { showtimeId, scheduleVersion, startsAt, endsAt, ...keptUntil(endsAt), outboxMax: limits.outboxMax };
		return parseReply(await runScript(redis, rescheduleScript, { keys: keysOf(showtimeId), args }));
	},
	hasWritten: ({ outcome }) => outcome === "set",
});

const keysOf = (showtimeId: ShowtimeId) => ({ ...showtimeKeys(showtimeId), ...bucketKeys(bucketOf(showtimeId)) });

function parseReply({ status, rest }: ScriptReply<StatusOf<"set-terms" | "reschedule">>): SetShowtimeOutcome {
	switch (status) {
		case "set":
			return { outcome: "set", showtimeVersion: readInteger(rest[0]), scheduleVersion: readInteger(rest[1]) };
		case "showtime_cancelled":
		case "busy":
		case "not_ready":
		case "fenced":
		case "recovering":
			return { outcome: status };
	}
}
