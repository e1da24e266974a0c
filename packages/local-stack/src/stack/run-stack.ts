/** Run a stack in the user's terminal until it is told to end: what `npm start` and `npm run dev` do. */
import { relative } from "node:path";
import { askedToEnd } from "../process/asked-to-end.ts";
import { REPOSITORY_ROOT } from "../repository.ts";
import { readStartSettings } from "./read-start-settings.ts";
import { type Stack, startStack } from "./start-stack.ts";
import { superviseParts } from "./supervise-parts.ts";
import { writeWalk } from "./write-walk.ts";

/** The demo's data is nobody's: after a loss its seats are sold again at once. */
const DEMO_ENVIRONMENT = { QUARANTINE_MS: "0" } as const;

/** Resolves to the exit code. Whatever happens, nothing that was started is left running. */
export async function runStack({ watch }: { readonly watch: boolean }): Promise<number> {
	const startMs = performance.now();
	const abort = new AbortController();
	const asked = askedToEnd().then((why) => {
		abort.abort(new Error(`stopped: ${why}`));
		return why;
	});
	const say = (line: string) => console.log(line);
	let stack: Stack;
	try {
		const settings = readStartSettings(process.env);
		stack = await startStack({
			...settings,
			environment: { ...DEMO_ENVIRONMENT, ...process.env },
			watch,
			onProgress: say,
			signal: abort.signal,
		});
		say(welcome(stack, settings.dataDir, Math.round(performance.now() - startMs)));
	} catch (error) {
		if (abort.signal.aborted) return 0;
		console.error(error instanceof Error ? error.message : error);
		return 1;
	}
	const parts = [stack.redis, stack.postgres, stack.api, stack.sweeper].filter((part) => part !== null);
	const supervision = superviseParts(parts, say);
	const failure = await Promise.race([asked.then(() => null), supervision.gaveUp]);
	supervision.end();
	say(failure === null ? "Stopping; the data is kept." : `${failure}. Stopping; see the logs.`);
	await stack.stop();
	return failure === null ? 0 : 1;
}

function welcome({ info }: Stack, dataDir: string, tookMs: number): string {
	return `
Holdfast is ready after ${(tookMs / 1000).toFixed(1)} s.

  API            ${info.apiUrl}/api/v1
  Documentation  ${info.apiUrl}/docs
  Admin          ${info.admin.email}  password ${info.admin.password}
  Data and logs  ${relative(REPOSITORY_ROOT, dataDir) || dataDir} (delete the folder to start anew)

From registering to a row in PostgreSQL; paste this into a second terminal, in this folder:

${writeWalk(info.apiUrl, "node scripts/run.mjs sql")}

Ctrl-C stops everything and keeps the data.`;
}
