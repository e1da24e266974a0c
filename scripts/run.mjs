/**
 * The bootstrap behind every root script. It runs on Node >= 20.11 with nothing installed: it installs the dependencies (with pnpm,
 * through npx where pnpm is missing), finds a Node that runs TypeScript, and runs the program of the command with it.
 */
import { spawn, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { constants } from "node:os";
import { delimiter, join } from "node:path";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("..", import.meta.url));
const PNPM = "12.21.0";
/** The first Node version that runs TypeScript without a flag. */
const NODE_MIN = [22, 18];

/** Runs a tool of the product on the stores of the environment, or on those of the running `npm start`. */
const RUN_ON_STORES = "packages/local-stack/src/bin/run-on-stores.ts";

/** The program of each command (a file, or a file and its first argument), and its description. */
const COMMANDS = {
	start: [
		"packages/local-stack/src/bin/start.ts",
		"run the whole product on this machine (PORT, DATA_DIR, REDIS_URL, DATABASE_URL, DATABASE_OWNER_URL)",
	],
	test: ["scripts/run-tests.ts", "run all tests once; arguments go to vitest"],
	"test:long": ["scripts/run-long-tests.ts", "run the long tests in full; arguments go to vitest"],
	dev: ["packages/local-stack/src/bin/dev.ts", "like start, and restart the apps when their code changes"],
	build: ["scripts/build.ts", "type-check all packages and write the generated files"],
	check: ["scripts/check.ts", "check format, lint, types, imports and unused code"],
	bench: ["bench/src/main.ts", "measure under load; the arguments name the scenario"],
	"db:generate": ["scripts/generate-migration.ts", "write a migration from the schema: -- --name what-changes"],
	"db:migrate": [
		"packages/local-stack/src/bin/migrate-stack.ts",
		"apply the migrations as DATABASE_OWNER_URL (default DATABASE_URL), or to the running start",
	],
	"seats:open": [
		[RUN_ON_STORES, "apps/sweeper/src/bin/open-seats.ts"],
		"list quarantined showtimes, or put their seats on sale: -- <showtime>... or -- --all",
	],
	"dead-letters": [
		[RUN_ON_STORES, "apps/sweeper/src/bin/handle-dead-letters.ts"],
		"list outbox entries that could not be settled: -- show, replay, resolve",
	],
	alarms: [[RUN_ON_STORES, "apps/sweeper/src/bin/list-alarms.ts"], "list what needs an operator or the staff, and what to do"],
	"audit:verify": [[RUN_ON_STORES, "apps/sweeper/src/bin/verify-audit.ts"], "compare the audit trail with the digests of its closed days"],
	"admin:create": [
		[RUN_ON_STORES, "apps/sweeper/src/bin/create-admin.ts"],
		"create an admin, or make a user an admin: -- --email <address>, -- --promote",
	],
	"admin:revoke": [[RUN_ON_STORES, "apps/sweeper/src/bin/revoke-admin.ts"], "make an admin a user: -- --email <address>"],
	"users:delete": [
		[RUN_ON_STORES, "apps/sweeper/src/bin/delete-user.ts"],
		"delete an account that has no upcoming bookings: -- --email <address>",
	],
	sql: [
		"packages/local-stack/src/bin/sql.ts",
		'run one SQL statement on DATABASE_URL or the running start: node scripts/run.mjs sql "select ..."',
	],
};

const [command = "", ...args] = process.argv.slice(2);
const entry = COMMANDS[command]?.[0];
if (entry === undefined) {
	const lines = Object.entries(COMMANDS).map(([name, [, description]]) => `  ${name.padEnd(12)} ${description}`);
	fail(`Unknown command ${JSON.stringify(command)}. Use npm run <command> with one of these commands:\n${lines.join("\n")}`, 2);
}
process.chdir(ROOT);
process.env.PATH = `${join(ROOT, "node_modules/.bin")}${delimiter}${process.env.PATH}`;
process.env.NODE_COMPILE_CACHE ??= join(ROOT, ".cache/node");
process.env.TURBO_TELEMETRY_DISABLED = "1";
installDependencies();
runProgram(findNode(), ["--disable-warning=ExperimentalWarning", ...[entry].flat(), ...args]);

