/** Translates JSON Pointers into an imported layout to pointers into the pretix document that it was made of. */
import type { DraftRow } from "./draft-pretix-rows.ts";
import type { PretixCategory } from "./pretix-plan.ts";
import type { SeatPlanLayout } from "./seat-plan.ts";

/** What a layout was made of. The rows and categories are those of its rows and tiers, in the same order. */
export type LayoutOrigin = {
	readonly layout: SeatPlanLayout;
	readonly rows: readonly DraftRow[];
	readonly categories: readonly PretixCategory[];
	/** Pointer of the pretix document. */
	readonly planPointer: string;
};

const LAYOUT_POINTER = /^\/(tiers|rows)(?:\/(\d+))?(?:\/(\w+))?(?:\/(\d+)\/(\w+))?$/;
const FIELDS: Readonly<Record<string, string>> = {
	label: "/row_number",
	x: "/position",
	y: "/position",
	angle: "/position",
	seats: "/seats",
};
const SEAT_FIELDS: Readonly<Record<string, string>> = { label: "/seat_number", tier: "/category" };

/** Returns where the value at `pointer` of the layout comes from. */
export function locateInPretix(pointer: string, { layout, rows, categories, planPointer }: LayoutOrigin): string {
	const [, list, index = "", field = "", place, seatField = ""] = LAYOUT_POINTER.exec(pointer) ?? [];
	if (list === "tiers") {
		const category = categories[Number(index || -1)];
		return category === undefined ? `${planPointer}/categories` : `${category.pointer}/name`;
	}
	const row = rows[Number(index || -1)];
	if (row === undefined) return `${planPointer}/zones`;
	if (place === undefined) return row.pointer + (FIELDS[field] ?? "");
	const before = layout.rows[Number(index)]?.seats.slice(0, Number(place)).filter((seat) => seat !== null).length ?? 0;
	return (row.seats[before]?.pointer ?? row.pointer) + (SEAT_FIELDS[seatField] ?? "");
}
