/**
 * Gives each seat of a pretix plan a label. pretix names a seat by zone, row and number; a label of ours names it alone, in at most
 * `SEAT_LABEL_MAX_CHARS` characters. The rules, in this order, each for a whole row, so that the seats of a row look alike:
 *
 * 1. Row and number: `A` and `12` are `A12`. Between two digits comes a hyphen, because `1` and `11`, `11` and `1` would both be `111`.
 *    A seat of a plan that Holdfast exported has its own label again.
 * 2. If two zones would share a label, all seats of both get the prefix of their zone: `B-A12`. The prefix is the first of these that no
 *    other zone has: the name if it is one word of at most 3 characters, its initials (3 at most), the first 2 and 3 characters of its
 *    first word, the number of the zone (from 1).
 * 3. If a row still has a label that is too long or that another row has too: the number of the row in the plan (from 1), and the number
 *    of the seat: `37.12`.
 *
 * What is equal or too long then is reported: the plan itself calls two seats of a row by one number, or its numbers are too long.
 */
import { SEAT_LABEL_MAX_CHARS } from "./limits.ts";

/** A row whose seats need labels. `own`: the label that a seat had when Holdfast exported the plan, or null. `zone`: index of its zone. */
export type UnlabelledRow = {
	readonly label: string;
	readonly zone: number;
	readonly seats: readonly { readonly number: string; readonly own: string | null }[];
};

/** Labels of the seats, row by row, and what was done to get them. */
export type SeatLabels = {
	readonly labels: readonly (readonly string[])[];
	/** The prefixes by index of the zone, of the zones that needed one. */
	readonly prefixes: ReadonlyMap<number, string>;
	/** The indexes of the rows that were labelled by rule 3. */
	readonly renumbered: readonly number[];
};

/** Returns the labels of all seats; the same rows always get the same labels. `zoneNames`: the names of the zones, by index. */
export function labelPretixSeats(rows: readonly UnlabelledRow[], zoneNames: readonly string[]): SeatLabels {
	const plain = rows.map(({ label, seats }) => seats.map(({ number, own }) => own ?? joinLabel(label, number)));
	const inSeveralZones = findShared(plain, (row) => rows[row]?.zone ?? 0);
	const clashing = new Set(rows.flatMap(({ zone }, r) => (plain[r]?.some((label) => inSeveralZones.has(label)) ? [zone] : [])));
	const prefixes = choosePrefixes(
		[...clashing].sort((a, b) => a - b),
		zoneNames,
	);
	const prefixed = plain.map((labels, r) => {
		const prefix = prefixes.get(rows[r]?.zone ?? 0);
		return prefix === undefined ? labels : labels.map((label) => `${prefix}-${label}`);
	});
	const inSeveralRows = findShared(prefixed, (row) => row);
	const renumbered = prefixed.flatMap((labels, r) =>
		labels.some((label) => label.length > SEAT_LABEL_MAX_CHARS || inSeveralRows.has(label)) ? [r] : [],
	);
	const byNumber = new Set(renumbered);
	const labels = prefixed.map((known, r) => (byNumber.has(r) ? (rows[r]?.seats.map(({ number }) => `${r + 1}.${number}`) ?? []) : known));
	return { labels, prefixes, renumbered };
}

const ENDS_WITH_DIGIT = /\p{N}$/u;
const BEGINS_WITH_DIGIT = /^\p{N}/u;

function joinLabel(row: string, number: string): string {
	return ENDS_WITH_DIGIT.test(row) && BEGINS_WITH_DIGIT.test(number) ? `${row}-${number}` : row + number;
}

/** The labels that occur in more than one group of rows. */
function findShared(labels: readonly (readonly string[])[], groupOf: (row: number) => number): ReadonlySet<string> {
	const groups = new Map<string, number>();
	const shared = new Set<string>();
	for (const [r, ofRow] of labels.entries()) {
		const group = groupOf(r);
		for (const label of ofRow) {
			const known = groups.get(label);
			if (known === undefined) groups.set(label, group);
			else if (known !== group) shared.add(label);
		}
	}
	return shared;
}

function choosePrefixes(zones: readonly number[], names: readonly string[]): ReadonlyMap<number, string> {
	const prefixes = new Map<number, string>();
	const taken = new Set<string>();
	for (const zone of zones) {
		const words = names[zone]?.match(/[\p{L}\p{N}]+/gu) ?? [];
		const letters = [...(words[0] ?? "")];
		const candidates = [
			words.length === 1 && letters.length <= 3 ? letters.join("") : "",
			words
				.map((word) => [...word][0] ?? "")
				.slice(0, 3)
				.join("")
				.toUpperCase(),
			letters.slice(0, 2).join(""),
			letters.slice(0, 3).join(""),
		];
		const prefix = candidates.find((candidate) => candidate !== "" && !taken.has(candidate)) ?? String(zone + 1);
		taken.add(prefix);
		prefixes.set(zone, prefix);
	}
	return prefixes;
}
