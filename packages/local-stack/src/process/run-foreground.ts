/** Runs a command in the user's terminal until it ends, as if the user had typed it. */
import { spawn } from "node:child_process";
import { constants } from "node:os";
import { REPOSITORY_ROOT } from "../repository.ts";
import { waitForShutdown } from "./wait-for-shutdown.ts";

/** `cwd` is the repository root when absent; `env` is added to the environment of this process. */
export type ForegroundOptions = { readonly cwd?: string; readonly env?: NodeJS.ProcessEnv };

/**
 * Resolves to the exit code of the command; 128 plus the number of the signal when a signal ended it. When this process is asked to
 * exit, the command gets a SIGTERM. Rejects when the command cannot be started.
 */
export function runForeground(command: string, args: readonly string[], options: ForegroundOptions = {}): Promise<number> {
	return new Promise((resolve, reject) => {
		const child = spawn(command, args, {
			stdio: "inherit",
			cwd: options.cwd ?? REPOSITORY_ROOT,
			env: { ...process.env, ...options.env },
		});
		// The terminal sends Ctrl-C to the child as well. Many tools abort without cleanup on a second signal, so none is sent here.
		void waitForShutdown().then((why) => (why === "SIGINT" && process.stdin.isTTY) || child.kill("SIGTERM"));
		child.once("error", reject);
		child.once("close", (code, signal) => resolve(code ?? 128 + constants.signals[signal ?? "SIGTERM"]));
	});
}
