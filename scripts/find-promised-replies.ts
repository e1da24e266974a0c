/**
 * Find asynchronous functions that resolve to a Fastify reply where our own code could await them. A reply is a thenable: awaiting
 * it waits until the answer is sent and gives `undefined`, so `if (refusal !== undefined) return` never stops a request.
 *
 * The rule is judged by types, inferred ones included. TypeScript 7 has no compiler API, so this uses TypeScript 6.
 */
import { dirname, relative } from "node:path";
import ts from "typescript-with-api";

export type PromisedReplyFindings = {
	/** How many source files were read. None means that nothing was judged, not that all is well. */
	readonly files: number;
	/** One line per violation: file, line, and what is wrong. */
	readonly violations: readonly string[];
};

const REPLY = "FastifyReply";
/** Whose types mark a function as a handler or hook: only Fastify calls it. */
const FASTIFY_TYPES = "/node_modules/fastify/";

/** Tests and what only they use: they answer no requests. */
const TEST_FILES = /\.test\.ts$|\/testing\//;

/** `configPath` is the absolute path of the tsconfig.json whose files are judged, tests left out. */
export function findPromisedReplies(configPath: string): PromisedReplyFindings {
	const { config } = ts.readConfigFile(configPath, ts.sys.readFile);
	const { fileNames, options } = ts.parseJsonConfigFileContent(config, ts.sys, dirname(configPath));
	const judged = new Set(fileNames.filter((name) => !TEST_FILES.test(name)));
	const program = ts.createProgram([...judged], options);
	const judge = createJudge(program.getTypeChecker());
	const sources = program.getSourceFiles().filter(({ fileName }) => judged.has(fileName));
	const violations = sources.flatMap((source) =>
		nodesOfFunctions(source).flatMap((node) => {
			const violation = judge(node);
			if (violation === null) return [];
			const line = source.getLineAndCharacterOfPosition(node.getStart()).line + 1;
			return [`${relative(dirname(configPath), source.fileName)}:${line} ${violation}`];
		}),
	);
	return { files: sources.length, violations };
}

/** Functions and everything inside them. Outside there is no request, and the types of schemas made there take seconds to infer. */
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

/** Gives what is wrong with a node, or null. */
function createJudge(checker: ts.TypeChecker): (node: ts.Node) => string | null {
	return (node) => {
		if (ts.isAwaitExpression(node))
			return isReply(checker.getTypeAtLocation(node.expression)) ? "awaits a reply, which gives undefined: use a value instead" : null;
		if (ts.isCallExpression(node)) {
			const signature = checker.getResolvedSignature(node);
			if (signature !== undefined && isHandlerOrHook(signature))
				return "calls a handler or hook, which only Fastify may: call what it uses";
			return promisesReply(checker, checker.getTypeAtLocation(node)) ? "calls what promises a reply: let it resolve to a value" : null;
		}
		if (!isFunctionWithBody(node) || !resolvesToReply(checker, node)) return null;
		const expected = ts.isFunctionExpression(node) || ts.isArrowFunction(node) ? checker.getContextualType(node) : undefined;
		if (expected?.getCallSignatures().some(isHandlerOrHook) === true) return null;
		return "resolves to a reply and is no handler or hook by its type: resolve to a value, or type it as one of Fastify's";
	};
}

type FunctionWithBody = ts.FunctionLikeDeclaration & { readonly body: ts.ConciseBody };

const isFunctionWithBody = (node: ts.Node): node is FunctionWithBody =>
	ts.isFunctionLike(node) && "body" in node && node.body !== undefined;

/**
 * An async function that returns a reply, whatever its type says, or a function whose type says that it promises one. A promise
 * that another function returns came from a call, which is judged by itself.
 */
function resolvesToReply(checker: ts.TypeChecker, node: FunctionWithBody): boolean {
	if (node.type !== undefined && promisesReply(checker, checker.getTypeFromTypeNode(node.type))) return true;
	if ((ts.getCombinedModifierFlags(node) & ts.ModifierFlags.Async) === 0) return false;
	return returnedFrom(node).some((expression) => {
		const type = checker.getTypeAtLocation(expression);
		return isReply(type) || promisesReply(checker, type);
	});
}

/** What a function returns itself: not the functions inside it. */
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

/** A reply, or a union with one in it. */
const isReply = (type: ts.Type): boolean => membersOf(type).some((member) => member.symbol?.name === REPLY);

/** A promise, or a union with a promise in it, of a reply or of a union with a reply in it. */
function promisesReply(checker: ts.TypeChecker, type: ts.Type): boolean {
	return membersOf(type).some((member) => {
		const isPromise = member.symbol?.name === "Promise" || member.symbol?.name === "PromiseLike";
		return isPromise && isTypeReference(member) && checker.getTypeArguments(member).some(isReply);
	});
}

const isTypeReference = (type: ts.Type): type is ts.TypeReference => "target" in type;

/** Declared by Fastify, and takes a reply. `next` and `done`, which a hook does call, take none. */
function isHandlerOrHook(signature: ts.Signature): boolean {
	const { declaration } = signature;
	if (declaration === undefined || !declaration.getSourceFile().fileName.includes(FASTIFY_TYPES)) return false;
	return declaration.parameters.some((parameter) => {
		const type = ts.isParameter(parameter) ? parameter.type : undefined;
		return type !== undefined && ts.isTypeReferenceNode(type) && type.typeName.getText() === REPLY;
	});
}
