import { mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, expect, test } from "vitest";
import { findPromisedReplies } from "./find-promised-replies.ts";

const REPOSITORY = fileURLToPath(new URL("..", import.meta.url));
const IMPORTS = `import type { FastifyInstance, FastifyReply, FastifyRequest, onRequestAsyncHookHandler } from "fastify";`;
const COUNT = `declare function countAttempts(): Promise<number>;`;

let root: string;

beforeEach(() => {
	root = realpathSync(mkdtempSync(join(tmpdir(), "holdfast-replies-")));
	symlinkSync(join(REPOSITORY, "apps/api/node_modules"), join(root, "node_modules"));
	const compilerOptions = { typeRoots: [join(REPOSITORY, "node_modules/@types")] };
	const config = { extends: join(REPOSITORY, "tsconfig.base.json"), compilerOptions, include: ["*.ts"] };
	writeFileSync(join(root, "tsconfig.json"), JSON.stringify(config));
});

afterEach(() => {
	rmSync(root, { recursive: true });
});

/** Writes the texts to files and returns the violations of each file, by the name of the file. */
function findIn(texts: Readonly<Record<string, string>>): Record<string, string[]> {
	for (const [name, text] of Object.entries(texts)) writeFileSync(join(root, `${name}.ts`), `${IMPORTS}\n${COUNT}\n${text}\n`);
	const { files, violations } = findPromisedReplies(join(root, "tsconfig.json"));
	expect(files).toBe(Object.keys(texts).filter((name) => !name.endsWith(".test")).length);
	return Object.fromEntries(
		Object.keys(texts).map((name) => [
			name,
			violations.filter((line) => line.startsWith(`${name}.ts:`)).map((line) => line.slice(`${name}.ts:`.length)),
		]),
	);
}

test("findPromisedReplies reports a helper that resolves to a reply, with a written or an inferred type, and calls of the helper", () => {
	const found = findIn({
		written: `export async function limit(reply: FastifyReply): Promise<FastifyReply | undefined> {
			return (await countAttempts()) > 1 ? reply.code(429).send() : undefined;
		}
		export const use = async (reply: FastifyReply): Promise<void> => { if ((await limit(reply)) !== undefined) return; };`,
		inferred: `export async function limit(reply: FastifyReply) {
			if ((await countAttempts()) > 1) return reply.code(429).send();
			return undefined;
		}`,
		arrow: `export const limit = async (reply: FastifyReply) => reply.send("x");`,
		chained: `export const limit = (reply: FastifyReply) => countAttempts().then(() => reply.send("x"));`,
		method: `export const helpers = { async limit(reply: FastifyReply) { return reply.send("x"); } };`,
		declared: `declare module "fastify" { interface FastifyInstance { limit: (reply: FastifyReply) => Promise<FastifyReply | undefined> } }
		export const use = async (app: FastifyInstance, reply: FastifyReply): Promise<void> => { await app.limit(reply); };`,
	});
	expect(found.written).toEqual([
		expect.stringMatching(/^3 resolves to a reply/),
		expect.stringMatching(/^6 calls a function that promises a reply/),
	]);
	expect(found.inferred).toEqual([expect.stringMatching(/^3 resolves to a reply/)]);
	expect(found.arrow).toEqual([expect.stringMatching(/^3 resolves to a reply/)]);
	expect(found.chained).toEqual([expect.stringMatching(/^3 calls a function that promises a reply/)]);
	expect(found.method).toEqual([expect.stringMatching(/^3 resolves to a reply/)]);
	expect(found.declared).toEqual([expect.stringMatching(/^4 calls a function that promises a reply/)]);
});

test("findPromisedReplies reports code that calls a hook, and code that awaits a reply", () => {
	const found = findIn({
		hook: `export const first: onRequestAsyncHookHandler = async (_request, reply) => reply.send("x");
		export async function second(app: FastifyInstance, request: FastifyRequest, reply: FastifyReply): Promise<void> {
			await first.call(app, request, reply);
			await Reflect.apply(first, app, [request, reply]);
		}
		export function third(this: FastifyInstance, request: FastifyRequest, reply: FastifyReply): void { void first.bind(this)(request, reply); }
		declare module "fastify" { interface FastifyInstance { first: onRequestAsyncHookHandler } }
		export const fourth = (app: FastifyInstance, request: FastifyRequest, reply: FastifyReply): Promise<unknown> => app.first(request, reply);`,
		awaits: `export async function send(reply: FastifyReply): Promise<void> { await reply.send("x"); }`,
	});
	expect(found.hook).toEqual(expect.arrayContaining([expect.stringMatching(/^10 calls a handler or hook/)]));
	expect(found.awaits).toEqual([expect.stringMatching(/^3 awaits a reply/)]);
});

test("findPromisedReplies accepts handlers, hooks, helpers that resolve to values, and functions that return a reply synchronously", () => {
	const found = findIn({
		fine: `export const hook: onRequestAsyncHookHandler = async (_request, reply) => ((await countAttempts()) > 1 ? reply.send("x") : undefined);
		export const refuse = (reply: FastifyReply): FastifyReply => reply.code(429).send();
		export async function wait(): Promise<number | null> { return (await countAttempts()) > 1 ? 5 : null; }
		export function add(app: FastifyInstance): void {
			app.addHook("onRequest", hook);
			app.addHook("preHandler", async (_request, reply) => reply.send("x"));
			app.addHook("onSend", (_request, _reply, payload, next) => next(null, payload));
			app.get("/x", async (_request, reply) => ((await wait()) === null ? refuse(reply) : reply.send("x")));
			app.route({ method: "GET", url: "/y", onRequest: hook, handler: async (_request, reply) => refuse(reply) });
			app.setErrorHandler(async (_error, _request, reply) => reply.send("x"));
			app.setNotFoundHandler(async (_request, reply) => refuse(reply));
		}`,
		"some.test": `export const limit = async (reply: FastifyReply) => reply.send("x");`,
	});
	expect(found).toEqual({ fine: [], "some.test": [] });
});

test("findPromisedReplies returns a file count of 0 when there is no file", () => {
	expect(findPromisedReplies(join(root, "tsconfig.json"))).toEqual({ files: 0, violations: [] });
});
