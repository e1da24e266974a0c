import { describe, expect, it } from "vitest";
import { labelPretixSeats, type UnlabelledRow } from "./label-pretix-seats.ts";

const row = (zone: number, label: string, ...numbers: string[]): UnlabelledRow => ({
	label,
	zone,
	seats: numbers.map((number) => ({ number, own: null })),
});
const labelled = (zones: string[], ...rows: UnlabelledRow[]) => labelPretixSeats(rows, zones).labels.map((labels) => labels.join(" "));

describe("the label of an imported seat", () => {
	it("is row and number, with a hyphen between two digits", () => {
		expect(labelled(["Hall"], row(0, "A", "1", "12"), row(0, "1", "11", "a"), row(0, "11", "1"))).toEqual(["A1 A12", "1-11 1a", "11-1"]);
	});

	it("has the prefix of its zone in the zones that share a label, and in no other", () => {
		const rows = [row(0, "A", "1", "2"), row(1, "A", "2", "3"), row(2, "A", "9"), row(0, "B", "1")];
		expect(labelled(["Balcony", "Stalls", "Gods"], ...rows)).toEqual(["B-A1 B-A2", "S-A2 S-A3", "A9", "B-B1"]);
	});

	it.each([
		["initials of several words, three at most", ["upper left stand wing", "lower"], "ULS L"],
		["the whole name if it is short", ["101", "102"], "101 102"],
		["more letters if the initials are taken", ["Balcony", "Bodega", "Bold", "Bolzano"], "B Bo Bol 4"],
		["the number of a zone without a name", ["", "--"], "1 2"],
		["letters of any alphabet", ["東 スタンド", "Østre"], "東ス Ø"],
	])("has a prefix that is %s", (_, zones, prefixes) => {
		const rows = zones.map((_name, zone) => row(zone, "A", "1"));
		expect([...labelPretixSeats(rows, zones).prefixes.values()].join(" ")).toBe(prefixes);
	});

	it("has the number of the row and of the seat in rows whose labels are shared in one zone or too long", () => {
		const rows = [
			row(0, "A", "1", "2"),
			row(0, "B", "1"),
			row(0, "A", "2", "3"),
			row(0, "Table 12", "1"),
			row(0, "1234567", "x"),
			row(0, "1234567", "xy"),
		];
		const { labels, renumbered } = labelPretixSeats(rows, ["Hall"]);
		expect(labels.map((ofRow) => ofRow.join(" "))).toEqual(["1.1 1.2", "B1", "3.2 3.3", "4.1", "1234567x", "6.xy"]);
		expect(renumbered).toEqual([0, 2, 3, 5]);
	});

	it("stays equal for two seats of one row with one number, so that the import reports them", () => {
		expect(labelled(["Hall"], row(0, "A", "1", "1"))).toEqual(["A1 A1"]);
	});

	it("stays as it was when Holdfast exported the seat", () => {
		expect(
			labelled(["Hall"], {
				label: "A",
				zone: 0,
				seats: [
					{ number: "7", own: "VIP7" },
					{ number: "8", own: null },
				],
			}),
		).toEqual(["VIP7 A8"]);
	});
});
