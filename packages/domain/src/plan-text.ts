/**
 * The texts of a seat plan: labels of seats and rows, names of tiers and sections. Labels end up in URLs, CSV files and on tickets, and
 * two of them that look alike must be equal. So a text has visible characters and single spaces between them, in Unicode's composed form.
 */

/** Visible characters, with single spaces between them. \p{C}: control, invisible and unassigned characters; \p{Z}: all spaces. */
const VISIBLE_TEXT = /^[^\p{C}\p{Z}]+(?: [^\p{C}\p{Z}]+)*$/u;

/** What is wrong with a text that may have 1 to `max` characters (UTF-16 units), as the end of a sentence; null if it is valid. */
export function findTextError(text: string, max: number): string | null {
	if (text.length < 1 || text.length > max) return `does not have 1 to ${max} characters`;
	if (!VISIBLE_TEXT.test(text))
		return "has a control character, an invisible character, a space at its start or end, or a space other than a single U+0020";
	return text.normalize("NFC") === text ? null : "is not in Unicode's composed form (NFC)";
}

/** A text of another system in the form that `findTextError` asks for, as far as spaces and composed characters go. */
export function tidyText(text: string): string {
	return text.normalize("NFC").replace(/\s+/gu, " ").trim();
}

/** A text of any length, short enough for a message. */
export function quoteText(text: string): string {
	return text.length <= QUOTED_MAX_CHARS ? text : `${text.slice(0, QUOTED_MAX_CHARS)}...`;
}

const QUOTED_MAX_CHARS = 40;
