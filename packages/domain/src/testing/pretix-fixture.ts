/**
 * A pretix plan as a small theatre draws it: stalls with an aisle and a wheelchair row, a balcony whose row names repeat those of the
 * stalls and whose sides are curved, and a stage. Positions are in pixels, relative to row and zone.
 */

/** A seat of the fixture. */
export type FixtureSeat = { seat_guid?: unknown; seat_number?: unknown; position?: unknown; category?: unknown };
/** A row of the fixture. */
export type FixtureRow = { row_number?: unknown; position?: unknown; seats: FixtureSeat[] };
/** A zone of the fixture. */
export type FixtureZone = { name?: unknown; zone_id?: unknown; position?: unknown; rows: FixtureRow[]; areas?: unknown };
/** The whole fixture. */
export type FixturePlan = { name?: unknown; size?: unknown; categories: { name?: unknown; color?: unknown }[]; zones: FixtureZone[] };

/** Returns a row of seats at these x positions, numbered from 1. Guids are unique per zone id, row and number, as the editor makes them. */
export function pretixRow(
	zone: string,
	row: string,
	at: { x?: number; y: number },
	xs: readonly number[],
	{ category = "Parkett", yOf = () => 0, from = 1 }: { category?: string; yOf?: (x: number) => number; from?: number } = {},
): FixtureRow {
	return {
		row_number: row,
		position: { x: at.x ?? 0, y: at.y },
		seats: xs.map((x, i) => ({
			seat_guid: `${zone}-${row}-${from + i}`,
			seat_number: String(from + i),
			position: { x, y: yOf(x) },
			category,
		})),
	};
}

/** Returns a plan of one zone with these rows and the category Parkett. */
export function pretixPlan(rows: FixtureRow[], zone: Partial<FixtureZone> = {}): FixturePlan {
	return {
		name: "Hall",
		size: { width: 500, height: 500 },
		categories: [{ name: "Parkett", color: "#33aa55" }],
		zones: [{ name: "Parkett", zone_id: "p", position: { x: 0, y: 0 }, rows, areas: [], ...zone }],
	};
}

const STALLS_XS = [0, 25, 50, 100, 125, 150];

/** Returns a new copy of the theatre's plan. */
export function theatrePlan(): FixturePlan {
	return {
		name: "Theater am Fluss",
		size: { width: 600, height: 400 },
		categories: [
			{ name: "Parkett", color: "#33aa55" },
			{ name: "Rang (Mitte)", color: "#aa5533" },
			{ name: "Rollstuhl", color: "#3355aa" },
		],
		zones: [
			{
				name: "Balkon",
				zone_id: "b",
				position: { x: 100, y: 250 },
				rows: [
					pretixRow("b", "A", { y: 0 }, [0, 20, 40, 60], { category: "Rang (Mitte)", yOf: (x) => x / 2 }),
					pretixRow("b", "B", { y: 40 }, [60, 40, 20, 0], { category: "Rang (Mitte)" }),
				],
				areas: [],
			},
			{
				name: "Parkett",
				zone_id: "p",
				position: { x: 100, y: 100 },
				rows: [
					pretixRow("p", "B", { y: 30 }, STALLS_XS),
					pretixRow("p", "A", { y: 0 }, STALLS_XS),
					{ row_number: "", position: { x: 0, y: 60 }, seats: [] },
					pretixRow("p", "R", { x: 25, y: 90 }, [0, 75], { category: "Rollstuhl" }),
				],
				areas: [{ shape: "text", text: { text: "Bühne", position: { x: 0, y: 0 } }, position: { x: 80, y: -60 } }],
			},
		],
	};
}
