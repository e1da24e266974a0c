/** True if `If-None-Match` (RFC 9110, 13.1.2) matches this tag, so the response is 304. The header is a list (compared weakly) or `*`. */
export function isNotModified(header: string | undefined, tag: string): boolean {
	if (header === undefined) return false;
	return header.split(",").some((part) => part.trim() === "*" || part.trim().replace(/^W\//, "") === tag);
}
