/**
 * Finds imports that the import table in `.dependency-cruiser.cjs` forbids, and imports of npm packages that the package.json of the
 * importing package does not declare.
 */
import { existsSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { cruise, type ICruiseOptions, type IModule } from "dependency-cruiser";

/** The folders with code, relative to the repository root. */
const FOLDERS = ["apps", "packages", "bench", "scripts"];

/** The result of `findImportViolations`. */
export type ImportFindings = {
	/** How many files were read. 0 means that nothing was checked, not that there are no violations. */
	readonly modules: number;
	/** One text per forbidden import and per undeclared dependency: the import, and the rule that it violates. */
	readonly violations: readonly string[];
};

/** Checks all files in `folders` of the absolute path `root`. At least one of the folders must exist. */
export async function findImportViolations(root: string, folders: readonly string[] = FOLDERS): Promise<ImportFindings> {
	const { forbidden, options } = createRequire(import.meta.url)("../.dependency-cruiser.cjs");
	const settings: ICruiseOptions = { ...options, baseDir: root, validate: true, ruleSet: { forbidden } };
	const { output } = await cruise([...folders], settings);
	if (typeof output === "string") throw new Error(output);
	return {
		modules: output.modules.filter(({ source }) => /\.[cm]?[jt]sx?$/.test(source) && !source.includes("node_modules/")).length,
		violations: [
			...output.summary.violations.map(({ from, to, rule }) => `${from} imports ${to}\n    violates: ${rule.name}`),
			...findUndeclared(root, output.modules),
		],
	};
}

/** Returns imports of npm packages that resolve only because the root or another package declares them. */
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
			.map((used) => `${source} imports ${used}\n    violates: ${manifest} does not declare it`);
	});
}

/** Returns the path of the nearest package.json above the file; null when there is none. */
function findManifest(root: string, file: string): string | null {
	for (let folder = dirname(file); ; folder = dirname(folder)) {
		const manifest = join(root, folder, "package.json");
		if (existsSync(manifest)) return manifest;
		if (folder === ".") return null;
	}
}

/** Returns the package of an import: `@scope/name` for `@scope/name/path`. */
function packageOf({ module }: { readonly module: string }): string {
	return module
		.split("/")
		.slice(0, module.startsWith("@") ? 2 : 1)
		.join("/");
}
