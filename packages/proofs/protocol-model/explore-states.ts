/**
 * Visits every reachable state of a model, breadth first, so that the trace of the first violation of each kind is a shortest one.
 * States with the same key count as one state.
 */
type Model<State, Violation> = {
	readonly start: State;
	readonly findSteps: (state: State) => readonly (readonly [label: string, next: State])[];
	readonly encodeState: (state: State) => string;
	readonly findViolations: (state: State) => readonly Violation[];
	/** The search throws when it finds more states than this, because it cannot prove anything about states that it has not visited. */
	readonly stateMax: number;
	/** The search stops at the first violation of this kind. */
	readonly until?: Violation;
};

type Exploration<Violation> = {
	readonly stateCount: number;
	/** For each kind of violation that was found: the labels of the steps that lead to it. */
	readonly traces: ReadonlyMap<Violation, readonly string[]>;
};

/** How a state was first reached. */
type Visit = { readonly label: string; readonly from: Visit } | null;

/** Searches the whole model, or until the violation `until`. Returns the number of states and the violations found. */
export function exploreStates<State, Violation>(model: Model<State, Violation>): Exploration<Violation> {
	const seen = new Set([model.encodeState(model.start)]);
	const traces = new Map<Violation, string[]>();
	let frontier: { state: State; visit: Visit }[] = [{ state: model.start, visit: null }];
	while (frontier.length > 0) {
		const reached: typeof frontier = [];
		for (const { state, visit } of frontier) {
			for (const violation of model.findViolations(state)) {
				if (!traces.has(violation)) traces.set(violation, traceOf(visit));
				if (violation === model.until) return { stateCount: seen.size, traces };
			}
			for (const [label, next] of model.findSteps(state)) {
				const key = model.encodeState(next);
				if (seen.has(key)) continue;
				if (seen.size >= model.stateMax) throw new Error(`the search found more than ${model.stateMax} states`);
				seen.add(key);
				reached.push({ state: next, visit: { label, from: visit } });
			}
		}
		frontier = reached;
	}
	return { stateCount: seen.size, traces };
}

function traceOf(visit: Visit): string[] {
	const labels: string[] = [];
	for (let at = visit; at !== null; at = at.from) labels.push(at.label);
	return labels.reverse();
}
