/**
 * Parses `If-Match` headers of the admin routes (RFC 9110, 13.1.1). A proxy that compresses answers weakens our tags or adds `-gzip` to
 * them, and clients send back what they got. So `W/"3"` and `"3-gzip"` count as `"3"`: a change is judged by the version of the resource,
 * and each version has one content.
 */

/** `tags`: what is between the quotes, without the marks of proxies; null: no condition. `message` says what is malformed. */
export type EntityTags = { outcome: "parsed"; tags: readonly string[] | null } | { outcome: "malformed"; message: string };

const TAG = /(?:W\/)?"([\x21\x23-\x7e\x80-\xff]*)"/g;
const TAG_LIST = /^[ \t]*(?:W\/)?"[\x21\x23-\x7e\x80-\xff]*"(?:[ \t]*,[ \t]*(?:W\/)?"[\x21\x23-\x7e\x80-\xff]*")*[ \t]*$/;
const CODING = /-(?:gzip|br|zstd)$/;

/** Parses a list of entity tags. No header and `*` are no condition: both match any resource that exists. */
export function parseEntityTags(header: string | undefined): EntityTags {
	if (header === undefined || header.trim() === "*") return { outcome: "parsed", tags: null };
	if (!TAG_LIST.test(header)) return { outcome: "malformed", message: 'must be a list of entity tags such as "1", or *' };
	const tags = [...header.matchAll(TAG)].map(([, text = ""]) => text.replace(CODING, ""));
	return { outcome: "parsed", tags: [...new Set(tags)] };
}
