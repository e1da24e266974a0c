import { setTimeout as delay } from "node:timers/promises";
import { expect, it } from "vitest";
import { timeWork } from "./time-work.ts";

it("timeWork counts the time in which the event loop could run", async () => {
	const { value, tookMs } = await timeWork(() => delay(300, "done"));
	expect(value).toBe("done");
	expect(tookMs).toBeGreaterThan(150);
	expect(tookMs).toBeLessThan(350);
});

it("timeWork does not count the time in which the event loop was blocked", async () => {
	const { tookMs } = await timeWork(async () => {
		const endMs = performance.now() + 500;
		while (performance.now() < endMs);
	});
	expect(tookMs).toBeLessThan(50);
});
