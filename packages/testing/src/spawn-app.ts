/** Starts an app as a process of its own, for tests of how it starts, what it prints, and how it ends. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";

/** A started app. */
export type SpawnedApp = {
	readonly child: ChildProcess;
	/** What the app has written to its standard output and standard error so far. */
	readonly printed: { readonly out: string; readonly err: string };
	/** Resolves to the exit code once the app has exited, or to null if a signal ended it. */
	readonly ended: Promise<unknown>;
};

/** Runs `entry` with these arguments, and the variables of `environment` and no others. The caller kills the process. */
export function spawnApp(entry: string, environment: NodeJS.ProcessEnv, args: readonly string[] = []): SpawnedApp {
	const child = spawn(process.execPath, [entry, ...args], { env: environment, stdio: ["ignore", "pipe", "pipe"] });
	const printed = { out: "", err: "" };
	child.stdout.on("data", (chunk) => {
		printed.out += chunk;
	});
	child.stderr.on("data", (chunk) => {
		printed.err += chunk;
	});
	return { child, printed, ended: once(child, "close").then(([code]: unknown[]) => code) };
}
