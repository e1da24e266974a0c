/** Find words in a text and in its names, so that a list of words to avoid can be held by a test. */

export type WordRules = {
	/** Words and phrases in lower case. A word is also found as a part of a camelCase or snake_case name; a phrase, across line breaks. */
	readonly words: readonly string[];
	/** Names in their exact spelling. */
	readonly identifiers: readonly string[];
};

/** What may stand between two words of a phrase: white space, and what begins the lines of a comment or quotation. */
const BETWEEN = "[\\s*/#>-]+";

/**
 * Returns one line per occurrence: file, line number, and the word as it is written. `file` is searched as well, because a file name is
 * a name that people read.
 */
export function findWords(file: string, text: string, { words, identifiers }: WordRules): string[] {
	const patterns = [...identifiers.map((name) => `\\b${name}\\b`), ...words.map(patternOf)];
	if (patterns.length === 0) return [];
	const rule = new RegExp(patterns.join("|"), "g");
	const inName = [...file.matchAll(rule)].map(([found]) => `${file}: ${found} in the file name`);
	const inText = [...text.matchAll(rule)].map((match) => `${file}:${lineAt(text, match.index)}: ${match[0].replace(/\s+/g, " ")}`);
	return [...inName, ...inText];
}

/** A word counts when it stands alone, in any of the usual cases, or is one hump of a camelCase name or one part of a snake_case name. */
function patternOf(word: string): string {
	const parts = word.split(" ");
	if (parts.length > 1)
		return `\\b${parts.map((part) => `[${part.charAt(0)}${part.charAt(0).toUpperCase()}]${part.slice(1)}`).join(BETWEEN)}\\b`;
	const capitalised = word.charAt(0).toUpperCase() + word.slice(1);
	return `(?<![A-Za-z])${word}(?![a-z])|${capitalised}(?![a-z])|(?<![A-Za-z])${word.toUpperCase()}(?![A-Za-z])`;
}

function lineAt(text: string, index: number): number {
	return text.slice(0, index).split("\n").length;
}
