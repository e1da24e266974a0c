/**
 * The watch scenario: many clients watch one 100-seat showtime while others buy seats. It measures the memory per watcher, the latency
 * that the watchers add to a hold, and how soon each watcher receives a change. At the end every watcher must have the seat map of
 * Redis.
 */
import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { createClient } from "@holdfast/client";
import { DEFAULT_LIMITS, type ShowtimeId } from "@holdfast/domain";
import { insertShowtimes, insertUsers, mintTokens, waitUntil } from "@holdfast/testing";
import { type BuySummary, buySeats } from "../load/buy-seats.ts";
import type { Load } from "../load/load.ts";
import { runLoad } from "../load/run-load.ts";
import type { WatchAnswer, WatchCommand } from "../load/watch-crowd.ts";
import type { Bench } from "../open-bench.ts";
import { median } from "../report.ts";

/** Options of `watch`. */
export type WatchOptions = {
	readonly watchers: number;
	readonly seconds: number;
	readonly holdsPerSecond: number;
	/** Requests to the floor server, for the comparison of costs. Default `FLOOR_REQUESTS`; a test that only needs the proof sends fewer. */
	readonly floorRequests?: number;
};

/** One event loop can follow a thousand streams with little load. */
const WATCHERS_PER_PROCESS_MAX = 1_000;
const BUYERS_MIN = 200;
const PROBES = 5;
const FLOOR_REQUESTS = 50_000;
const REST_DEADLINE_MS = 10_000;

/** Runs the scenario and prints its figures. Resolves to every violation that the proof found. */
export async function watch(bench: Bench, options: WatchOptions): Promise<string[]> {
	const { watchers, seconds, holdsPerSecond, floorRequests = FLOOR_REQUESTS } = options;
	const tokens = mintTokens(bench.jwtSecret, await insertUsers(bench.databaseUrl, buyersFor(holdsPerSecond, seconds)));
	const { showtimeIds, plan } = await insertShowtimes(bench.databaseUrl);
	const [showtimeId] = showtimeIds;
	if (showtimeId === undefined) throw new Error("no showtime was inserted");
	const labels = plan.rows.flatMap((row) => row.seats.flatMap((seat) => seat?.label ?? []));
	// The last seat is reserved for the probes.
	const buy = () =>
		buySeats({ origin: bench.origin, showtimeId, tokens, labels: labels.slice(0, -1), holdsPerSecond, durationMs: seconds * 1_000 });
	await buySeats({ origin: bench.origin, showtimeId, tokens, labels, holdsPerSecond, durationMs: 1_000 });

	const alone = await bench.costs.measure("unwatched", buy);
	printBuying("no watchers", alone);
	const rssBefore = bench.apiRssBytes();
	const processes = split(watchers).map(() => fork(fileURLToPath(new URL("../load/watch-crowd.ts", import.meta.url))));
	const sendCommand = (command: WatchCommand) => Promise.all(processes.map((process) => ask(process, command)));
	try {
		await Promise.all(
			split(watchers).map((share, i) => ask(processes[i], { what: "open", origin: bench.origin, showtimeId, watchers: share })),
		);
		printMemory(rssBefore, bench.apiRssBytes(), watchers);
		const watched = await bench.costs.measure("watched", buy);
		printBuying(`${watchers} watchers`, watched);
		console.log(
			`  added to a hold  p50 ${(watched.p50Ms - alone.p50Ms).toFixed(1)} ms  p99 ${(watched.p99Ms - alone.p99Ms).toFixed(1)} ms`,
		);

		await bench.costs.measure("floor", () => runLoad(floorLoad(bench, tokens, showtimeId, floorRequests)));
		await probeOften(bench, { showtimeId, token: tokens[0] ?? "", labels, sendCommand });
		return [...(await prove(bench, showtimeId, sendCommand)), ...faultsOf(alone), ...faultsOf(watched)];
	} finally {
		for (const process of processes) process.kill("SIGKILL");
	}
}

/** Returns a load of refusals for the floor, because most holds of a full showtime are refused. */
function floorLoad({ floorOrigin }: Bench, tokens: readonly string[], showtimeId: ShowtimeId, count: number): Load {
	const requests = Array.from({ length: Math.ceil(count / tokens.length) }, () => ({
		path: "/taken",
		body: { showtimeId, seats: ["A1"] },
	}));
	return { origin: floorOrigin, connections: tokens.map((token) => ({ token, requests })) };
}

/**
 * Returns the number of buyers with which no buyer exceeds the hourly limit of holds: one second of warm-up, two times `seconds`, and
 * the probes.
 */
function buyersFor(holdsPerSecond: number, seconds: number): number {
	const holds = holdsPerSecond * (1 + 2 * seconds);
	return Math.max(BUYERS_MIN, Math.ceil(holds / (DEFAULT_LIMITS.holdsPerHourMax - PROBES - 2)));
}

