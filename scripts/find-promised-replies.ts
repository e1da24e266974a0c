/**
 * Finds asynchronous functions that resolve to a Fastify reply and that our own code could await. A reply is a thenable: `await` on
 * it waits until the response is sent and returns `undefined`, so `if (refusal !== undefined) return` never stops a request.
 *
 * The check uses types, inferred ones included. TypeScript 7 has no compiler API, so this uses TypeScript 6.
 */
import { dirname, relative } from "node:path";
import ts from "typescript-with-api";

/** The result of `findPromisedReplies`. */
export type PromisedReplyFindings = {
	/** How many source files were read. 0 means that nothing was checked, not that there are no violations. */
	readonly files: number;
	/** One line per violation: the file, the line number, what is wrong, and what to do instead. */
	readonly violations: readonly string[];
};

const REPLY = "FastifyReply";
/** A function with a type from this folder is a handler or a hook, which only Fastify calls. */
const FASTIFY_TYPES = "/node_modules/fastify/";

/** Tests and their helpers, which answer no requests. */
const TEST_FILES = /\.test\.ts$|\/testing\//;

/** Checks every file of the tsconfig.json at the absolute path `configPath`, except for tests. */
export function findPromisedReplies(configPath: string): PromisedReplyFindings {
	const { config } = ts.readConfigFile(configPath, ts.sys.readFile);
	const { fileNames, options } = ts.parseJsonConfigFileContent(config, ts.sys, dirname(configPath));
	const checked = new Set(fileNames.filter((name) => !TEST_FILES.test(name)));
	const program = ts.createProgram([...checked], options);
	const findViolation = createRule(program.getTypeChecker());
	const sources = program.getSourceFiles().filter(({ fileName }) => checked.has(fileName));
	const violations = sources.flatMap((source) =>
		nodesOfFunctions(source).flatMap((node) => {
			const violation = findViolation(node);
			if (violation === null) return [];
			const line = source.getLineAndCharacterOfPosition(node.getStart()).line + 1;
			return [`${relative(dirname(configPath), source.fileName)}:${line} ${violation}`];
		}),
	);
	return { files: sources.length, violations };
}

/**
 * Returns the nodes of all functions. Nodes outside of functions are skipped: no request reaches them, and the types of schemas that
 * are created there take seconds to infer.
 */
function nodesOfFunctions(source: ts.SourceFile): ts.Node[] {
	const found: ts.Node[] = [];
	const visit = (node: ts.Node, isInside: boolean): void => {
		const isFound = isInside || ts.isFunctionLike(node);
		if (isFound) found.push(node);
		ts.forEachChild(node, (child) => visit(child, isFound));
	};
	visit(source, false);
	return found;
}

/** Returns a function that describes the violation of a node, or returns null. */
function createRule(checker: ts.TypeChecker): (node: ts.Node) => string | null {
	return (node) => {
		if (ts.isAwaitExpression(node))
			return isReply(checker.getTypeAtLocation(node.expression)) ? "awaits a reply, which returns undefined: return a value instead" : null;
		if (ts.isCallExpression(node)) {
			const signature = checker.getResolvedSignature(node);
			if (signature !== undefined && isHandlerOrHook(signature))
				return "calls a handler or hook, which only Fastify may do: move the shared code to a function and call that";
			return promisesReply(checker, checker.getTypeAtLocation(node))
				? "calls a function that promises a reply: let that function resolve to a value"
				: null;
		}
		if (!isFunctionWithBody(node) || !resolvesToReply(checker, node)) return null;
		const expected = ts.isFunctionExpression(node) || ts.isArrowFunction(node) ? checker.getContextualType(node) : undefined;
		if (expected?.getCallSignatures().some(isHandlerOrHook) === true) return null;
		return "resolves to a reply, but is not typed as a handler or hook: resolve to a value, or use a handler or hook type of Fastify";
	};
}

type FunctionWithBody = ts.FunctionLikeDeclaration & { readonly body: ts.ConciseBody };

const isFunctionWithBody = (node: ts.Node): node is FunctionWithBody =>
	ts.isFunctionLike(node) && "body" in node && node.body !== undefined;

/**
 * True for an async function that returns a reply, whatever its declared type, and for a function whose declared type is a promise of
 * a reply. Any other function that returns a promise of a reply got it from a call, and the call is checked separately.
 */
function resolvesToReply(checker: ts.TypeChecker, node: FunctionWithBody): boolean {
	if (node.type !== undefined && promisesReply(checker, checker.getTypeFromTypeNode(node.type))) return true;
	if ((ts.getCombinedModifierFlags(node) & ts.ModifierFlags.Async) === 0) return false;
	return returnedFrom(node).some((expression) => {
		const type = checker.getTypeAtLocation(expression);
		return isReply(type) || promisesReply(checker, type);
	});
}

/** Returns the expressions that a function returns, without those of the functions inside it. */
function returnedFrom({ body }: FunctionWithBody): ts.Expression[] {
	if (!ts.isBlock(body)) return [body];
	const found: ts.Expression[] = [];
	const visit = (node: ts.Node): void => {
		if (ts.isFunctionLike(node)) return;
		if (ts.isReturnStatement(node) && node.expression !== undefined) found.push(node.expression);
		ts.forEachChild(node, visit);
	};
	ts.forEachChild(body, visit);
	return found;
}

const membersOf = (type: ts.Type): readonly ts.Type[] => (type.isUnion() ? type.types : [type]);

/** True for a reply, and for a union that contains one. */
const isReply = (type: ts.Type): boolean => membersOf(type).some((member) => member.symbol?.name === REPLY);

/** True for a promise of a reply, and for a union that contains such a promise. A union that contains a reply counts as a reply. */
function promisesReply(checker: ts.TypeChecker, type: ts.Type): boolean {
	return membersOf(type).some((member) => {
		const isPromise = member.symbol?.name === "Promise" || member.symbol?.name === "PromiseLike";
		return isPromise && isTypeReference(member) && checker.getTypeArguments(member).some(isReply);
	});
}

const isTypeReference = (type: ts.Type): type is ts.TypeReference => "target" in type;

/** True for a function type of Fastify that takes a reply. The callbacks `next` and `done`, which hooks may call, take no reply. */
function isHandlerOrHook(signature: ts.Signature): boolean {
	const { declaration } = signature;
	if (declaration === undefined || !declaration.getSourceFile().fileName.includes(FASTIFY_TYPES)) return false;
	return declaration.parameters.some((parameter) => {
		const type = ts.isParameter(parameter) ? parameter.type : undefined;
		return type !== undefined && ts.isTypeReferenceNode(type) && type.typeName.getText() === REPLY;
	});
}
