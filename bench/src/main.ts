/**
 * `npm run bench -- <scenario>`: starts a stack, runs the scenario, and prints the figures and the result of the proof. Exits with 1
 * when the proof fails, and with 2 for invalid arguments.
 */
import { parseArgs } from "node:util";
import { compareCheckouts } from "./compare-checkouts.ts";
import { openBench, PROFILE_DIR } from "./open-bench.ts";
import { printCommands, printProfiles } from "./print-profile.ts";
import { describeMachine } from "./report.ts";
import { spike } from "./scenarios/spike.ts";
import { spread } from "./scenarios/spread.ts";
import { watch } from "./scenarios/watch.ts";
import { NO_TURNS, takeTurns } from "./take-turns.ts";

const USAGE = `Usage: npm run bench -- <scenario> [options]

Each scenario prints its figures next to those of the floor, a baseline server that does only authentication and one
Redis call per request. Defaults are in parentheses.

  spike    all buyers request seats of one 100-seat showtime at once; those who get one confirm it
           --connections N (1000)   --requests N, per connection (50,000 divided by the connections, at least 5)
  spread   buyers hold seats of many showtimes, then confirm them
           --connections N (64)     --showtimes N (270)
  watch    many clients watch one 100-seat showtime while others buy there; shows the memory per watcher and the
           latency that the watchers add to a hold
           --watchers N (2000)      --seconds N (10)      --holds N, per second (100)

  compare  compares the processor time of this checkout with that of another one, in alternating short rounds of spread
           --base FOLDER, the other checkout, with its dependencies installed   --runs N (9)

  --rounds N (3)    --workers N, the processes of the API and of the floor (2)
  --figures FILE    also write the processor time per request as JSON, in microseconds by round
  --in-turns        spread waits for a line on standard input before each round, and prints its figures after the round
  --profile         also print where the API and the sweeper spend their time, and the commands of Redis
  --url URL         use the stack that \`npm start\` runs on this machine, instead of starting one`;

const { values, positionals } = readArguments();

/** Returns the arguments. Prints the usage and exits with 2 when an option is unknown. */
function readArguments() {
	try {
		return parseArgs({
			allowPositionals: true,
			options: {
				connections: { type: "string" },
				requests: { type: "string" },
				showtimes: { type: "string" },
				watchers: { type: "string" },
				seconds: { type: "string" },
				holds: { type: "string" },
				rounds: { type: "string" },
				workers: { type: "string" },
				url: { type: "string" },
				figures: { type: "string" },
				base: { type: "string" },
				runs: { type: "string" },
				"in-turns": { type: "boolean", default: false },
				profile: { type: "boolean", default: false },
				help: { type: "boolean", default: false },
			},
		});
	} catch (error) {
		console.error(`${error instanceof Error ? error.message : error}\n\n${USAGE}`);
		process.exit(2);
	}
}

type Count = "connections" | "requests" | "showtimes" | "watchers" | "seconds" | "holds" | "rounds" | "workers" | "runs";

function count(name: Count, fallback: number): number {
	const raw = values[name];
	if (raw === undefined) return fallback;
	if (!/^[1-9]\d{0,5}$/.test(raw)) throw new Error(`--${name} ${raw} is not valid: use a whole number from 1 to 999999`);
	return Number(raw);
}

const PROOF = {
	passed: "proof: passed. No seat was sold twice, and Redis and the ledger agree.",
	failed: "proof: FAILED",
	item: "violation",
};
const COMPARISON = {
	passed: "compare: passed. No total rose by more than 3 % or by more than its spread.",
	failed: "compare: FAILED",
	item: "regression",
};

/** Prints the first 20 violations and the result; returns the exit code. */
function reportViolations(violations: readonly string[], { passed, failed, item }: Record<"passed" | "failed" | "item", string>): number {
	for (const violation of violations.slice(0, 20)) console.error(`${item}: ${violation}`);
	console.log(violations.length === 0 ? passed : `${failed} with ${violations.length} ${item}${violations.length === 1 ? "" : "s"}`);
	return violations.length === 0 ? 0 : 1;
}

async function main(): Promise<number> {
	const [scenario] = positionals;
	if (values.help) {
		console.log(USAGE);
		return 0;
	}
	if (scenario === "compare" && values.base !== undefined)
		return reportViolations(await compareCheckouts(values.base, count("runs", 9)), COMPARISON);
	if (scenario !== "spike" && scenario !== "spread" && scenario !== "watch") {
		console.error(USAGE);
		return 2;
	}
	const workers = count("workers", 2);
	const rounds = count("rounds", 3);
	const turns = values["in-turns"] ? takeTurns() : NO_TURNS;
	const bench = await openBench({ url: values.url, workers, profile: values.profile, log: (line) => console.log(line) });
	try {
		console.log(describeMachine());
		console.log(
			values.url === undefined ? `API and floor: ${workers} processes each` : `API at ${values.url}; floor: ${workers} processes`,
		);
		const connections = count("connections", scenario === "spike" ? 1_000 : 64);
		const run = {
			spike: () =>
				spike(bench, {
					connections,
					rounds,
					requestsPerConnection: count("requests", Math.max(5, Math.round(50_000 / connections))),
				}),
			spread: () => spread(bench, { connections, rounds, showtimes: count("showtimes", 270), turns }),
			watch: () => watch(bench, { watchers: count("watchers", 2_000), seconds: count("seconds", 10), holdsPerSecond: count("holds", 100) }),
		};
		const violations = await run[scenario]();
		bench.costs.print();
		if (values.figures !== undefined) bench.costs.write(values.figures);
		if (values.profile) printCommands(await bench.proof.redisCommands());
		return reportViolations(violations, PROOF);
	} finally {
		turns.close();
		await bench.close();
		if (values.profile) printProfiles(PROFILE_DIR);
	}
}

process.exitCode = await main().catch((error: unknown) => {
	console.error(error instanceof Error ? error.message : error);
	return 1;
});
