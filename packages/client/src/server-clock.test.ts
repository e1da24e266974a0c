import { describe, expect, it } from "vitest";
import { createServerClock } from "./server-clock.ts";

/** The device's clock is five minutes behind the server's clock. */
const BEHIND_MS = 300_000;
const START_MS = Date.parse("2026-11-22T20:00:00.000Z");
const serverTime = (deviceMs: number) => new Date(deviceMs + BEHIND_MS).toISOString();

describe("createServerClock", () => {
	it("returns the device time before the first answer and the server time after it", () => {
		const clock = createServerClock(() => START_MS);
		expect(clock.now()).toBe(START_MS);
		clock.observe(serverTime(START_MS), START_MS - 20, START_MS + 20);
		expect(clock.now()).toBe(START_MS + BEHIND_MS);
	});

	it("keeps the estimate of the fastest answer until clock drift makes it less exact than a new one", () => {
		let deviceMs = START_MS;
		const clock = createServerClock(() => deviceMs);
		clock.observe(serverTime(START_MS), START_MS - 10, START_MS + 10);
		// The server read its clock at the end of a slow round trip. The estimate assumes the middle and would be two seconds off.
		clock.observe(serverTime(START_MS + 4_000), START_MS, START_MS + 4_000);
		deviceMs = START_MS + 4_000;
		expect(clock.now()).toBe(deviceMs + BEHIND_MS);
		deviceMs = START_MS + 30_000_000;
		clock.observe(serverTime(deviceMs + 100), deviceMs - 200, deviceMs);
		expect(clock.now()).toBe(deviceMs + BEHIND_MS + 200);
	});

	it("ignores answers without a valid server time, and answers that arrived before they were sent", () => {
		const clock = createServerClock(() => START_MS);
		clock.observe(null, START_MS, START_MS);
		clock.observe("yesterday", START_MS, START_MS);
		clock.observe(serverTime(START_MS), START_MS, START_MS - 5);
		expect(clock.now()).toBe(START_MS);
	});

	it("counts down to one second before the instant and never below zero", () => {
		const clock = createServerClock(() => START_MS);
		clock.observe(serverTime(START_MS), START_MS, START_MS);
		const inMs = (ms: number) => new Date(START_MS + BEHIND_MS + ms).toISOString();
		expect([clock.remainingMs(inMs(420_000)), clock.remainingMs(inMs(1_000)), clock.remainingMs(inMs(-5))]).toEqual([419_000, 0, 0]);
	});
});
