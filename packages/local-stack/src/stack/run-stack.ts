/** Runs a stack in the user's terminal until Ctrl-C or another signal: the main function of `npm start` and `npm run dev`. */
import { relative } from "node:path";
import { waitForShutdown } from "../process/wait-for-shutdown.ts";
import { REPOSITORY_ROOT } from "../repository.ts";
import { readStartSettings } from "./read-start-settings.ts";
import { type Stack, startStack } from "./start-stack.ts";
import { superviseParts } from "./supervise-parts.ts";
import { writeWalkthrough } from "./write-walkthrough.ts";

/** Seats of the demo need no quarantine after a data loss: they belong to no real customer, so they are on sale again at once. */
const DEMO_ENVIRONMENT = { QUARANTINE_MS: "0" } as const;

/** Resolves to the exit code. Every process that was started has ended by then, also after a failure. */
export async function runStack({ watch }: { readonly watch: boolean }): Promise<number> {
	const startMs = performance.now();
	const abort = new AbortController();
	const shutdown = waitForShutdown().then((reason) => {
		abort.abort(new Error(`stopped: ${reason}`));
		return reason;
	});
	const print = (line: string) => console.log(line);
	let stack: Stack;
	try {
		const settings = readStartSettings(process.env);
		stack = await startStack({
			...settings,
			environment: { ...DEMO_ENVIRONMENT, ...process.env },
			watch,
			onProgress: print,
			signal: abort.signal,
		});
		print(welcome(stack, settings.dataDir, Math.round(performance.now() - startMs)));
	} catch (error) {
		if (abort.signal.aborted) return 0;
		console.error(error instanceof Error ? error.message : error);
		return 1;
	}
	const parts = [stack.redis, stack.postgres, stack.api, stack.sweeper].filter((part) => part !== null);
	const supervision = superviseParts(parts, print);
	const failure = await Promise.race([shutdown.then(() => null), supervision.gaveUp]);
	supervision.end();
	print(failure === null ? "Stopping everything; the data is kept." : `${failure}. Stopping everything; the data is kept. See the logs.`);
	await stack.stop();
	return failure === null ? 0 : 1;
}

function welcome({ info }: Stack, dataDir: string, tookMs: number): string {
	return `
Holdfast is ready after ${(tookMs / 1000).toFixed(1)} s.

  API            ${info.apiUrl}/api/v1
  Documentation  ${info.apiUrl}/docs
  Admin          ${info.admin.email}  password ${info.admin.password}
  Data and logs  ${relative(REPOSITORY_ROOT, dataDir) || dataDir} (to start with an empty system, stop and delete this folder)

To buy two seats, from sign-up to the rows in PostgreSQL, paste this into a second terminal in this folder:

${writeWalkthrough(info.apiUrl, "node scripts/run.mjs sql")}

Ctrl-C stops everything and keeps the data.`;
}
