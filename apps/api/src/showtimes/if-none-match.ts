/** True if `If-None-Match` (RFC 9110, 13.1.2) matches this tag, so the response is 304. The header is a list (compared weakly) or `*`. */
export const isNotModified = (header: string | undefined, tag: string): boolean => findMatch(header, [tag]) !== null;

/**
 * Returns the first of `tags` that `If-None-Match` names, or null. `*` names the first. The 304 must have the tag that the client sent,
 * or a cache would not find the answer that it has stored (RFC 9111, 4.3.4).
 */
export function findMatch(header: string | undefined, tags: readonly string[]): string | null {
	if (header === undefined) return null;
	const sent = header.split(",").map((part) => part.trim().replace(/^W\//, ""));
	return (sent.includes("*") ? tags[0] : tags.find((tag) => sent.includes(tag))) ?? null;
}
