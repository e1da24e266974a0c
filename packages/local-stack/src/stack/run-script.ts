/** Runs a TypeScript program of this repository and passes on every line that it prints. */
import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { REPOSITORY_ROOT } from "../repository.ts";
import { findProgram } from "./find-program.ts";

/** What `runScript` runs. */
export type ScriptRun = {
	/** Path of the program, relative to the repository root. */
	readonly entry: string;
	readonly env: NodeJS.ProcessEnv;
	readonly onLine: (line: string) => void;
	/** Kills the program when aborted; `runScript` rejects then. */
	readonly signal: AbortSignal;
};

/** A program ended with an exit code other than 0. */
export class ScriptError extends Error {
	override readonly name = "ScriptError";
	/** Everything that the program printed to stderr. */
	readonly stderrText: string;
	constructor(entry: string, code: number | null, stderrText: string) {
		super(`${entry} failed with exit code ${code}:\n${stderrText}`);
		this.stderrText = stderrText;
	}
}

/** Resolves when the program has ended with exit code 0. Rejects with `ScriptError` on any other code. */
export async function runScript({ entry, env, onLine, signal }: ScriptRun): Promise<void> {
	const child = spawn(process.execPath, [findProgram(entry)], { cwd: REPOSITORY_ROOT, env, signal, stdio: ["ignore", "pipe", "pipe"] });
	let stderrText = "";
	child.stderr.on("data", (chunk) => {
		stderrText += String(chunk);
	});
	createInterface({ input: child.stdout }).on("line", onLine);
	const code = await new Promise<number | null>((resolve, reject) => {
		child.once("error", reject);
		child.once("close", resolve);
	});
	if (code !== 0) throw new ScriptError(entry, code, stderrText.trim());
}
