/**
 * Find titles of tests that make no sense alone in a line of a CI log, and tests of one file that share a title. docs/style.md states the
 * rule. Titles are read from the syntax tree, so this uses TypeScript 6: TypeScript 7 has no compiler API.
 */
import ts from "typescript-with-api";

export type TitleFindings = {
	/** How many titles of tests were read. None means that nothing was judged, not that all is well. */
	readonly titles: number;
	/** One line per violation: file, line number, the title and what is wrong with it. */
	readonly violations: readonly string[];
};

const WORDS_MIN = 3;

/** Stands for a value that is known when the test runs. It counts as one word. */
const VALUE = "…";

const MODIFIERS = ["each", "for", "concurrent", "sequential", "only", "skip", "todo", "fails", "skipIf", "runIf"];
/** Calls of these return the function that takes the title. */
const TAKE_ARGUMENTS_FIRST = ["each", "for", "skipIf", "runIf"];

/** A title begins with its subject or its verb, so not with a conjunction, a preposition, or a pronoun whose noun is elsewhere. */
const FRAGMENT_STARTS = new Set(
	[
		"and but or nor so then also too again because since though although unless if while when whenever where wherever until once as than",
		"by to with without for from of in on at into onto out after before within during between under behind beside beyond through",
		"that which who whom whose it they them itself was were be been being",
	].flatMap((words) => words.split(" ")),
);

/** "is refused" has its subject in the `describe` around it. "is the answer" says nothing of it there either. */
const NEED_SUBJECT = new Set(["is", "are"]);
const NO_PREDICATES = new Set(["the", "a", "an", "what", "whatever", "none", "nothing"]);

/** `text` is the source of the test file `file`. */
export function findTitleViolations(file: string, text: string): TitleFindings {
	const source = ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true);
	const violations: string[] = [];
	const lineOfTitle = new Map<string, number>();
	let titles = 0;
	const visit = (node: ts.Node, path: readonly string[]): void => {
		const kind = ts.isCallExpression(node) ? kindOf(node) : null;
		if (kind === null || !ts.isCallExpression(node)) {
			ts.forEachChild(node, (child) => visit(child, path));
			return;
		}
		const [titleNode, ...rest] = node.arguments;
		const title = titleNode === undefined ? null : readTitle(titleNode);
		const fullTitle = [...path, title ?? titleNode?.getText() ?? ""];
		if (kind === "test") {
			titles += 1;
			const line = source.getLineAndCharacterOfPosition(node.getStart()).line + 1;
			const report = (what: string) => violations.push(`${file}:${line}: ${JSON.stringify(title ?? "")} ${what}`);
			const fault = title === null ? "is not written as text" : faultOf(title, path.length > 0);
			if (fault !== null) report(fault);
			const other = lineOfTitle.get(fullTitle.join(" > "));
			if (other === undefined) lineOfTitle.set(fullTitle.join(" > "), line);
			else report(`is the title of the test in line ${other}, too`);
		}
		for (const child of rest) visit(child, kind === "suite" ? fullTitle : path);
	};
	visit(source, []);
	return { titles, violations };
}

/** What is wrong with a title; null when it is a sentence. `hasSubject`: a `describe` around it names one. */
function faultOf(title: string, hasSubject: boolean): string | null {
	const words = title.split(/\s+/).filter((word) => word !== "");
	if (words.length < WORDS_MIN) return `has fewer than ${WORDS_MIN} words`;
	if (words.every((word) => !/\p{L}/u.test(word.replaceAll(VALUE, "")))) return "has no word of its own";
	const [first = "", second = ""] = words.map((word) => word.toLowerCase().replace(/[,:;]$/, ""));
	if (FRAGMENT_STARTS.has(first)) return `is a fragment: it begins with "${first}"`;
	if (!NEED_SUBJECT.has(first)) return null;
	if (NO_PREDICATES.has(second)) return `is a fragment: it begins with "${first} ${second}"`;
	return hasSubject ? null : `is a fragment: it begins with "${first}", and no describe names its subject`;
}

/** Whether a call declares a test or a suite, in any of the forms that vitest has; null for any other call. */
function kindOf(call: ts.CallExpression): "test" | "suite" | null {
	if (ts.isPropertyAccessExpression(call.expression) && TAKE_ARGUMENTS_FIRST.includes(call.expression.name.text)) return null;
	let callee: ts.Expression = call.expression;
	for (;;) {
		if (ts.isCallExpression(callee)) callee = callee.expression;
		else if (ts.isTaggedTemplateExpression(callee)) callee = callee.tag;
		else if (ts.isPropertyAccessExpression(callee) && MODIFIERS.includes(callee.name.text)) callee = callee.expression;
		else break;
	}
	if (!ts.isIdentifier(callee)) return null;
	if (callee.text === "it" || callee.text === "test") return "test";
	return callee.text === "describe" ? "suite" : null;
}

/** The words of a title, with `VALUE` in the place of each value; null when it is no text. */
function readTitle(node: ts.Expression): string | null {
	if (ts.isStringLiteralLike(node)) return withValues(node.text);
	if (ts.isTemplateExpression(node))
		return withValues(node.head.text + node.templateSpans.map(({ literal }) => VALUE + literal.text).join(""));
	if (ts.isParenthesizedExpression(node)) return readTitle(node.expression);
	if (ts.isBinaryExpression(node) && node.operatorToken.kind === ts.SyntaxKind.PlusToken) {
		const [left, right] = [readTitle(node.left), readTitle(node.right)];
		return left === null || right === null ? null : left + right;
	}
	return null;
}

/** The places in a title of `each` where a value of the row goes: `%s`, `$name`, `$user.name`. */
function withValues(text: string): string {
	return text.replace(/%[sdifjoOc#$]|\$[A-Za-z_][\w.]*/g, VALUE);
}
