/** Hold the code of a repository to the import table in `.dependency-cruiser.cjs`. */
import { createRequire } from "node:module";
import { cruise, type ICruiseOptions } from "dependency-cruiser";

/** Where code lies, from the root of the repository. */
const FOLDERS = ["apps", "packages", "bench", "scripts"];

export type ImportFindings = {
	/** How many files were read. None means that nothing was judged, not that all is well. */
	readonly modules: number;
	/** One line per import that the table forbids. */
	readonly flaws: readonly string[];
};

/** `root` is an absolute path with at least one of the folders in it. */
export async function findImportFlaws(root: string, folders: readonly string[] = FOLDERS): Promise<ImportFindings> {
	const { forbidden, options } = createRequire(import.meta.url)("../.dependency-cruiser.cjs");
	const settings: ICruiseOptions = { ...options, baseDir: root, validate: true, ruleSet: { forbidden } };
	const { output } = await cruise([...folders], settings);
	if (typeof output === "string") throw new Error(output);
	return {
		modules: output.modules.filter(({ source }) => /\.[cm]?[jt]sx?$/.test(source) && !source.includes("node_modules/")).length,
		flaws: output.summary.violations.map(({ from, to, rule }) => `${from} imports ${to}\n    but: ${rule.name}`),
	};
}
