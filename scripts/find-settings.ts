/**
 * Find every setting that the code reads: its name, and where the code states them its default and bounds. Read from the syntax trees,
 * so that nothing has to be started. Uses TypeScript 6, because TypeScript 7 has no compiler API.
 */
import ts from "typescript-with-api";

export type Source = {
	/** Path from the root of the repository. */
	readonly file: string;
	readonly text: string;
};

export type FoundSetting = {
	readonly name: string;
	readonly file: string;
	/** As docs/settings.md writes it: a value, `required` or `none`; null when the code states none. */
	readonly default: string | null;
	/** As docs/settings.md writes them; null when the code states none. */
	readonly bounds: string | null;
};

/** Every variable of the environment that is a setting has such a name. */
const NAME = /^[A-Z][A-Z0-9]*(_[A-Z0-9]+)*$/;
/** Given by the operating system, or set here and read by a tool. */
const NO_SETTINGS = ["PATH", "HOME"];

/** Returns one entry per place that states a setting or reads it. `sources` are TypeScript, JavaScript, shell and compose files. */
export function findSettings(sources: readonly Source[]): FoundSetting[] {
	const trees = sources
		.filter(({ file }) => /\.(ts|mjs)$/.test(file))
		.map(({ file, text }) => ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true));
	const constants = new Map(trees.flatMap(constantsOf));
	const others = sources.filter(({ file }) => !/\.(ts|mjs)$/.test(file));
	return [...trees.flatMap((tree) => readTree(tree, constants)), ...others.flatMap(readShell)].filter(
		({ name }) => !NO_SETTINGS.includes(name),
	);
}

/** The options of every `parseArgs`, without their dashes. */
export function findArguments(sources: readonly Source[]): string[] {
	const found: string[] = [];
	const visit = (node: ts.Node): void => {
		if (ts.isCallExpression(node) && node.expression.getText() === "parseArgs")
			for (const options of node.arguments.flatMap((argument) => propertiesOf(argument, "options"))) found.push(...keysOf(options));
		ts.forEachChild(node, visit);
	};
	for (const { file, text } of sources) visit(ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true));
	return found;
}

type Value = number | string | (number | string)[];
type Constants = ReadonlyMap<string, ts.Expression>;

function constantsOf(tree: ts.SourceFile): [string, ts.Expression][] {
	return tree.statements
		.filter(ts.isVariableStatement)
		.flatMap(({ declarationList }) =>
			declarationList.declarations.flatMap(({ name, initializer }): [string, ts.Expression][] =>
				initializer === undefined ? [] : [[name.getText(), initializer]],
			),
		);
}

function readTree(tree: ts.SourceFile, constants: Constants): FoundSetting[] {
	const found: FoundSetting[] = [];
	const add = (name: string, stated: Partial<FoundSetting> = {}) => {
		if (NAME.test(name)) found.push({ name, file: tree.fileName, default: null, bounds: null, ...stated });
	};
	const visit = (node: ts.Node): void => {
		if (ts.isObjectLiteralExpression(node)) readSpec(node, constants, add);
		if (ts.isCallExpression(node)) readCall(node, constants, add);
		if (ts.isPropertyAccessExpression(node) && isEnvironment(node.expression) && !isWritten(node)) add(node.name.text);
		if (
			ts.isVariableDeclaration(node) &&
			ts.isObjectBindingPattern(node.name) &&
			node.initializer !== undefined &&
			isEnvironment(node.initializer)
		)
			for (const { propertyName, name } of node.name.elements) add((propertyName ?? name).getText());
		ts.forEachChild(node, visit);
	};
	visit(tree);
	return found;
}

type Add = (name: string, stated?: Partial<FoundSetting>) => void;

