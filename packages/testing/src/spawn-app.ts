/** Starts an app as a process of its own, for tests of how it starts, what it prints, and how it ends. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { COMPILE_CACHE, findProgram } from "@holdfast/local-stack";

/** A started app. */
export type SpawnedApp = {
	readonly child: ChildProcess;
	/** What the app has written to its standard output and standard error so far. */
	readonly printed: { readonly out: string; readonly err: string };
	/** Resolves to the exit code once the app has exited, or to null if a signal ended it. */
	readonly ended: Promise<unknown>;
};

/**
 * Runs `entry` with these arguments and the variables of `environment`, and no others except the folder of Node's compile cache, which makes
 * a start a third cheaper. The caller kills the process.
 */
export function spawnApp(entry: string, environment: NodeJS.ProcessEnv, args: readonly string[] = []): SpawnedApp {
	const env = { NODE_COMPILE_CACHE: COMPILE_CACHE, ...environment };
	const child = spawn(process.execPath, [findProgram(entry), ...args], { env, stdio: ["ignore", "pipe", "pipe"] });
	const printed = { out: "", err: "" };
	child.stdout.on("data", (chunk) => {
		printed.out += chunk;
	});
	child.stderr.on("data", (chunk) => {
		printed.err += chunk;
	});
	return { child, printed, ended: once(child, "close").then(([code]: unknown[]) => code) };
}
