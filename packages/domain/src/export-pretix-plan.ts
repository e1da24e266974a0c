/**
 * Writes a layout as a seating plan of pretix. The format has no kinds of seat and no gaps: gaps become distances, and kinds are listed
 * apart (`listSeatKinds`). `importPretixPlan` makes the same tiers, rows, gaps, labels and kinds of both; only gaps at the end of a row
 * are lost, because no seat follows them.
 */
import { nameCategories } from "./name-pretix-tiers.ts";
import { exportedZoneId, PRETIX_STEP } from "./pretix-plan.ts";
import type { Point } from "./read-fields.ts";
import type { PlanRow, PlanSeat, SeatKind, SeatPlanLayout } from "./seat-plan.ts";

/** A seating plan as pretix accepts it. Zones have no areas; a seat's guid is its label. */
export type ExportedPretixPlan = {
	readonly name: string;
	readonly size: { readonly width: number; readonly height: number };
	readonly categories: readonly { readonly name: string; readonly color: string }[];
	readonly zones: readonly ExportedZone[];
};
type ExportedZone = {
	readonly name: string;
	readonly zone_id: string;
	readonly position: Point;
	readonly rows: readonly ExportedRow[];
	readonly areas: readonly [];
};
type ExportedRow = {
	readonly row_number: string;
	readonly row_number_position: "both";
	readonly position: Point;
	readonly seats: readonly {
		readonly seat_guid: string;
		readonly seat_number: string;
		readonly position: Point;
		readonly category: string;
	}[];
};

/** Colours of the categories, repeated if there are more. Dark enough for white digits. */
const COLORS = ["#1f5fa8", "#a83232", "#2e7d32", "#8e44ad", "#b8650a", "#00796b", "#5d4037", "#455a64"] as const;

/** Returns a valid layout as a pretix plan of this name. Consecutive rows of one section become a zone. */
export function exportPretixPlan({ tiers, rows }: SeatPlanLayout, name: string): ExportedPretixPlan {
	const categories = nameCategories(tiers);
	const categoryOf = new Map(tiers.map(({ id }, t) => [id, categories[t] ?? id]));
	const drawn = rows.map((row, r) => exportRow(row, r, categoryOf));
	const { origin, size } = findFrame(drawn);
	const zones: (ExportedZone & { readonly rows: ExportedRow[] })[] = [];
	for (const [r, exported] of drawn.entries()) {
		const name = rows[r]?.section ?? "";
		const last = zones.at(-1);
		if (last?.name === name) last.rows.push(exported);
		else zones.push({ name, zone_id: exportedZoneId(zones.length + 1), position: origin, rows: [exported], areas: [] });
	}
	return { name, size, categories: categories.map((name, c) => ({ name, color: COLORS[c % COLORS.length] ?? COLORS[0] })), zones };
}

/**
 * Returns the kinds that the import of an exported plan needs, by guid: those of all seats that are not standard ones. All seats are
 * listed if one of these has the name of a category for its label, because that entry would be the kind of the whole category too.
 */
export function listSeatKinds({ tiers, rows }: SeatPlanLayout): Readonly<Record<string, SeatKind>> {
	const seats = rows.flatMap((row): readonly PlanSeat[] => row.seats.filter((seat) => seat !== null));
	const special = seats.filter(({ kind }) => kind !== "standard");
	const categories = new Set(nameCategories(tiers));
	const listed = special.some(({ label }) => categories.has(label)) ? seats : special;
	return Object.fromEntries(listed.map(({ label, kind }) => [label, kind]));
}

function exportRow(row: PlanRow, index: number, categoryOf: ReadonlyMap<string, string>): ExportedRow {
	const radians = ((row.angle ?? 0) * Math.PI) / 180;
	const pointAt = (steps: number): Point => toPixels({ x: steps * Math.cos(radians), y: steps * Math.sin(radians) });
	return {
		row_number: row.label,
		row_number_position: "both",
		position: toPixels({ x: row.x ?? 0, y: row.y ?? index }),
		seats: row.seats.flatMap((seat, place) => {
			if (seat === null) return [];
			const number = seat.label.startsWith(row.label) ? seat.label.slice(row.label.length).replace(/^[- ]/, "") : "";
			return {
				seat_guid: seat.label,
				seat_number: number === "" ? seat.label : number,
				position: pointAt(place),
				category: categoryOf.get(seat.tier) ?? "",
			};
		}),
	};
}

/** A point given in seat widths, in pixels with two decimals. */
function toPixels({ x, y }: Point): Point {
	const round = (value: number): number => Math.round(value * PRETIX_STEP * 100) / 100 || 0;
	return { x: round(x), y: round(y) };
}

/** The size of the drawing with a margin of one step, and where its origin must be so that every seat is inside. */
function findFrame(rows: readonly ExportedRow[]): { origin: Point; size: { width: number; height: number } } {
	let [left, top, right, bottom] = [Infinity, Infinity, -Infinity, -Infinity];
	for (const { position, seats } of rows) {
		for (const seat of seats) {
			const [x, y] = [position.x + seat.position.x, position.y + seat.position.y];
			[left, top, right, bottom] = [Math.min(left, x), Math.min(top, y), Math.max(right, x), Math.max(bottom, y)];
		}
	}
	return {
		origin: { x: PRETIX_STEP - left, y: PRETIX_STEP - top },
		size: { width: Math.ceil(right - left) + 2 * PRETIX_STEP, height: Math.ceil(bottom - top) + 2 * PRETIX_STEP },
	};
}
