/**
 * Loads a Lua script of scripts/: resolves its `-- @include name` lines, and reads from its contract header how many
 * keys it takes. A script is a value; `runScript` sends it by its hash and falls back to its source once per server.
 */
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { assert } from "@holdfast/runtime";
import type { Redis } from "ioredis";
import { readReply, type ScriptReply } from "./reply.ts";

export type Script = {
	readonly name: string;
	readonly source: string;
	readonly sha: string;
	/** Key names as the header declares them; a last `KEYS[n..]` line makes the list open-ended. */
	readonly keyNames: readonly string[];
	readonly keysOpenEnded: boolean;
	/** Status words of the header's RETURNS. */
	readonly statuses: readonly string[];
};

const scriptsFolder = new URL("./scripts/", import.meta.url);

/** Read `scripts/<name>.lua`. Throws when an include is missing or the header does not say what it takes. */
export function defineScript(name: string): Script {
	const raw = readFileSync(new URL(`${name}.lua`, scriptsFolder), "utf8");
	const source = resolveIncludes(raw, name);
	const header = /^#!lua[^\n]*\n--\[\[(.*?)\]\]/s.exec(raw)?.[1];
	assert(header !== undefined, `script ${name} starts with "#!lua" and a contract header`);
	const keys = [...header.matchAll(/^KEYS\[(\d+)(\.\.)?\] (\S+)/gm)];
	const returns = /^RETURNS (.*?)^EFFECTS /ms.exec(header)?.[1] ?? "";
	return {
		name,
		source,
		sha: createHash("sha1").update(source).digest("hex"),
		keyNames: keys.map((key) => key[3] ?? ""),
		keysOpenEnded: keys.at(-1)?.[2] === "..",
		statuses: [...returns.matchAll(/\{"([a-z_]+)"/g)].map((status) => status[1] ?? ""),
	};
}

function resolveIncludes(raw: string, name: string): string {
	return raw.replace(/^-- @include (\S+)$/gm, (_line, include: string) => {
		const part = readFileSync(new URL(`include/${include}.lua`, scriptsFolder), "utf8");
		assert(!part.includes("@include"), `include ${include} of script ${name} includes nothing itself`);
		return part.trimEnd();
	});
}

/** Run a script; its reply is a status word and what comes with it. */
export async function runScript(
	redis: Redis,
	script: Script,
	keys: readonly string[],
	args: readonly (string | number)[],
): Promise<ScriptReply> {
	try {
		return readReply(script, await redis.evalsha(script.sha, keys.length, ...keys, ...args));
	} catch (error) {
		if (!(error instanceof Error && error.message.startsWith("NOSCRIPT"))) throw error;
		return readReply(script, await redis.eval(script.source, keys.length, ...keys, ...args));
	}
}
