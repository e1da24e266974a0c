/**
 * Loads a Lua script of scripts/: resolves its `-- @include name` lines, and reads from its contract header which keys and arguments
 * it takes, in which order. A script is a value; `runScript` sends it by its hash and falls back to its source once per server.
 */
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { assert } from "@holdfast/runtime";
import type { Redis } from "ioredis";
import { type Parameter, readScriptHeader, type ScriptHeader } from "./script-header.ts";
import type { ScriptSignatures } from "./scripts/signatures.ts";

export type ScriptName = keyof ScriptSignatures;
/** The status words that a script replies with. A switch over them that forgets one does not compile where its function returns a value. */
export type StatusOf<Name extends ScriptName> = ScriptSignatures[Name]["status"];

export type Script<Name extends ScriptName = ScriptName> = ScriptHeader & {
	readonly name: Name;
	readonly source: string;
	readonly sha: string;
};

/** What a script takes, by the names of its header. Keys that it does not name are left out, so a caller may hand over all it knows. */
export type ScriptInput<Name extends ScriptName> = {
	readonly keys: ScriptSignatures[Name]["keys"];
	readonly args: ScriptSignatures[Name]["args"];
};

/** A script's reply: the status word, and the elements behind it. */
export type ScriptReply<Status extends string> = { readonly status: Status; readonly rest: readonly unknown[] };

const scriptsFolder = new URL("./scripts/", import.meta.url);

/** Read `scripts/<name>.lua`. Throws when an include is missing or the header does not say what it takes. */
export function defineScript<Name extends ScriptName>(name: Name): Script<Name> {
	const raw = readFileSync(new URL(`${name}.lua`, scriptsFolder), "utf8");
	const source = resolveIncludes(raw, name);
	return { name, source, sha: createHash("sha1").update(source).digest("hex"), ...readScriptHeader(name, raw) };
}

function resolveIncludes(raw: string, name: string): string {
	return raw.replace(/^-- @include (\S+)$/gm, (_line, include: string) => {
		const part = readFileSync(new URL(`include/${include}.lua`, scriptsFolder), "utf8");
		assert(!part.includes("@include"), `include ${include} of script ${name} includes nothing itself`);
		return part.trimEnd();
	});
}

/** Run a script; its reply is a status word and what comes with it. */
export async function runScript<Name extends ScriptName>(
	redis: Redis,
	script: Script<Name>,
	{ keys, args }: ScriptInput<Name>,
): Promise<ScriptReply<StatusOf<Name>>> {
	const values = inOrder(script.name, script.keys, keys);
	const keyCount = values.length;
	values.push(...inOrder(script.name, script.args, args));
	try {
		return readReply(script, await redis.evalsha(script.sha, keyCount, ...values));
	} catch (error) {
		if (!(error instanceof Error && error.message.startsWith("NOSCRIPT"))) throw error;
		return readReply(script, await redis.eval(script.source, keyCount, ...values));
	}
}

type Value = string | number;

/** The values in the order of the header. */
export function inOrder(
	script: ScriptName,
	parameters: readonly Parameter[],
	values: Readonly<Record<string, Value | null | readonly Value[]>>,
): Value[] {
	const ordered: Value[] = [];
	for (const { name, form } of parameters) {
		const value = values[name];
		if (typeof value === "string" || typeof value === "number") ordered.push(value);
		else if (form === "list" && value) ordered.push(...value);
		else assert(form === "optional" && value === null, `script ${script} is given ${name}`);
	}
	return ordered;
}

/** Split a reply into status and rest; the status must be one that the script's header promises. */
function readReply<Name extends ScriptName>(script: Script<Name>, reply: unknown): ScriptReply<StatusOf<Name>> {
	assert(Array.isArray(reply), `script ${script.name} replies with a list`);
	const [status, ...rest]: unknown[] = reply;
	assert(isStatusOf(script, status), `script ${script.name} knows the status ${String(status)}`);
	return { status, rest };
}

const isStatusOf = <Name extends ScriptName>(script: Script<Name>, status: unknown): status is StatusOf<Name> =>
	typeof status === "string" && script.statuses.includes(status);
