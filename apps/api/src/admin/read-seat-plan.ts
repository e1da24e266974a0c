/** Reads the seat plan of a request that adds one, in either format, and lists what is wrong with it. */
import { findLayoutErrors, importPretixPlan, type PlanErrorsOfKind, type PretixImportSummary, type SeatPlanLayout } from "@holdfast/domain";
import type { NewSeatPlanBody } from "../contract/admin-seat-plan.ts";
import type { ProblemExtras } from "../plugins/send-problems.ts";
import type { ValidationError } from "../plugins/to-validation-errors.ts";

/** A valid layout, with a summary if it was imported; or the problem to answer. */
export type ReadSeatPlan =
	| { readonly outcome: "read"; readonly layout: SeatPlanLayout; readonly seatCount: number; readonly summary: PretixImportSummary | null }
	| { readonly outcome: "invalid_request" | "invalid_plan"; readonly extras: ProblemExtras };

/** The parts that each format needs, and those that it may have. */
const PARTS = {
	holdfast: { required: ["tiers", "rows"], optional: [] },
	pretix: { required: ["plan"], optional: ["kinds"] },
} as const;

/**
 * Returns the layout of a body that has the form of the schema. The checks of the values are those of the domain. Takes about 0.1 s for our
 * own layout of 50,000 seats, and 0.4 s for a pretix plan.
 */
export function readSeatPlan({ format = "holdfast", ...body }: NewSeatPlanBody): ReadSeatPlan {
	const misplaced = findMisplacedParts(format, body);
	if (misplaced.length > 0) return { outcome: "invalid_request", extras: { errors: misplaced } };
	if (format === "pretix") {
		const imported = importPretixPlan(body.plan, {
			...(body.kinds && { kinds: body.kinds }),
			planPointer: "/plan",
			kindsPointer: "/kinds",
		});
		if (imported.outcome === "invalid_plan") return invalidPlan(imported.errors);
		return { outcome: "read", layout: imported.layout, seatCount: imported.summary.seats, summary: imported.summary };
	}
	const layout = { tiers: body.tiers ?? [], rows: body.rows ?? [] };
	const errors = findLayoutErrors(layout);
	if (errors.length > 0) return invalidPlan(errors);
	const seatCount = layout.rows.reduce((sum, { seats }) => sum + seats.filter((seat) => seat !== null).length, 0);
	// Valid, so each kind is one of `SEAT_KINDS`.
	return { outcome: "read", layout: layout as SeatPlanLayout, seatCount, summary: null };
}

function findMisplacedParts(format: keyof typeof PARTS, body: Omit<NewSeatPlanBody, "format">): ValidationError[] {
	const { required, optional } = PARTS[format];
	const missing = required.filter((name) => body[name] === undefined);
	const allowed: readonly string[] = [...required, ...optional, "focus"];
	const surplus = Object.keys(body).filter((name) => !allowed.includes(name));
	return [
		...missing.map((name) => ({ pointer: `/${name}`, message: `is required for the format ${format}` })),
		...surplus.map((name) => ({ pointer: `/${name}`, message: `is not a field of the format ${format}` })),
	];
}

const invalidPlan = (errors: readonly PlanErrorsOfKind<string>[]): ReadSeatPlan => ({
	outcome: "invalid_plan",
	extras: {
		errors: errors.flatMap(({ kind, errors: ofKind }) => ofKind.map((error) => ({ ...error, kind }))),
		totals: errors.map(({ kind, total }) => ({ kind, total })),
	},
});
