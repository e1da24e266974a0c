/** Hold the code of a repository to the import table in `.dependency-cruiser.cjs`, and each room to what its package.json declares. */
import { existsSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { cruise, type ICruiseOptions, type IModule } from "dependency-cruiser";

/** Where code lies, from the root of the repository. */
const FOLDERS = ["apps", "packages", "bench", "scripts"];

export type ImportFindings = {
	/** How many files were read. None means that nothing was judged, not that all is well. */
	readonly modules: number;
	/** One line per import that the table forbids, and per package that a room imports without declaring it. */
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
		flaws: [
			...output.summary.violations.map(({ from, to, rule }) => `${from} imports ${to}\n    but: ${rule.name}`),
			...findUndeclared(root, output.modules),
		],
	};
}

/** Imports of packages that resolve only because the root, or another room, declares them. */
function findUndeclared(root: string, modules: readonly IModule[]): string[] {
	return modules.flatMap(({ source, dependencies }) => {
		if (source.includes("node_modules/")) return [];
		const manifest = findManifest(root, source);
		if (manifest === null) return [];
		const { name, dependencies: shipped, devDependencies } = JSON.parse(readFileSync(manifest, "utf8"));
		const declared = [name, ...Object.keys({ ...shipped, ...devDependencies })];
		const packages = dependencies.filter(({ coreModule, module }) => !coreModule && !module.startsWith(".")).map(packageOf);
		return packages
			.filter((used) => !declared.includes(used))
			.map((used) => `${source} imports ${used}\n    but: ${manifest} does not declare it`);
	});
}

/** The package.json of the room that the file lies in; `null` in a tree that has none. */
function findManifest(root: string, file: string): string | null {
	for (let folder = dirname(file); ; folder = dirname(folder)) {
		const manifest = join(root, folder, "package.json");
		if (existsSync(manifest)) return manifest;
		if (folder === ".") return null;
	}
}

/** `@scope/name` of `@scope/name/path`. */
function packageOf({ module }: { readonly module: string }): string {
	return module
		.split("/")
		.slice(0, module.startsWith("@") ? 2 : 1)
		.join("/");
}
