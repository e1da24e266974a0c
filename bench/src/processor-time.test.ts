import { spawn } from "node:child_process";
import { once } from "node:events";
import { afterEach, describe, expect, it } from "vitest";
import { readProcessorTime, spentBetween } from "./processor-time.ts";

const BURN_MS = 300;
/** Uses processor time for `BURN_MS`, then prints "done". */
const BURN = `const end = process.cpuUsage().user + ${BURN_MS * 1_000}; while (process.cpuUsage().user < end); console.log("done");`;
const IDLE = "setInterval(() => {}, 1_000);";
/** Runs the code in a child process, prints "ended" when the child has ended, and idles. */
const parentOf = (code: string) =>
	`require("node:child_process").spawn(process.execPath, ["-e", ${JSON.stringify(code)}], { stdio: "inherit" })
		.on("exit", () => console.log("ended")); ${IDLE}`;

/** Each process leads its own process group, so that its children are killed with it. A child that survived would keep vitest open. */
const leaders: number[] = [];
afterEach(() => {
	for (const leader of leaders.splice(0)) process.kill(-leader, "SIGKILL");
});

async function run(code: string, until: string): Promise<number> {
	const child = spawn(process.execPath, ["-e", code], { detached: true, stdio: ["ignore", "pipe", "inherit"] });
	if (child.pid === undefined) throw new Error("the process did not start");
	leaders.push(child.pid);
	let printed = "";
	while (!printed.includes(until)) printed += String((await once(child.stdout, "data"))[0]);
	return child.pid;
}

const rolesOf = (api: number) => ({ api, redis: process.pid, sweeper: process.pid, postgres: process.pid, floor: process.pid });

describe("readProcessorTime", () => {
	it("returns the processor time of a process in microseconds", async () => {
		const { api } = readProcessorTime(rolesOf(await run(BURN + IDLE, "done")));
		expect(api).toBeGreaterThanOrEqual((BURN_MS - 20) * 1_000);
		expect(api).toBeLessThan(20 * BURN_MS * 1_000);
	});

	it("includes the running children of a process", async () => {
		const { api } = readProcessorTime(rolesOf(await run(parentOf(BURN + IDLE), "done")));
		expect(api).toBeGreaterThanOrEqual((BURN_MS - 20) * 1_000);
	});

	it("includes the ended children of a process", async () => {
		const { api } = readProcessorTime(rolesOf(await run(parentOf(BURN), "ended")));
		expect(api).toBeGreaterThanOrEqual((BURN_MS - 20) * 1_000);
	});
});

describe("spentBetween", () => {
	it("returns the difference of two readings for every role", () => {
		const before = { api: 10, redis: 20, sweeper: 30, postgres: 40, floor: 50 };
		const after = { api: 11, redis: 22, sweeper: 33, postgres: 44, floor: 55 };
		expect(spentBetween(before, after)).toEqual({ api: 1, redis: 2, sweeper: 3, postgres: 4, floor: 5 });
	});
});
