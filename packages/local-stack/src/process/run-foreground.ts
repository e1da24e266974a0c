/** Run a command in the user's terminal to its end, as if the user had typed it. */
import { spawn } from "node:child_process";
import { constants } from "node:os";
import { REPOSITORY_ROOT } from "../repository.ts";
import { askedToEnd } from "./asked-to-end.ts";

export type ForegroundOptions = { readonly cwd?: string; readonly env?: NodeJS.ProcessEnv };

/** Resolves to its exit code (128 + number for a signal). It is told to end when this process is. */
export function runForeground(command: string, args: readonly string[], options: ForegroundOptions = {}): Promise<number> {
	return new Promise((resolve, reject) => {
		const child = spawn(command, args, {
			stdio: "inherit",
			cwd: options.cwd ?? REPOSITORY_ROOT,
			env: { ...process.env, ...options.env },
		});
		// A terminal's Ctrl-C reaches the child by itself, and many tools drop everything when it comes twice.
		void askedToEnd().then((why) => (why === "SIGINT" && process.stdin.isTTY) || child.kill("SIGTERM"));
		child.once("error", reject);
		child.once("close", (code, signal) => resolve(code ?? 128 + constants.signals[signal ?? "SIGTERM"]));
	});
}
