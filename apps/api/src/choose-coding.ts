/** Chooses the content coding of an answer by `Accept-Encoding` (RFC 9110, 12.5.3). */

/** The codings that the API can produce, the best first: zstd makes a seat plan a third of the size that gzip makes it. */
export const CODINGS = ["zstd", "gzip"] as const;
/** One of `CODINGS`. */
export type Coding = (typeof CODINGS)[number];

const MEMBER = /^([\w!#$%&'*+.^`|~-]+)(?:[ \t]*;[ \t]*q=(0(?:\.\d{0,3})?|1(?:\.0{0,3})?))?$/i;

/**
 * Returns the coding with the highest weight that the header accepts, or null for none. Of equal weights the first of `CODINGS` counts,
 * and each counts more than no coding, unless the header prefers `identity`. Members that are malformed are ignored. A client that
 * refuses every coding and `identity` too gets no coding, as the RFC recommends instead of an error for a client that accepts nothing.
 */
export function chooseCoding(header: string | undefined): Coding | null {
	if (header === undefined) return null;
	const weights = new Map<string, number>();
	for (const member of header.split(",")) {
		const [, name, weight = "1"] = MEMBER.exec(member.trim()) ?? [];
		if (name !== undefined) weights.set(name.toLowerCase().replace(/^x-gzip$/, "gzip"), Number(weight));
	}
	const others = weights.get("*") ?? 0;
	let best: Coding | null = null;
	let bestWeight = 0;
	for (const coding of CODINGS) {
		const weight = weights.get(coding) ?? others;
		if (weight > bestWeight) [best, bestWeight] = [coding, weight];
	}
	return bestWeight < (weights.get("identity") ?? 0) ? null : best;
}
