/** Parses the contract header of a script: its keys and arguments in their order, and the statuses that it replies with. */
import { assert } from "@holdfast/runtime";

/**
 * One key or argument. `KEYS[9?] name` is optional, and `KEYS[2..] name` is a list of any length. Both must come last, so that
 * the positions of the others are fixed.
 */
export type Parameter = { readonly name: string; readonly form: "one" | "optional" | "list" };

/** A parsed contract header. */
export type ScriptHeader = {
	readonly keys: readonly Parameter[];
	readonly args: readonly Parameter[];
	/** The statuses in RETURNS. */
	readonly statuses: readonly string[];
};

/**
 * Parses the contract header of the script `name`. Throws when the header is missing, or when its positions are not 1, 2, 3 and
 * so on.
 */
export function readScriptHeader(name: string, source: string): ScriptHeader {
	const header = /^#!lua[^\n]*\n--\[\[(.*?)\]\]/s.exec(source)?.[1];
	assert(header !== undefined, `script ${name} does not start with "#!lua" and a contract header`);
	const returns = /^RETURNS (.*?)^EFFECTS /ms.exec(header)?.[1] ?? "";
	return {
		keys: readParameters(name, header.matchAll(/^KEYS\[(\d+)(\?|\.\.)?\] ([A-Za-z]+)/gm)),
		args: readParameters(name, header.matchAll(/ARGV\[(\d+)(\?|\.\.)?\] ([A-Za-z]+)/g)),
		statuses: [...returns.matchAll(/\{"([a-z_]+)"/g)].map(([, status = ""]) => status),
	};
}

function readParameters(script: string, matches: Iterable<RegExpExecArray>): Parameter[] {
	const found = [...matches];
	return found.map(([, position, mark, name = ""], i) => {
		assert(Number(position) === i + 1, `the header of script ${script} does not number its keys or its arguments 1, 2, 3...`);
		assert(mark === undefined || i === found.length - 1, `${name} of script ${script} is optional or a list, but is not the last one`);
		return { name, form: mark === undefined ? "one" : mark === "?" ? "optional" : "list" };
	});
}
