/**
 * Vitest global setup of the projects that start whole programs: bundles each program with all that it imports. A bundle starts with a
 * third of the processor time, because it is a few files instead of up to 1,600. `start.e2e.test.ts` starts the programs from their sources.
 */
import { dirname, join } from "node:path";
import { pathToFileURL } from "node:url";
import { bundleNameOf, CACHE_FOLDER, PROGRAMS, REPOSITORY_ROOT, useBundles } from "@holdfast/local-stack";
import { type Plugin, rolldown } from "rolldown";

/** The same folder for all runs of a checkout, because Node's compile cache keeps an entry for each path. */
const FOLDER = join(CACHE_FOLDER, "programs");

let bundled: Promise<void> | undefined;

/** Vitest calls this once per project with test files. The first call makes the bundles for all projects. */
export default async function setup(): Promise<void> {
	bundled ??= bundlePrograms(FOLDER);
	await bundled;
	useBundles(FOLDER);
}

async function bundlePrograms(folder: string): Promise<void> {
	const input = Object.fromEntries(PROGRAMS.map((program) => [bundleNameOf(program), join(REPOSITORY_ROOT, program)]));
	const bundle = await rolldown({ input, platform: "node", plugins: [keepLocations], logLevel: "silent" });
	await bundle.write({ dir: folder, format: "esm", entryFileNames: "[name].mjs", chunkFileNames: "[name]-[hash].mjs" });
	await bundle.close();
}

/** Modules find files such as Lua scripts relative to themselves. They must find them from within a bundle too. */
const keepLocations: Plugin = {
	name: "keep-locations",
	transform: {
		filter: { code: /import\.meta\.(url|dirname)|\b__dirname\b/ },
		handler: (code, id) =>
			code
				.replace(/\bimport\.meta\.url\b/g, JSON.stringify(pathToFileURL(id).href))
				.replace(/\bimport\.meta\.dirname\b|(?<!\.)\b__dirname\b(?!\s*=[^=])/g, JSON.stringify(dirname(id))),
	},
};
