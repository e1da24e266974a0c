/** Runs a short-lived tool and collects its output. */
import { execFile } from "node:child_process";

/** Options of `runTool`. */
export type ToolOptions = {
	readonly cwd?: string;
	readonly env?: NodeJS.ProcessEnv;
	/** Run as this user and group instead of the caller's. */
	readonly uid?: number;
	readonly gid?: number;
};

const OUTPUT_BYTES_MAX = 8 * 1024 * 1024;

/** Resolves to stdout. Rejects on any exit code but 0, with the command line and the output of the tool in the message. */
export function runTool(command: string, args: readonly string[], options: ToolOptions = {}): Promise<string> {
	return new Promise((resolve, reject) => {
		execFile(command, [...args], { ...options, encoding: "utf8", maxBuffer: OUTPUT_BYTES_MAX }, (error, stdout, stderr) => {
			if (error === null) resolve(stdout);
			else reject(new Error(`${command} ${args.join(" ")} failed: ${(stderr || stdout || error.message).trim()}`, { cause: error }));
		});
	});
}
