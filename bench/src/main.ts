/** `npm run bench -- <scenario>`: opens a stack, runs the scenario, prints figures and proof. Exits 1 when the proof fails. */
import { parseArgs } from "node:util";
import { compareCheckouts } from "./compare-checkouts.ts";
import { openBench, PROFILE_DIR } from "./open-bench.ts";
import { printCommands, printProfiles } from "./print-profile.ts";
import { describeMachine } from "./report.ts";
import { spike } from "./scenarios/spike.ts";
import { spread } from "./scenarios/spread.ts";
import { watch } from "./scenarios/watch.ts";
import { NO_TURNS, takeTurns } from "./take-turns.ts";

const USAGE = `usage: npm run bench -- <scenario> [options]

  spike    all buyers ask for one 100-seat showtime at once, the winners confirm
           --connections N (1000)   --requests N, per connection (so many that it is 50,000 in all, at least 5)
  spread   buyers hold seats over many showtimes, then confirm them
           --connections N (64)     --showtimes N (270)
  watch    many watch one 100-seat showtime while others buy there: memory per watcher, what they add to a hold
           --watchers N (2000)      --seconds N (10)      --holds N, per second (100)

  compare  whether this checkout costs more processor time than another: short rounds of spread in both, in turns
           --base FOLDER, the other checkout, with its dependencies   --runs N (9)

  --rounds N (3)    --workers N, processes of the API and of the floor (2)
  --figures FILE    also write what a request costs in processor time as JSON, microseconds by round
  --in-turns        spread begins each round at a line on standard input, and prints its figures behind it
  --profile         also print where API and sweeper spend their time, and what Redis was asked
  --url URL         a stack that \`npm start\` runs here, instead of one of its own`;

const { values, positionals } = readArguments();

/** Ends with the usage when an option is not one of them. */
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
	if (!/^[1-9]\d{0,5}$/.test(raw)) throw new Error(`--${name} ${raw}: a whole number from 1 to 999999`);
	return Number(raw);
}

const PROOF = { holds: "proof: holds. No seat sold twice, Redis and ledger agree", fails: "proof: FAILS" };
const AS_BEFORE = { holds: "compare: costs as before", fails: "compare: COSTS MORE" };

/** Prints the verdict; gives the exit code. */
function reportViolations(violations: readonly string[], { holds, fails }: { holds: string; fails: string }): number {
	for (const violation of violations.slice(0, 20)) console.error(`FLAW ${violation}`);
	console.log(violations.length === 0 ? holds : `${fails} with ${violations.length} violations`);
	return violations.length === 0 ? 0 : 1;
}

async function main(): Promise<number> {
	const [scenario] = positionals;
	if (values.help) {
		console.log(USAGE);
		return 0;
	}
	if (scenario === "compare" && values.base !== undefined)
		return reportViolations(await compareCheckouts(values.base, count("runs", 9)), AS_BEFORE);
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
			values.url === undefined ? `API and floor: ${workers} processes each` : `the API at ${values.url}; floor: ${workers} processes`,
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