/** Installs the dependencies if the lockfile has changed since the last installation. */
function installDependencies() {
	const stamp = join(ROOT, "node_modules/.holdfast-lockfile");
	const lockfile = createHash("sha256")
		.update(readFileSync(join(ROOT, "pnpm-lock.yaml")))
		.digest("hex");
	if (existsSync(stamp) && readFileSync(stamp, "utf8") === lockfile) return;
	console.log("Installing dependencies (the first time takes about half a minute) ...");
	const found = spawnSync("pnpm", ["--version"], { encoding: "utf8" }).stdout?.trim() ?? "";
	const pnpm = majorOf(found) === majorOf(PNPM) ? ["pnpm"] : ["npx", "-y", `pnpm@${PNPM}`];
	const [tool, ...toolArgs] = [...pnpm, "install", "--frozen-lockfile", "--config.confirmModulesPurge=false"];
	const { status } = spawnSync(tool, toolArgs, { stdio: "inherit" });
	if (status !== 0)
		fail(
			`The dependencies could not be installed (${[tool, ...toolArgs].join(" ")}). Check that the npm registry is reachable, then try again.`,
			status ?? 1,
		);
	writeFileSync(stamp, lockfile);
}

function findNode() {
	const installed = join(ROOT, "node_modules/.bin/node");
	if (existsSync(installed)) return installed;
	const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
	if (major > NODE_MIN[0] || (major === NODE_MIN[0] && minor >= NODE_MIN[1])) return process.execPath;
	return fail(
		`This Node is too old, and npm has no newer one for ${process.platform} ${process.arch}. Install Node ${NODE_MIN.join(".")} or newer.`,
		1,
	);
}

/**
 * Runs the program and exits with its exit code. Signals are forwarded. If this process is killed, the program notices it through
 * its parent process id and exits.
 */
function runProgram(node, programArgs) {
	const child = spawn(node, programArgs, { stdio: "inherit" });
	// The terminal sends Ctrl-C to the child as well. Many tools abort without cleanup on a second signal, so none is sent here.
	process.on("SIGINT", () => process.stdin.isTTY || child.kill("SIGINT"));
	for (const signal of ["SIGTERM", "SIGHUP"]) process.on(signal, () => child.kill(signal));
	const ancestors = findNpmAncestors();
	setInterval(() => findNpmAncestors() === ancestors || child.kill("SIGTERM"), 200).unref();
	child.on("error", (error) => fail(error.message, 1));
	child.on("close", (code, signal) => process.exit(code ?? 128 + constants.signals[signal]));
}

/**
 * Returns the ids of the shell and the npm process that started this process; an empty text when npm did not start it. The program
 * must not outlive them: npm's shell does not forward SIGTERM, and a SIGKILL cannot be forwarded. Without npm the program may outlive
 * its parent, as a background job of a shell does.
 */
function findNpmAncestors() {
	if (process.env.npm_lifecycle_event === undefined) return "";
	return `${process.ppid} ${process.platform === "linux" ? findParentOf(process.ppid) : ""}`;
}

/** Returns the parent process id of a shell that runs one command (`sh -c`); an empty text for any other process. */
function findParentOf(shell) {
	try {
		if (readFileSync(`/proc/${shell}/cmdline`, "utf8").split("\0")[1] !== "-c") return "";
		const stat = readFileSync(`/proc/${shell}/stat`, "utf8");
		return stat.slice(stat.lastIndexOf(")") + 2).split(" ")[1];
	} catch {
		return "ended";
	}
}

function majorOf(version) {
	return version.split(".")[0];
}

function fail(message, code) {
	console.error(message);
	process.exit(code);
}