type SendCommand = (command: WatchCommand) => Promise<WatchAnswer[]>;

/** Measures the time from the answer to a hold until the watchers receive the change: half of them, and all of them. */
async function probeOften(
	bench: Bench,
	probe: { showtimeId: string; token: string; labels: readonly string[]; sendCommand: SendCommand },
): Promise<void> {
	const { showtimeId, token, labels, sendCommand } = probe;
	const person = createClient({ baseUrl: bench.origin, tokens: { access: () => token } });
	const seat = labels.length - 1;
	const lags: { half: number; all: number }[] = [];
	for (let n = 0; n < PROBES; n += 1) {
		await sendCommand({ what: "probe", seat });
		const held = await person.POST("/api/v1/bookings", { body: { showtimeId, seats: [labels[seat] ?? ""] } });
		const answeredAtMs = Date.now();
		if (held.data === undefined) throw new Error(`the hold of the probe failed: ${JSON.stringify(held.error)}`);
		const seen = (await sendCommand({ what: "probed" })).flatMap(({ seenAtMs }) => seenAtMs).sort((a, b) => a - b);
		lags.push({ half: median(seen) - answeredAtMs, all: (seen.at(-1) ?? Number.NaN) - answeredAtMs });
		await person.DELETE("/api/v1/bookings/{id}", { params: { path: { id: held.data.id } } });
	}
	console.log(
		`  change received  half ${median(lags.map(({ half }) => half))} ms  all ${median(lags.map(({ all }) => all))} ms, median of ${PROBES} probes`,
	);
}

/** Checks at rest: every watcher has the seat map of Redis, and no watcher received an event twice or out of order. */
async function prove({ proof }: Bench, showtimeId: ShowtimeId, sendCommand: SendCommand): Promise<string[]> {
	const rest = await waitUntil(
		"the seat map to stop changing",
		async () => {
			const [before, after] = [await proof.statuses(showtimeId), await proof.statuses(showtimeId)];
			return before === after && !after.includes("H") && after;
		},
		REST_DEADLINE_MS,
	);
	const version = await proof.mapVersion(showtimeId);
	const answers = await sendCommand({ what: "report", version });
	const views = answers.flatMap((answer) => answer.views);
	const wrong = views.filter((view) => view.statuses !== rest || view.version !== version);
	const total = (pick: (answer: WatchAnswer) => number) => answers.reduce((sum, answer) => sum + pick(answer), 0);
	console.log(
		`  watchers         ${views.length}  events ${total(({ events }) => events)}  resets ${total(({ resets }) => resets)}  reconnects ${total(({ breaks }) => breaks)}`,
	);
	await proof.drained(REST_DEADLINE_MS);
	const violations = [...answers.flatMap((answer) => answer.violations), ...(await proof.violations(showtimeId))];
	if (wrong.length > 0)
		violations.push(`${wrong.length} of ${views.length} watchers do not have the seat map of Redis at version ${version}`);
	return violations;
}

const faultsOf = ({ faults }: BuySummary): string[] => (faults === 0 ? [] : [`${faults} requests of buyers failed`]);

function split(watchers: number): number[] {
	const parts = Math.ceil(watchers / WATCHERS_PER_PROCESS_MAX);
	return Array.from({ length: parts }, (_, part) => Math.floor((watchers * (part + 1)) / parts) - Math.floor((watchers * part) / parts));
}

async function ask(process: ChildProcess | undefined, command: WatchCommand): Promise<WatchAnswer> {
	if (process === undefined) throw new Error("no process for a share of the watchers");
	process.send(command);
	const over = new AbortController();
	try {
		const [answer] = await Promise.race([
			once(process, "message", { signal: over.signal }),
			once(process, "exit", { signal: over.signal }).then(() => {
				throw new Error("a process with watchers exited before it answered");
			}),
		]);
		return answer as WatchAnswer;
	} finally {
		over.abort();
	}
}

function printBuying(name: string, { holds, refused, faults, p50Ms, p99Ms, maxMs }: BuySummary): void {
	console.log(
		`  ${name.padEnd(16)} hold p50 ${p50Ms.toFixed(1)} ms  p99 ${p99Ms.toFixed(1)} ms  max ${maxMs.toFixed(0)} ms  held ${holds}  refused ${refused}  faults ${faults}`,
	);
}

function printMemory(before: number | null, after: number | null, watchers: number): void {
	if (before === null || after === null) return;
	const mb = (bytes: number) => (bytes / 1024 / 1024).toFixed(0);
	console.log(
		`  memory           API ${mb(before)} MB, then ${mb(after)} MB: ${((after - before) / watchers / 1024).toFixed(1)} KB per watcher`,
	);
}
