import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { afterEach, describe, expect, it } from "vitest";
import { mergeWorkerTexts } from "./worker-metrics.ts";

const FIXTURE = fileURLToPath(new URL("./testing/run-workers-fixture.ts", import.meta.url));
let started: ChildProcess | null = null;
afterEach(() => started?.kill("SIGKILL"));

async function freePort(): Promise<number> {
	const server = createServer().listen(0, "127.0.0.1");
	await once(server, "listening");
	const address = server.address();
	server.close();
	return typeof address === "object" && address !== null ? address.port : 0;
}

const ask = (port: number, path: string): Promise<string> =>
	fetch(`http://127.0.0.1:${port}${path}`, { headers: { connection: "close" } }).then(
		(answer) => answer.text(),
		() => "",
	);

/** The process id of each worker that reports: the fixture's only metric. */
async function pidsByWorker(port: number): Promise<Record<string, number>> {
	const lines = [...(await ask(port, "/metrics")).matchAll(/^pid\{worker="(\d+)"\} (\d+)$/gm)];
	return Object.fromEntries(lines.map(([, worker, pid]) => [worker, Number(pid)]));
}

async function untilAllReport(port: number, workers: number): Promise<Record<string, number>> {
	for (;;) {
		const pids = await pidsByWorker(port);
		if (Object.keys(pids).length === workers) return pids;
		await delay(20);
	}
}

describe("joinWorkerMetrics", () => {
	it("returns the metrics of all workers from any worker, each with its place, which a restarted worker keeps", async () => {
		const port = await freePort();
		started = spawn(process.execPath, [FIXTURE, String(port), "3"], { stdio: "inherit" });
		const before = await untilAllReport(port, 3);
		expect(Object.keys(before)).toEqual(["1", "2", "3"]);
		for (let scrape = 0; scrape < 10; scrape += 1) expect(await pidsByWorker(port)).toEqual(before);
		process.kill(before[2] ?? 0, "SIGKILL");
		let after = before;
		while (Object.keys(after).length !== 3 || new Set(Object.values(after)).has(before[2] ?? 0)) after = await pidsByWorker(port);
		expect(after).toEqual({ ...before, 2: expect.any(Number) });
	});

	it("leaves out a worker that does not report within a second or two", async () => {
		const port = await freePort();
		started = spawn(process.execPath, [FIXTURE, String(port), "2"], { stdio: "inherit" });
		const pids = await untilAllReport(port, 2);
		process.kill(pids[1] ?? 0, "SIGSTOP");
		try {
			for (;;) {
				// A connection to the stopped worker hangs. A later connection reaches the other worker.
				const answer = await Promise.race([pidsByWorker(port), delay(3_000, null, { ref: false })]);
				if (answer === null) continue;
				expect(answer).toEqual({ 2: pids[2] });
				break;
			}
		} finally {
			process.kill(pids[1] ?? 0, "SIGCONT");
		}
	});
});

describe("mergeWorkerTexts", () => {
	const text = (value: number) =>
		`# HELP a_total A\n# TYPE a_total counter\na_total{kind="x"} ${value}\n\n# HELP b B\n# TYPE b gauge\nb ${value}\n`;

	it("returns the text of a single process unchanged", () => {
		expect(mergeWorkerTexts([{ worker: null, text: text(1) }])).toBe(text(1));
	});

	it("writes each metric once, with the lines of every process below it", () => {
		expect(
			mergeWorkerTexts([
				{ worker: 1, text: text(1) },
				{ worker: 2, text: text(2) },
			]),
		).toBe(
			'# HELP a_total A\n# TYPE a_total counter\na_total{worker="1",kind="x"} 1\na_total{worker="2",kind="x"} 2\n\n' +
				'# HELP b B\n# TYPE b gauge\nb{worker="1"} 1\nb{worker="2"} 2\n',
		);
	});
});
