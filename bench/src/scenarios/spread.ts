/**
 * The spread scenario: buyers hold available seats of many showtimes, then confirm all of them. Every request must succeed, so this
 * measures the cost of holds and confirms without the cheap refusals of a spike. The floor server gets the same load after each step.
 */
import { bucketOf, DEFAULT_LIMITS, type ShowtimeId } from "@holdfast/domain";
import { insertShowtimes, insertUsers, mintTokens } from "@holdfast/testing";
import type { LoadConnection } from "../load/load.ts";
import { type LoadSummary, runLoad } from "../load/run-load.ts";
import type { Bench } from "../open-bench.ts";
import { printLoad, printRatio } from "../report.ts";
import type { Turns } from "../take-turns.ts";
import { confirmationsByBuyer } from "./confirmations.ts";

const ROWS = 25;
const SEATS_PER_ROW = 40;
/** Holds of one buyer per showtime: as many as the limits allow. */
const HOLDS_EACH = 3;
const DRAIN_DEADLINE_MS = 120_000;
const HOLD_TARGET = 0.75;
const CONFIRM_TARGET = 0.65;

/** Options of `spread`. */
export type SpreadOptions = {
	readonly connections: number;
	readonly showtimes: number;
	readonly rounds: number;
	/** Decides when each round begins. */
	readonly turns: Turns;
};

/** Runs the rounds and prints their figures. Resolves to every violation that the proof found. */
export async function spread(bench: Bench, { connections, showtimes, rounds, turns }: SpreadOptions): Promise<string[]> {
	if (connections * HOLDS_EACH > ROWS * SEATS_PER_ROW) {
		throw new Error(
			`--connections ${connections} is too high: a showtime has seats for ${Math.floor((ROWS * SEATS_PER_ROW) / HOLDS_EACH)} buyers`,
		);
	}
	const { costs } = bench;
	const violations: string[] = [];
	const runs = {
		holds: [] as LoadSummary[],
		confirms: [] as LoadSummary[],
		heldFloor: [] as LoadSummary[],
		confirmedFloor: [] as LoadSummary[],
	};
	for (let round = 0; round < rounds; round += 1) {
		await turns.begin();
		const tokens = mintTokens(bench.jwtSecret, await insertUsers(bench.databaseUrl, connections));
		const { showtimeIds, plan } = await insertShowtimes(bench.databaseUrl, { count: showtimes, rows: ROWS, seatsPerRow: SEATS_PER_ROW });
		refuseTooManyHolds(showtimeIds);
		for (const showtimeId of showtimeIds) await fetch(`${bench.origin}/api/v1/showtimes/${showtimeId}`);
		const labels = plan.rows.flatMap((row) => row.seats.flatMap((seat) => seat?.label ?? []));
		const holds = showtimes * HOLDS_EACH;
		console.log(`round ${round + 1} of ${rounds}: ${connections} buyers, ${holds} holds each over ${showtimes} showtimes`);
		const holdsAt = (path: string): LoadConnection[] =>
			tokens.map((token, buyer) => ({
				token,
				requests: Array.from({ length: holds }, (_, k) => ({
					path,
					body: { showtimeId: showtimeIds[(buyer + k) % showtimes], seats: [labels[buyer * HOLDS_EACH + Math.floor(k / showtimes)]] },
				})),
			}));

		const held = await costs.measure("hold", () => runLoad({ origin: bench.origin, connections: holdsAt("/api/v1/bookings") }));
		const heldFloor = await costs.measure("hold floor", () => runLoad({ origin: bench.floorOrigin, connections: holdsAt("/held") }));
		const confirmations = confirmationsByBuyer(held, tokens);
		// The cost of a confirm includes the settling, so the measurement ends when the ledger has all events.
		const confirmed = await costs.measure("confirm", async () => {
			const load = await runLoad({ origin: bench.origin, connections: confirmations });
			await bench.proof.drained(DRAIN_DEADLINE_MS);
			return load;
		});
		const bareConfirms = confirmations.map(({ token, requests }) => ({ token, requests: requests.map(() => ({ path: "/confirmed" })) }));
		const confirmedFloor = await costs.measure("confirm floor", () => runLoad({ origin: bench.floorOrigin, connections: bareConfirms }));
		printLoad("holds", held);
		printLoad("floor", heldFloor);
		printLoad("confirms", confirmed);
		printLoad("floor", confirmedFloor);
		runs.holds.push(held);
		runs.heldFloor.push(heldFloor);
		runs.confirms.push(confirmed);
		runs.confirmedFloor.push(confirmedFloor);

		if (held.ok !== connections * holds) violations.push(`${connections * holds} holds requested, but ${held.ok} placed`);
		if (held.faults + confirmed.faults > 0) violations.push(`${held.faults + confirmed.faults} faults`);
		const lag = await bench.proof.settleLag(showtimeIds);
		console.log(
			`  outbox lag       p50 ${lag.p50} ms  p99 ${lag.p99} ms  max ${lag.max} ms  over ${lag.events} events, ${lag.perSecond} settled/s`,
		);
		if (lag.events !== confirmed.ok) violations.push(`${confirmed.ok} confirms acknowledged, but ${lag.events} recorded`);
		for (const showtimeId of showtimeIds) violations.push(...(await bench.proof.violations(showtimeId)));
		turns.end(costs.figures());
	}
	printRatio("place-hold", runs.holds, runs.heldFloor, HOLD_TARGET);
	printRatio("confirm", runs.confirms, runs.confirmedFloor, CONFIRM_TARGET);
	return violations;
}

/** Every buyer holds seats of every showtime, but an account may place only a limited number of holds per hour and bucket. */
function refuseTooManyHolds(showtimeIds: readonly ShowtimeId[]): void {
	const max = DEFAULT_LIMITS.holdsPerHourMax;
	for (const [bucket, { length }] of Map.groupBy(showtimeIds, bucketOf)) {
		if (length * HOLDS_EACH > max)
			throw new Error(
				`--showtimes ${showtimeIds.length} is too high: ${length} of them are in bucket ${bucket}, where a buyer may place ${max} holds an hour`,
			);
	}
}
