import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { afterEach, describe, expect, it } from "vitest";

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

/** Sends a request over a new connection, so that every worker gets some of the requests. */
const ask = (port: number, path = "/"): Promise<string | null> =>
	fetch(`http://127.0.0.1:${port}${path}`, { headers: { connection: "close" } })
		.then((answer) => answer.text())
		.catch(() => null);

async function answeringPids(port: number): Promise<Set<number>> {
	const answers = await Promise.all(Array.from({ length: 20 }, () => ask(port)));
	return new Set(answers.flatMap((answer) => (answer === null ? [] : Number(answer))));
}

/** Sends requests until exactly `count` processes answer. */
async function untilServedBy(port: number, count: number): Promise<Set<number>> {
	for (;;) {
		const pids = await answeringPids(port);
		if (pids.size === count) return pids;
		await delay(20);
	}
}

async function start(workers: number): Promise<{ port: number; server: ChildProcess }> {
	const port = await freePort();
	started = spawn(process.execPath, [FIXTURE, String(port), String(workers)], { stdio: "inherit" });
	await untilServedBy(port, workers);
	return { port, server: started };
}

const isAlive = (pid: number): boolean => {
	try {
		return process.kill(pid, 0);
	} catch {
		return false;
	}
};

describe("runWorkers", () => {
	it("serves one port from several processes, and restarts a worker that is killed", async () => {
		const { port } = await start(2);
		const before = await untilServedBy(port, 2);
		const [victim] = before;
		if (victim === undefined) throw new Error("no worker answered");
		process.kill(victim, "SIGKILL");
		let after = before;
		while (after.size !== 2 || after.has(victim)) after = await answeringPids(port);
		expect(after.has(victim)).toBe(false);
	});

	it.each([1, 2])("finishes the requests in flight on SIGTERM with %i worker(s), and leaves no process behind", async (workers) => {
		const { port, server } = await start(workers);
		const pids = await untilServedBy(port, workers);
		const inFlight = Array.from({ length: 10 }, () => ask(port, "/slow"));
		await delay(200);
		server.kill("SIGTERM");
		const [code] = await once(server, "exit");
		expect(code).toBe(0);
		expect((await Promise.all(inFlight)).filter((answer) => answer === null)).toEqual([]);
		expect([...pids].filter(isAlive)).toEqual([]);
	});

	it("stops every worker when the primary is killed", async () => {
		const { port, server } = await start(2);
		const pids = [...(await untilServedBy(port, 2))];
		server.kill("SIGKILL");
		while (pids.some(isAlive)) await delay(20);
		expect(await ask(port)).toBeNull();
	});
});
