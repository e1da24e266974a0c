import { describe, expect, it } from "vitest";
import { CATCH_UP_BYTES_MAX, createDeltaRing, DELTA_SEATS_MAX, DELTAS_MAX, type DeltaRing } from "./delta-ring.ts";

/** A ring at version 10. */
function ringAtTen(): DeltaRing {
	const ring = createDeltaRing();
	ring.restart(10);
	return ring;
}

function addAndFlush(ring: DeltaRing, version: number, seats: readonly number[] = [1], letter = "H"): void {
	expect(ring.add({ version, letter, seats })).toBe("taken");
	ring.flush();
}

/** The events for a watcher with this version. */
const sentAfter = (ring: DeltaRing, version: number) => ring.after(version)?.bytes.toString() ?? null;
const delta = (version: number, seats: [number, string][]) => `id: ${version}\ndata: ${JSON.stringify({ version, seats })}\n\n`;
const reset = (version: number) => `event: reset\nid: ${version}\ndata: {"version":${version}}\n\n`;

describe("createDeltaRing", () => {
	it("sends every watcher the deltas after its version, and nothing to one that is up to date or ahead", () => {
		const ring = ringAtTen();
		addAndFlush(ring, 11, [3, 4]);
		addAndFlush(ring, 12, [3], "S");
		const [eleven, twelve] = [
			delta(11, [
				[3, "H"],
				[4, "H"],
			]),
			delta(12, [[3, "S"]]),
		];
		expect([sentAfter(ring, 10), sentAfter(ring, 11), sentAfter(ring, 12), sentAfter(ring, 13)]).toEqual([
			eleven + twelve,
			twelve,
			null,
			null,
		]);
		expect(ring.after(10)?.version).toBe(12);
	});

	it("merges the changes between two flushes into one delta with the last status of each seat and the last version", () => {
		const ring = ringAtTen();
		ring.add({ version: 11, letter: "H", seats: [3, 4] });
		ring.add({ version: 12, letter: "S", seats: [4] });
		expect(sentAfter(ring, 10)).toBeNull();
		ring.flush();
		ring.flush();
		const whole = delta(12, [
			[3, "H"],
			[4, "S"],
		]);
		expect([sentAfter(ring, 10), sentAfter(ring, 11), sentAfter(ring, 12)]).toEqual([whole, whole, null]);
	});

	it("sends a reset to watchers whose version is missing, too old, or from before a restart of the ring", () => {
		const ring = ringAtTen();
		expect([sentAfter(ring, -1), sentAfter(ring, 9), sentAfter(ring, 10)]).toEqual([reset(10), reset(10), null]);
		addAndFlush(ring, 11);
		ring.restart(2_000);
		expect([sentAfter(ring, 10), sentAfter(ring, 11), sentAfter(ring, 1_999), sentAfter(ring, 2_000)]).toEqual([
			reset(2_000),
			reset(2_000),
			reset(2_000),
			null,
		]);
	});

	it("ignores a change that was added before and reports a gap", () => {
		const ring = ringAtTen();
		const add = (version: number) => ring.add({ version, letter: "H", seats: [1] });
		expect([add(10), add(9), add(12), add(11), add(11), add(12)]).toEqual(["old", "old", "gap", "taken", "old", "taken"]);
		expect(ring.latest()).toBe(12);
	});

	it(`keeps ${DELTAS_MAX} deltas and drops the oldest beyond that`, () => {
		const ring = ringAtTen();
		for (let n = 1; n <= DELTAS_MAX; n += 1) addAndFlush(ring, 10 + n);
		expect(sentAfter(ring, 10)?.split("\n\n")).toHaveLength(DELTAS_MAX + 1);
		addAndFlush(ring, 10 + DELTAS_MAX + 1);
		expect(sentAfter(ring, 10)).toBe(reset(10 + DELTAS_MAX + 1));
		expect(sentAfter(ring, 11)?.split("\n\n")).toHaveLength(DELTAS_MAX + 1);
	});

	it(`puts ${DELTA_SEATS_MAX} seats into one delta and starts the next beyond that`, () => {
		const ring = ringAtTen();
		const seats = Array.from({ length: DELTA_SEATS_MAX }, (_, seat) => seat);
		ring.add({ version: 11, letter: "H", seats });
		expect(ring.after(10)).toBeNull();
		ring.add({ version: 12, letter: "H", seats: [DELTA_SEATS_MAX] });
		expect(ring.after(10)?.version).toBe(11);
		ring.flush();
		expect(sentAfter(ring, 11)).toBe(delta(12, [[DELTA_SEATS_MAX, "H"]]));
	});

	it(`sends up to ${CATCH_UP_BYTES_MAX} bytes of deltas at once, and a reset beyond that`, () => {
		// In JSON a seat index of four digits takes 11 bytes with its comma, one of five digits 12. The last seat has no comma.
		const emptyBytes = delta(11, []).length - 1;
		const seatsOf = (bytes: number): number[] => {
			const count = Math.floor((bytes - emptyBytes) / 11);
			const long = bytes - emptyBytes - 11 * count;
			return Array.from({ length: count }, (_, n) => (n < long ? 10_000 : 1_000) + n);
		};
		const ringOfBytes = (bytes: number) => {
			const ring = ringAtTen();
			addAndFlush(ring, 11, seatsOf(25_000));
			addAndFlush(ring, 12, seatsOf(bytes - 25_000));
			return ring;
		};
		expect(ringOfBytes(CATCH_UP_BYTES_MAX).after(10)?.bytes).toHaveLength(CATCH_UP_BYTES_MAX);
		const overLimit = ringOfBytes(CATCH_UP_BYTES_MAX + 1);
		expect(sentAfter(overLimit, 10)).toBe(reset(12));
		expect(sentAfter(overLimit, 11)).toMatch(/^id: 12\n/);
	});
});
