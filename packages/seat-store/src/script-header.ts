/** Reads the contract header of a script: the names of its keys and arguments in their order, and the statuses that it replies. */
import { assert } from "@holdfast/runtime";

/**
 * One key or argument. `KEYS[9?] name` is optional, and `KEYS[2..] name` is a list of any length; both come last, where the positions
 * of the others do not depend on them.
 */
export type Parameter = { readonly name: string; readonly form: "one" | "optional" | "list" };

export type ScriptHeader = {
	readonly keys: readonly Parameter[];
	readonly args: readonly Parameter[];
	/** Status words of RETURNS. */
	readonly statuses: readonly string[];
};

/** Throws when the header is missing, or its positions are not 1, 2, 3 and so on. */
export function readScriptHeader(name: string, source: string): ScriptHeader {
	const header = /^#!lua[^\n]*\n--\[\[(.*?)\]\]/s.exec(source)?.[1];
	assert(header !== undefined, `script ${name} starts with "#!lua" and a contract header`);
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
		assert(Number(position) === i + 1, `the header of script ${script} numbers its keys and its arguments from 1 on`);
		assert(mark === undefined || i === found.length - 1, `${name} of script ${script} comes last`);
		return { name, form: mark === undefined ? "one" : mark === "?" ? "optional" : "list" };
	});
}
