import { type Booking, newBookingId, newSeatPlanId, newShowtimeId, newUserId } from "@holdfast/domain";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { createAwaitRecorded, PREFER_WAIT_MAX_S, parsePreferWait, WAITING_MAX } from "./prefer-wait.ts";

describe("parsePreferWait", () => {
	it("finds the seconds among other preferences and ignores invalid ones", () => {
		expect(parsePreferWait(undefined)).toBeNull();
		expect(parsePreferWait("wait=5")).toBe(5);
		expect(parsePreferWait('respond-async, Wait = "3"; x=1')).toBe(3);
		for (const header of ["wait", "wait=", "wait=-1", "wait=1.5", "await=5", "wait=5s"]) expect(parsePreferWait(header)).toBeNull();
	});

	it("cuts a longer wait to the maximum", () => {
		expect(parsePreferWait(`wait=${PREFER_WAIT_MAX_S}`)).toBe(PREFER_WAIT_MAX_S);
		expect(parsePreferWait(`wait=${PREFER_WAIT_MAX_S + 1}`)).toBe(PREFER_WAIT_MAX_S);
	});
});

describe("createAwaitRecorded", () => {
	beforeEach(() => vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "Date"] }));
	afterEach(() => vi.useRealTimers());

	const showtimeId = newShowtimeId();
	const booking: Booking = {
		id: newBookingId(showtimeId),
		userId: newUserId(),
		showtimeId,
		planId: newSeatPlanId(),
		seats: [0],
		state: "CONFIRMED",
		version: 2,
		amounts: [1_250],
		amount: 1_250,
		currency: "USD",
		createdAt: 0,
		expiresAt: 0,
		confirmedAt: 1,
		cancelledAt: null,
		recorded: false,
		scheduleVersion: 1,
	};

	/** A store whose record changes to this after `afterMs`. */
	function store(afterMs: number, record: Partial<Booking>) {
		const startMs = Date.now();
		const polls: number[] = [];
		const readBooking = async () => {
			polls.push(Date.now() - startMs);
			return Date.now() - startMs < afterMs ? booking : { ...booking, ...record };
		};
		return { polls, wait: createAwaitRecorded({ readBooking }) };
	}

	async function settled<T>(promise: Promise<T>): Promise<T> {
		let isDone = false;
		promise.finally(() => {
			isDone = true;
		});
		while (!isDone) await vi.advanceTimersByTimeAsync(1);
		return promise;
	}

	it("polls soon and then less and less often, fewer than twenty times in ten seconds", async () => {
		const { polls, wait } = store(Number.POSITIVE_INFINITY, {});
		expect(await settled(wait(booking, 10))).toBe(false);
		expect(polls.slice(0, 4)).toEqual([50, 125, 237, 405]);
		expect(polls.length).toBeLessThan(20);
		expect(polls.at(-1)).toBe(10_000);
	});

	it("stops when the booking is recorded, and when another version is found", async () => {
		expect(await settled(store(300, { recorded: true }).wait(booking, 10))).toBe(true);
		expect(await settled(store(300, { version: 3, recorded: true }).wait(booking, 10))).toBe(false);
	});

	it("does not poll for a booking that is recorded already or never will be", async () => {
		const { polls, wait } = store(0, {});
		expect(await wait({ ...booking, recorded: true }, 10)).toBe(true);
		expect(await wait({ ...booking, state: "CANCELLED", confirmedAt: null }, 10)).toBe(false);
		expect(polls).toEqual([]);
	});

	it(`lets ${WAITING_MAX} requests wait at a time, does not make one more wait, and takes a new one when one is done`, async () => {
		const { wait } = store(1_000, { recorded: true });
		const waiting = Array.from({ length: WAITING_MAX }, () => wait(booking, 10));
		expect(await wait(booking, 10)).toBe(false);
		expect(new Set(await settled(Promise.all(waiting)))).toEqual(new Set([true]));
		expect(await settled(wait(booking, 10))).toBe(true);
	});
});
