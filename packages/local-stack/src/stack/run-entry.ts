/** Run one of the repository's own scripts to its end, passing on what it prints line by line. */
import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { REPOSITORY_ROOT } from "../repository.ts";

export type EntryRun = {
	/** Path from the root of the repository. */
	readonly entry: string;
	readonly env: NodeJS.ProcessEnv;
	readonly onLine: (line: string) => void;
	/** Ends it early; the promise rejects then. */
	readonly signal: AbortSignal;
};

/** An entry ended with another code than 0. */
export class EntryFailure extends Error {
	override readonly name = "EntryFailure";
	/** What it printed to stderr. */
	readonly complaints: string;
	constructor(entry: string, code: number | null, complaints: string) {
		super(`${entry} ended with code ${code}:\n${complaints}`);
		this.complaints = complaints;
	}
}

/** Rejects with `EntryFailure` on any exit code but 0. */
export async function runEntry({ entry, env, onLine, signal }: EntryRun): Promise<void> {
	const child = spawn(process.execPath, [entry], { cwd: REPOSITORY_ROOT, env, signal, stdio: ["ignore", "pipe", "pipe"] });
	let complaints = "";
	child.stderr.on("data", (chunk) => {
		complaints += String(chunk);
	});
	createInterface({ input: child.stdout }).on("line", onLine);
	const code = await new Promise<number | null>((resolve, reject) => {
		child.once("error", reject);
		child.once("close", resolve);
	});
	if (code !== 0) throw new EntryFailure(entry, code, complaints.trim());
}
