/** The command by which staff change the terms of a showtime: state, prices and sales window, several at once or one. */
import {
	bucketOf,
	CANCEL_TTL_MS,
	INSTANT_MAX_MS,
	PRICE_MAX,
	parsePrices,
	type ShowtimeId,
	type ShowtimeState,
	type StaffCommand,
	type TierPrices,
} from "@holdfast/domain";
import { assert } from "@holdfast/runtime";
import { durable } from "../command.ts";
import { defineScript, runScript, type ScriptReply, type StatusOf } from "../define-script.ts";
import { bucketKeys, showtimeKeys } from "../keys.ts";
import type { SetTermsOutcome } from "../outcomes.ts";
import { atBucketOf } from "../place.ts";
import { readInteger, readList, readText } from "../reply.ts";
import { commandArgs, formatIfVersions } from "../staff-command.ts";

/** The script behind `setTerms`. */
export const setTermsScript = defineScript("set-terms");

/**
 * Terms to set; an absent one stays. `prices`: minor units by tier id, each at most `PRICE_MAX`, for every tier of the showtime. `currency`
 * is compared only: a showtime keeps its currency. The sales window is in epoch ms, from 0 to `INSTANT_MAX_MS`.
 */
export type TermsToSet = {
	readonly state?: ShowtimeState | undefined;
	readonly prices?: TierPrices | undefined;
	readonly currency?: string | undefined;
	readonly salesOpenAt?: number | undefined;
	readonly salesCloseAt?: number | undefined;
};

/** A change of a showtime's terms. */
export type SetTermsCommand = {
	readonly showtimeId: ShowtimeId;
	readonly terms: TermsToSet;
	/** The values of `showtimeVersion` that the change accepts (If-Match); null: any. */
	readonly ifVersions: readonly number[] | null;
	/** Who changes the terms, for the audit trail; null for a change that no staff make. */
	readonly command: StaffCommand | null;
};

/**
 * Sets terms of a showtime, all of them or none. Terms that it has already are answered `set` whatever `ifVersions` says, so that a repeat
 * after a lost answer succeeds (RFC 9110, 13.1.1). A cancel is final, sets nothing else, and is possible until `CANCEL_TTL_MS` after the end.
 * Throws when a price, an instant or the reason is invalid. Safe to repeat.
 */
export const setTerms = durable({
	place: ({ showtimeId }: SetTermsCommand) => atBucketOf(showtimeId),
	async run(redis, { limits }, { showtimeId, terms, ifVersions, command }): Promise<SetTermsOutcome> {
		const { state, prices, currency, salesOpenAt, salesCloseAt, ...unknown } = terms;
		assert(Object.keys(unknown).length === 0, `unknown terms: ${Object.keys(unknown)}`);
		const others = [prices, currency, salesOpenAt, salesCloseAt];
		assert(state !== "cancelled" || others.every((term) => term === undefined), "a cancel sets other terms as well");
		const reply = await runScript(redis, setTermsScript, {
			keys: { ...showtimeKeys(showtimeId), ...bucketKeys(bucketOf(showtimeId)) },
			args: {
				showtimeId,
				ifVersions: formatIfVersions(ifVersions),
				outboxMax: limits.outboxMax,
				cancelTtlMs: CANCEL_TTL_MS,
				...commandArgs(command),
				state: state ?? "",
				prices: prices === undefined ? "" : formatPrices(prices),
				currency: currency ?? "",
				salesOpenAt: formatInstant(salesOpenAt),
				salesCloseAt: formatInstant(salesCloseAt),
			},
		});
		return parseReply(reply);
	},
	hasWritten: ({ outcome }) => outcome === "set",
});

function formatPrices(prices: TierPrices): string {
	assert(parsePrices(prices) !== null, `prices are not integers from 0 to ${PRICE_MAX} minor units: ${JSON.stringify(prices)}`);
	return JSON.stringify(prices);
}

function formatInstant(instant: number | undefined): number | string {
	if (instant === undefined) return "";
	assert(Number.isInteger(instant) && instant >= 0 && instant <= INSTANT_MAX_MS, `an instant of the sales window is ${instant}`);
	return instant;
}

function parseReply({ status, rest }: ScriptReply<StatusOf<"set-terms">>): SetTermsOutcome {
	switch (status) {
		case "set":
		case "version_mismatch":
			return { outcome: status, showtimeVersion: readInteger(rest[0]), scheduleVersion: readInteger(rest[1]) };
		case "invalid_window":
			return { outcome: status, salesOpenAt: readInteger(rest[0]), salesCloseAt: readInteger(rest[1]) };
		case "unknown_tiers":
			return { outcome: status, missing: readList(rest[0]).map(readText), unknown: readList(rest[1]).map(readText) };
		case "currency_mismatch":
			return { outcome: status, currency: readText(rest[0]) };
		default:
			return { outcome: status };
	}
}
