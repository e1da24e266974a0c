import { describe, expect, it } from "vitest";
import { createServerClock } from "./server-clock.ts";

/** This device's clock is five minutes behind the server's. */
const BEHIND_MS = 300_000;
const START_MS = Date.parse("2026-11-22T20:00:00.000Z");
const serverTime = (deviceMs: number) => new Date(deviceMs + BEHIND_MS).toISOString();

describe("the server's clock", () => {
	it("is this device's until an answer came, and then the server's", () => {
		const clock = createServerClock(() => START_MS);
		expect(clock.now()).toBe(START_MS);
		clock.observe(serverTime(START_MS), START_MS - 20, START_MS + 20);
		expect(clock.now()).toBe(START_MS + BEHIND_MS);
	});

	it("believes the quickest answer, until that is old", () => {
		let deviceMs = START_MS;
		const clock = createServerClock(() => deviceMs);
		clock.observe(serverTime(START_MS), START_MS - 10, START_MS + 10);
		// Stamped at the very end of a slow trip: taken for its middle, it would be two seconds off.
		clock.observe(serverTime(START_MS + 4_000), START_MS, START_MS + 4_000);
		deviceMs = START_MS + 4_000;
		expect(clock.now()).toBe(deviceMs + BEHIND_MS);
		deviceMs = START_MS + 30_000_000;
		clock.observe(serverTime(deviceMs + 100), deviceMs - 200, deviceMs);
		expect(clock.now()).toBe(deviceMs + BEHIND_MS + 200);
	});

	it("learns nothing from an answer without a time, or with one that is none", () => {
		const clock = createServerClock(() => START_MS);
		clock.observe(null, START_MS, START_MS);
		clock.observe("yesterday", START_MS, START_MS);
		clock.observe(serverTime(START_MS), START_MS, START_MS - 5);
		expect(clock.now()).toBe(START_MS);
	});

	it("counts down to a second before the instant, and not below nothing", () => {
		const clock = createServerClock(() => START_MS);
		clock.observe(serverTime(START_MS), START_MS, START_MS);
		const inMs = (ms: number) => new Date(START_MS + BEHIND_MS + ms).toISOString();
		expect([clock.remainingMs(inMs(420_000)), clock.remainingMs(inMs(1_000)), clock.remainingMs(inMs(-5))]).toEqual([419_000, 0, 0]);
	});
});
