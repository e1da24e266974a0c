/** Chooses between JSON and CSV by `Accept` (RFC 9110, 12.5.1). */

const MEMBER =
	/^([\w!#$%&'*+.^`|~-]+\/[\w!#$%&'*+.^`|~-]+)(?:[ \t]*;[ \t]*(?!q=)[^;,]*)*(?:[ \t]*;[ \t]*q=(0(?:\.\d{0,3})?|1(?:\.0{0,3})?))?[ \t]*$/i;

/**
 * Whether the header prefers CSV to JSON: it gives `text/csv` a higher weight, or the same weight and only `text/csv` is named, while JSON is
 * merely covered by a wildcard. A header that accepts neither, and a missing one, mean JSON. Members that are malformed are ignored.
 */
export function prefersCsv(accept: string | undefined): boolean {
	if (accept === undefined) return false;
	const weights = new Map<string, number>();
	for (const member of accept.split(",")) {
		const [, range, weight = "1"] = MEMBER.exec(member.trim()) ?? [];
		if (range !== undefined) weights.set(range.toLowerCase(), Number(weight));
	}
	const csv = weightOf(weights, "text/csv", "text/*");
	const json = weightOf(weights, "application/json", "application/*");
	return csv > json || (csv > 0 && csv === json && weights.has("text/csv") && !weights.has("application/json"));
}

/** The most specific range decides. */
const weightOf = (weights: ReadonlyMap<string, number>, type: string, family: string): number =>
	weights.get(type) ?? weights.get(family) ?? weights.get("*/*") ?? 0;