/** `{ env: "PORT", default: 4000, min: 0, max: 65_535 }`. */
function readSpec(node: ts.ObjectLiteralExpression, constants: Constants, add: Add): void {
	const [env, fallback, min, max] = ["env", "default", "min", "max"].map((key) => propertiesOf(node, key)[0]);
	if (env === undefined || min === undefined || max === undefined) return;
	add(String(evaluate(env, constants)), {
		default: fallback === undefined ? "none" : String(evaluate(fallback, constants)),
		bounds: `${evaluate(min, constants)} to ${evaluate(max, constants)}`,
	});
}

/** `reader.text("HOST", "127.0.0.1")` and the other calls of a settings reader. */
function readCall(node: ts.CallExpression, constants: Constants, add: Add): void {
	if (!ts.isPropertyAccessExpression(node.expression)) return;
	const [first, second] = node.arguments;
	if (first === undefined || !ts.isStringLiteral(first)) return;
	const value = () => (second === undefined ? null : evaluate(second, constants));
	const stated = statedBy(node.expression.name.text, value);
	if (stated !== null) add(first.text, stated);
}

/** What a call of a reader says of its setting; null when it is no such call. `value` evaluates its second argument. */
function statedBy(method: string, value: () => Value | null): Partial<FoundSetting> | null {
	switch (method) {
		case "text": {
			const fallback = value();
			return { default: fallback === null ? "required" : String(fallback) || "none" };
		}
		case "secret":
			return { default: "required", bounds: `at least ${value()} characters` };
		case "choice":
			return { default: "none", bounds: [value()].flat().join(", ") };
		case "list":
			return { default: "none" };
		default:
			return null;
	}
}

/** `${TESTS_SECONDS_MAX:-2700}`. */
function readShell({ file, text }: Source): FoundSetting[] {
	return [...text.matchAll(/\$\{([A-Z_]+):-([^}]*)\}/g)].map(([, name = "", fallback = ""]) => ({
		name,
		file,
		default: fallback,
		bounds: null,
	}));
}

function isEnvironment(node: ts.Expression): boolean {
	return ["process.env", "env", "environment", "options.env", "options.environment"].includes(node.getText());
}

function isWritten({ parent, pos }: ts.Node): boolean {
	return ts.isBinaryExpression(parent) && parent.operatorToken.kind === ts.SyntaxKind.EqualsToken && parent.left.pos === pos;
}

function propertiesOf(node: ts.Expression, key: string): ts.Expression[] {
	if (!ts.isObjectLiteralExpression(node)) return [];
	return node.properties.filter(ts.isPropertyAssignment).flatMap(({ name, initializer }) => (name.getText() === key ? [initializer] : []));
}

function keysOf(node: ts.Expression): string[] {
	if (!ts.isObjectLiteralExpression(node)) return [];
	return node.properties.filter(ts.isPropertyAssignment).map(({ name }) => name.getText().replaceAll('"', ""));
}

/** A literal, a sum or product of such, a list of such, or a constant with one of these values. Throws for anything else. */
function evaluate(node: ts.Expression, constants: Constants): Value {
	if (ts.isAsExpression(node) || ts.isSatisfiesExpression(node) || ts.isParenthesizedExpression(node))
		return evaluate(node.expression, constants);
	if (ts.isNumericLiteral(node)) return Number(node.text);
	if (ts.isStringLiteral(node)) return node.text;
	if (ts.isArrayLiteralExpression(node)) return node.elements.flatMap((element) => evaluate(element, constants));
	if (ts.isBinaryExpression(node)) {
		const [left, right] = [Number(evaluate(node.left, constants)), Number(evaluate(node.right, constants))];
		if (node.operatorToken.kind === ts.SyntaxKind.AsteriskToken) return left * right;
		if (node.operatorToken.kind === ts.SyntaxKind.PlusToken) return left + right;
	}
	const constant = ts.isIdentifier(node) ? constants.get(node.text) : undefined;
	if (constant !== undefined) return evaluate(constant, constants);
	throw new Error(`cannot read the value of ${node.getText()} in ${node.getSourceFile().fileName}`);
}
