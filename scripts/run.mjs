/**
 * The bootstrap behind every root script. Runs on any Node >= 20.11 with nothing installed: brings the dependencies
 * (with pnpm, itself brought by npx where it is missing), finds a Node that runs TypeScript, and hands over to it.
 */
import { spawn, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { constants } from "node:os";
import { delimiter, join } from "node:path";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("..", import.meta.url));
const PNPM = "12.21.0";
/** The first Node that runs TypeScript without a flag. */
const NODE_MIN = [22, 18];

/** Runs a tool of the product on the stores of the environment or of the running start. */
const RUN_ON_STORES = "packages/local-stack/src/bin/run-on-stores.ts";

/** What each command hands over to (a file, or a file and its first argument), and what it is for. */
const COMMANDS = {
	start: ["packages/local-stack/src/bin/start.ts", "run everything on this machine (PORT, DATA_DIR, REDIS_URL, DATABASE_URL)"],
	test: ["scripts/run-tests.ts", "run the tests; arguments go to vitest"],
	"test:long": ["scripts/run-long-tests.ts", "run the long tests in full; arguments go to vitest"],
	dev: ["packages/local-stack/src/bin/dev.ts", "as start, and restart what changes"],
	build: ["scripts/build.ts", "type-check, and write what is generated"],
	check: ["scripts/check.ts", "format, lint, types, imports, unused code"],
	bench: ["bench/src/main.ts", "measure; arguments name the scenario"],
	"db:generate": ["scripts/generate-migration.ts", "write a migration from the schema: -- --name what-changes"],
	"db:migrate": ["packages/local-stack/src/bin/migrate-stack.ts", "apply the migrations to DATABASE_URL or the running start"],
	"seats:open": [
		[RUN_ON_STORES, "apps/sweeper/src/bin/open-seats.ts"],
		"list quarantined showtimes, or open them: -- <showtime>... or -- --all",
	],
	"dead-letters": [
		[RUN_ON_STORES, "apps/sweeper/src/bin/handle-dead-letters.ts"],
		"list entries that could not be settled: -- show, replay, resolve",
	],
	"users:delete": [
		[RUN_ON_STORES, "apps/sweeper/src/bin/delete-user.ts"],
		"delete an account that has no bookings ahead: -- --email <address>",
	],
	sql: ["packages/local-stack/src/bin/sql.ts", 'run one statement there: node scripts/run.mjs sql "select ..."'],
};

const [command = "", ...args] = process.argv.slice(2);
const entry = COMMANDS[command]?.[0];
if (entry === undefined) {
	const lines = Object.entries(COMMANDS).map(([name, [, what]]) => `  ${name.padEnd(12)} ${what}`);
	fail(`Unknown command ${JSON.stringify(command)}. npm run <command> knows:\n${lines.join("\n")}`, 2);
}
process.chdir(ROOT);
process.env.PATH = `${join(ROOT, "node_modules/.bin")}${delimiter}${process.env.PATH}`;
process.env.NODE_COMPILE_CACHE ??= join(ROOT, ".cache/node");
process.env.TURBO_TELEMETRY_DISABLED = "1";
installDependencies();
handOver(findNode(), ["--disable-warning=ExperimentalWarning", ...[entry].flat(), ...args]);

/** Once for each state of the lockfile. */
function installDependencies() {
	const stamp = join(ROOT, "node_modules/.holdfast-lockfile");
	const lockfile = createHash("sha256")
		.update(readFileSync(join(ROOT, "pnpm-lock.yaml")))
		.digest("hex");
	if (existsSync(stamp) && readFileSync(stamp, "utf8") === lockfile) return;
	console.log("Installing dependencies (the first time takes about half a minute) ...");
	const found = spawnSync("pnpm", ["--version"], { encoding: "utf8" }).stdout?.trim() ?? "";
	const pnpm = majorOf(found) === majorOf(PNPM) ? ["pnpm"] : ["npx", "-y", `pnpm@${PNPM}`];
	const [tool, ...words] = [...pnpm, "install", "--frozen-lockfile", "--config.confirmModulesPurge=false"];
	const { status } = spawnSync(tool, words, { stdio: "inherit" });
	if (status !== 0) fail(`Installing failed (${[tool, ...words].join(" ")}). Is the npm registry reachable?`, status ?? 1);
	writeFileSync(stamp, lockfile);
}

function findNode() {
	const brought = join(ROOT, "node_modules/.bin/node");
	if (existsSync(brought)) return brought;
	const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
	if (major > NODE_MIN[0] || (major === NODE_MIN[0] && minor >= NODE_MIN[1])) return process.execPath;
	return fail(`npm has no Node for ${process.platform} ${process.arch}: install Node ${NODE_MIN.join(".")} or newer.`, 1);
}

/** Ends as the child does. Signals are passed on; should this process be killed, the child notices that by itself. */
function handOver(node, words) {
	const child = spawn(node, words, { stdio: "inherit" });
	// A terminal's Ctrl-C reaches the child by itself, and many tools drop everything when it comes twice.
	process.on("SIGINT", () => process.stdin.isTTY || child.kill("SIGINT"));
	for (const signal of ["SIGTERM", "SIGHUP"]) process.on(signal, () => child.kill(signal));
	const starters = findStarters();
	setInterval(() => findStarters() === starters || child.kill("SIGTERM"), 200).unref();
	child.on("error", (error) => fail(error.message, 1));
	child.on("close", (code, signal) => process.exit(code ?? 128 + constants.signals[signal]));
}

/**
 * The processes that a command run by npm must not outlive: npm's shell passes no SIGTERM on, and of a SIGKILL nobody
 * hears. Run by hand, it may: whoever types `&` means it.
 */
function findStarters() {
	if (process.env.npm_lifecycle_event === undefined) return "";
	return `${process.ppid} ${process.platform === "linux" ? findStarterOf(process.ppid) : ""}`;
}

function findStarterOf(shell) {
	try {
		if (readFileSync(`/proc/${shell}/cmdline`, "utf8").split("\0")[1] !== "-c") return "";
		const stat = readFileSync(`/proc/${shell}/stat`, "utf8");
		return stat.slice(stat.lastIndexOf(")") + 2).split(" ")[1];
	} catch {
		return "gone";
	}
}

function majorOf(version) {
	return version.split(".")[0];
}

function fail(message, code) {
	console.error(message);
	process.exit(code);
}
