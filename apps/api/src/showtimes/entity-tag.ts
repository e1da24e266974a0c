/** `If-None-Match` (RFC 9110, 13.1.2): a list, compared weakly, or `*`. */
export function isKnown(header: string | undefined, tag: string): boolean {
	if (header === undefined) return false;
	return header.split(",").some((part) => part.trim() === "*" || part.trim().replace(/^W\//, "") === tag);
}
