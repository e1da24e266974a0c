/**
 * Loads Lua scripts from scripts/. `defineScript` resolves the `-- @include name` lines of a script, and reads from its contract
 * header which keys and arguments it takes, in which order. `runScript` sends a script by its hash, and once per server by its
 * source.
 */
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { assert } from "@holdfast/runtime";
import type { Redis } from "ioredis";
import { type Parameter, readScriptHeader, type ScriptHeader } from "./script-header.ts";
import type { ScriptSignatures } from "./scripts/signatures.ts";

/** The name of a script: its file name without `.lua`. */
export type ScriptName = keyof ScriptSignatures;
/** The statuses that a script replies with. A command whose outcome type omits one does not compile. */
export type StatusOf<Name extends ScriptName> = ScriptSignatures[Name]["status"];

/** A script that is ready to run. */
export type Script<Name extends ScriptName = ScriptName> = ScriptHeader & {
	readonly name: Name;
	readonly source: string;
	readonly sha: string;
};

/**
 * The keys and arguments of a call, by their names in the header of the script. Keys that the header does not name are ignored,
 * so a caller may pass all keys it has.
 */
export type ScriptInput<Name extends ScriptName> = {
	readonly keys: ScriptSignatures[Name]["keys"];
	readonly args: ScriptSignatures[Name]["args"];
};

/** The reply of a script: its status, and the elements behind the status. */
export type ScriptReply<Status extends string> = { readonly status: Status; readonly rest: readonly unknown[] };

const scriptsFolder = new URL("./scripts/", import.meta.url);

/** Loads `scripts/<name>.lua`. Throws when an include is missing, or when the header does not declare what the script takes. */
export function defineScript<Name extends ScriptName>(name: Name): Script<Name> {
	const raw = readFileSync(new URL(`${name}.lua`, scriptsFolder), "utf8");
	const source = resolveIncludes(raw, name);
	return { name, source, sha: createHash("sha1").update(source).digest("hex"), ...readScriptHeader(name, raw) };
}

function resolveIncludes(raw: string, name: string): string {
	return raw.replace(/^-- @include (\S+)$/gm, (_line, include: string) => {
		const part = readFileSync(new URL(`include/${include}.lua`, scriptsFolder), "utf8");
		assert(!part.includes("@include"), `include ${include} of script ${name} contains another include`);
		return part.trimEnd();
	});
}

/**
 * Runs a script and returns its reply. Throws when an argument is missing, or when the reply does not start with a status from
 * the header.
 */
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

/** Returns the values in the order of the header. Throws when a value is missing or has the wrong form. */
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
		else assert(form === "optional" && value === null, `script ${script} got no valid value for ${name}`);
	}
	return ordered;
}

/** Splits a reply into its status and the rest. Throws when the header of the script does not list the status. */
function readReply<Name extends ScriptName>(script: Script<Name>, reply: unknown): ScriptReply<StatusOf<Name>> {
	assert(Array.isArray(reply), `script ${script.name} did not reply with a list`);
	const [status, ...rest]: unknown[] = reply;
	assert(isStatusOf(script, status), `script ${script.name} replied with the unknown status ${String(status)}`);
	return { status, rest };
}

const isStatusOf = <Name extends ScriptName>(script: Script<Name>, status: unknown): status is StatusOf<Name> =>
	typeof status === "string" && script.statuses.includes(status);
