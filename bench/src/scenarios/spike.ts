/**
 * The spike scenario: every connection is a buyer with a separate token. All buyers request seats of one 100-seat showtime at the same
 * time, and those who get a seat confirm it. In each round the floor server gets the same load. Every request must be answered, and
 * afterwards Redis and the ledger must agree that exactly 100 seats were sold, each to a buyer who received a confirmation.
 */
import type { ShowtimeId } from "@holdfast/domain";
import { insertShowtimes, insertUsers, mintTokens } from "@holdfast/testing";
import type { LoadConnection } from "../load/load.ts";
import { type LoadSummary, runLoad } from "../load/run-load.ts";
import type { Bench } from "../open-bench.ts";
import { printLoad, printRatio } from "../report.ts";
import { confirmationsOf } from "./confirmations.ts";

const ROWS = 10;
const SEATS = 100;
const DRAIN_DEADLINE_MS = 60_000;
/** The target for the ratio of our answers per second to those of the floor under the same spike. */
const TARGET = 0.7;

/** Options of `spike`. */
export type SpikeOptions = { readonly connections: number; readonly requestsPerConnection: number; readonly rounds: number };

/** Runs the rounds and prints their figures. Resolves to every violation that the proof found. */
export async function spike(bench: Bench, { connections, requestsPerConnection, rounds }: SpikeOptions): Promise<string[]> {
	if (connections < SEATS) throw new Error(`--connections ${connections} is too low: a spike needs at least ${SEATS}, one per seat`);
	const tokens = mintTokens(bench.jwtSecret, await insertUsers(bench.databaseUrl, connections * rounds));
	const violations: string[] = [];
	const ours: LoadSummary[] = [];
	const floor: LoadSummary[] = [];
	for (let round = 0; round < rounds; round += 1) {
		console.log(
			`round ${round + 1} of ${rounds}: ${connections} connections, ${requestsPerConnection} requests each, one ${SEATS}-seat showtime`,
		);
		const { showtimeIds, plan } = await insertShowtimes(bench.databaseUrl, { rows: ROWS, seatsPerRow: SEATS / ROWS });
		const [showtimeId] = showtimeIds;
		if (showtimeId === undefined) throw new Error("no showtime was inserted");
		const labels = plan.rows.flatMap((row) => row.seats.flatMap((seat) => seat?.label ?? []));
		const buyers = tokens.slice(round * connections, (round + 1) * connections);
		const storm = (path: string): LoadConnection[] =>
			buyers.map((token, i) => ({
				token,
				requests: Array.from({ length: requestsPerConnection }, (_, k) => ({
					path,
					body: { showtimeId, seats: [labels[(i + k * 37) % SEATS]] },
				})),
			}));

		await fetch(`${bench.origin}/api/v1/showtimes/${showtimeId}/seats`);
		const held = await bench.costs.measure("spike", () => runLoad({ origin: bench.origin, connections: storm("/api/v1/bookings") }));
		printLoad("holds", held);
		ours.push(held);
		const confirmed = await runLoad({ origin: bench.origin, connections: confirmationsOf(held, buyers) });
		printLoad("confirms", confirmed);
		const asked = connections * requestsPerConnection;
		if (held.answers !== asked) violations.push(`${asked} requests, but ${held.answers} answers`);
		if (held.faults + confirmed.faults > 0) violations.push(`${held.faults + confirmed.faults} faults`);
		violations.push(...(await proveSold(bench, showtimeId, confirmed)));

		const bare = await bench.costs.measure("spike floor", () => runLoad({ origin: bench.floorOrigin, connections: storm("/taken") }));
		printLoad("floor", bare);
		floor.push(bare);
	}
	printRatio("spike", ours, floor, TARGET);
	return violations;
}

/** Checks at rest: every seat has one owner, Redis and the ledger agree, and the owners are the bookings that were confirmed. */
async function proveSold({ proof }: Bench, showtimeId: ShowtimeId, confirmed: LoadSummary): Promise<string[]> {
	await proof.drained(DRAIN_DEADLINE_MS);
	const lag = await proof.settleLag([showtimeId]);
	console.log(`  outbox lag       p50 ${lag.p50} ms  p99 ${lag.p99} ms  max ${lag.max} ms  over ${lag.events} events`);
	const violations = await proof.violations(showtimeId);
	const owners = await proof.owners(showtimeId);
	if (owners.size !== SEATS) violations.push(`${owners.size} seats sold instead of ${SEATS}`);
	const confirmedIds = new Set(confirmed.won.map(({ body }) => String(JSON.parse(body).id)));
	for (const bookingId of owners.values())
		if (!confirmedIds.has(bookingId)) violations.push(`booking ${bookingId} owns a seat, but its buyer got no confirmation`);
	for (const bookingId of confirmedIds)
		if (![...owners.values()].includes(bookingId)) violations.push(`booking ${bookingId} was confirmed, but owns no seat`);
	return violations;
}
