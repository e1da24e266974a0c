/**
 * Searches the protocol in every order of events that one seat, two bookings and one failover allow. With all safeguards there is no
 * violation. Without any one of them there is one, which shows that each safeguard is needed.
 */
import { describe, expect, it } from "vitest";
import { encodeState } from "./encode-state.ts";
import { exploreStates } from "./explore-states.ts";
import { findSteps } from "./find-steps.ts";
import { findServerAtRest, findViolations, type Violation } from "./find-violations.ts";
import { ALL_SAFEGUARDS, type Safeguards } from "./safeguards.ts";
import { type State, startState } from "./state.ts";
import { WHOLE_WORLD, type World } from "./world.ts";

/** Several times the present number of states. A search that finds more is no longer bounded. */
const STATE_MAX = 1_000_000;
/** A small world that still shows the violation of every missing safeguard. Being small keeps the searches short. */
const LEAN_WORLD: World = { ...WHOLE_WORLD, hasExpiries: false, hasLateClaims: false, hasRestarts: false, cancelMax: 1 };

/** The violation that each safeguard prevents, and the options of the world that shows it where they differ from the lean world. */
const PREVENTED: readonly (readonly [name: keyof Safeguards, violation: Violation, world?: Partial<World>])[] = [
	["wait", "lost confirm"],
	["fence", "confirmed booking in conflict"],
	["epoch", "lost confirm"],
	["version", "drift"],
	["claim", "two owners", { cancelMax: 0 }],
	["compareAndSet", "two owners", { cancelMax: 0, hasLateClaims: true }],
	["atomicRead", "lost confirm"],
	["settleOnce", "lost cancel"],
	["cancelledOwnNothing", "seat owned by a cancelled booking"],
];

function search<Kind>(world: World, findKinds: (state: State) => Kind[], start = startState(world.hasReplica), until?: Kind) {
	return exploreStates<State, Kind>({
		start,
		findSteps: (state) => findSteps(state, world),
		encodeState,
		findViolations: findKinds,
		stateMax: STATE_MAX,
		...(until !== undefined && { until }),
	});
}

function searchViolations(world: World) {
	const { stateCount, traces } = search(world, (state) => findViolations(state, world));
	return { stateCount, violations: Object.fromEntries(traces) };
}

function without(name: keyof Safeguards): Safeguards {
	return { ...ALL_SAFEGUARDS, [name]: false };
}

/** Returns the state after these steps from the start. */
function walk(world: World, ...labels: readonly string[]): State {
	let state = startState(world.hasReplica);
	for (const label of labels) {
		const step = findSteps(state, world).find(([name]) => name === label);
		if (!step) throw new Error(`the step "${label}" is not possible here`);
		state = step[1];
	}
	return state;
}

describe("the protocol with all its safeguards", () => {
	it("has no violation in any order of steps of clients, sweepers, rebuilders and failures", () => {
		const { stateCount, violations } = searchViolations(WHOLE_WORLD);
		expect(violations).toEqual({});
		expect(stateCount).toBeGreaterThan(250_000);
	});

	it("needs neither the wait nor the claim when there is no replica to promote", () => {
		const safeguards = { ...ALL_SAFEGUARDS, wait: false, claim: false };
		const { stateCount, violations } = searchViolations({ ...WHOLE_WORLD, hasReplica: false, cancelMax: 2, safeguards });
		expect(violations).toEqual({});
		expect(stateCount).toBeGreaterThan(1_000);
	});

	it("can still come to rest after two rebuilders in a row died after they raised the epoch", () => {
		const raiseAndDie = (rebuilder: number) => [
			`rebuilder ${rebuilder} claims B`,
			`rebuilder ${rebuilder} raises the epoch for B`,
			`rebuilder ${rebuilder} dies`,
		];
		const state = walk(LEAN_WORLD, "hold 0 at A", "confirm 0 at A", "replicate", "promote B", ...raiseAndDie(0), ...raiseAndDie(1));
		const { traces } = search(LEAN_WORLD, (at) => (findServerAtRest(at, LEAN_WORLD) === 1 ? ["at rest"] : []), state, "at rest");
		expect(traces.get("at rest")).toBeDefined();
	});

	it("never opens an old primary that restarts alone, but without the claim that primary opens again", () => {
		const state = walk({ ...LEAN_WORLD, hasRestarts: true }, "hold 0 at A", "confirm 0 at A", "promote B", "restart A");
		const isOpenA = (at: State) => (at.isPrimaryA && at.servers[0].isOpen ? ["open"] : []);
		expect([...search(LEAN_WORLD, isOpenA, state).traces]).toEqual([]);
		const claimless = { ...LEAN_WORLD, safeguards: without("claim") };
		expect(search(claimless, isOpenA, state, "open").traces.get("open")).toEqual([
			"rebuilder 0 claims A",
			"rebuilder 0 raises the epoch for A",
			"rebuilder 0 installs A",
		]);
	});
});

describe("the protocol without one of its safeguards", () => {
	for (const [name, violation, world] of PREVENTED) {
		it(`has the violation "${violation}" without the safeguard ${name}`, () => {
			const { violations } = searchViolations({ ...LEAN_WORLD, ...world, safeguards: without(name) });
			expect(Object.keys(violations)).toContain(violation);
		});
	}

	it("is searched once for every safeguard", () => {
		expect(PREVENTED.map(([name]) => name)).toEqual(Object.keys(ALL_SAFEGUARDS));
	});
});

describe("the key of a state", () => {
	it("two states with the same key have the same violations and the same keys after every step", () => {
		const world: World = { ...LEAN_WORLD, cancelMax: 0, safeguards: without("epoch") };
		const describeState = (state: State) => {
			const after = new Set(findSteps(state, world).map(([, next]) => encodeState(next)));
			return [...findViolations(state, world), ...[...after].sort()].join(" ");
		};
		const known = new Map<string, string>();
		const violations: State[] = [];
		search(world, (state) => {
			known.set(encodeState(state), describeState(state));
			return [];
		});
		search(world, (state) => {
			for (const [, next] of findSteps(state, world)) if (known.get(encodeState(next)) !== describeState(next)) violations.push(next);
			return [];
		});
		expect(violations).toEqual([]);
	});
});
