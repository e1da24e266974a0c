/**
 * Lists the errors of a seat plan: all are counted, the first `PLAN_ERRORS_PER_KIND_MAX` of each kind are described. A plan with 50,000
 * wrong seats therefore gets a short answer.
 */
import { PLAN_ERRORS_PER_KIND_MAX } from "./limits.ts";

/** One error. `pointer` is the JSON Pointer (RFC 6901) of the value in the document that was sent, `message` a sentence about it. */
export type PlanError = { readonly pointer: string; readonly message: string };
/** The errors of one kind: how many there are, and the first of them in the order of the document. */
export type PlanErrorsOfKind<Kind extends string> = {
	readonly kind: Kind;
	readonly total: number;
	readonly errors: readonly PlanError[];
};

/** A list of errors that is being filled. */
export type PlanErrorList<Kind extends string> = {
	/** Counts an error of a kind. Calls `describe` only if the error is one that is listed. */
	add(kind: Kind, describe: () => PlanError): void;
	/** Adds all of another list; `locate` translates its pointers. */
	addAll(others: readonly PlanErrorsOfKind<Kind>[], locate: (pointer: string) => string): void;
	/** All kinds that have errors, in the order of their first error. */
	list(): readonly PlanErrorsOfKind<Kind>[];
};

/** Returns an empty list. */
export function createPlanErrorList<Kind extends string>(): PlanErrorList<Kind> {
	const kinds = new Map<Kind, { total: number; errors: PlanError[] }>();

	function ofKind(kind: Kind): { total: number; errors: PlanError[] } {
		const known = kinds.get(kind) ?? { total: 0, errors: [] };
		kinds.set(kind, known);
		return known;
	}

	return {
		add(kind, describe) {
			const known = ofKind(kind);
			known.total += 1;
			if (known.errors.length < PLAN_ERRORS_PER_KIND_MAX) known.errors.push(describe());
		},
		addAll(others, locate) {
			for (const { kind, total, errors } of others) {
				const known = ofKind(kind);
				known.total += total;
				for (const { pointer, message } of errors)
					if (known.errors.length < PLAN_ERRORS_PER_KIND_MAX) known.errors.push({ pointer: locate(pointer), message });
			}
		},
		list: () => [...kinds].map(([kind, { total, errors }]) => ({ kind, total, errors })),
	};
}

/** One step of a JSON Pointer for a key that a client chose (RFC 6901, 3). */
export const pointerStep = (key: string): string => `/${key.replaceAll("~", "~0").replaceAll("/", "~1")}`;
