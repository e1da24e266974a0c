/** A booking's version as an entity tag (RFC 9110, section 8.8.3), and the version that an `If-Match` header asks for. */

export const entityTag = (version: number): string => `"${version}"`;

/** `ifVersion` null: no condition. `NO_VERSION`: a tag that is well formed, but no booking can have it. */
export type IfMatch = { outcome: "parsed"; ifVersion: number | null } | { outcome: "malformed"; message: string };

/** Versions begin at 1, so this one never matches. */
export const NO_VERSION = 0;

const TAG = /(W\/)?"([\x21\x23-\x7e\x80-\xff]*)"/g;
const TAG_LIST = /^[ \t]*(?:W\/)?"[\x21\x23-\x7e\x80-\xff]*"(?:[ \t]*,[ \t]*(?:W\/)?"[\x21\x23-\x7e\x80-\xff]*")*[ \t]*$/;
const VERSION = /^[1-9]\d{0,8}$/;

/**
 * Read `If-Match`. `*` matches any booking there is. Comparison is strong, so a weak tag matches none. A list may
 * hold one version at most: the condition is judged inside the store, which takes one.
 */
export function parseIfMatch(header: string | undefined): IfMatch {
	if (header === undefined || header.trim() === "*") return { outcome: "parsed", ifVersion: null };
	if (!TAG_LIST.test(header)) return { outcome: "malformed", message: 'must be an entity tag such as "1", or *' };
	const strong = [...header.matchAll(TAG)].flatMap(([, weak, text = ""]) =>
		weak === undefined && VERSION.test(text) ? [Number(text)] : [],
	);
	const versions = [...new Set(strong)];
	if (versions.length > 1) return { outcome: "malformed", message: "must not name more than one version" };
	return { outcome: "parsed", ifVersion: versions[0] ?? NO_VERSION };
}
