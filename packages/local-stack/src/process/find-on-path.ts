/** Finds a program on PATH. */
import { accessSync, constants, statSync } from "node:fs";
import { delimiter, join } from "node:path";

/** Returns the absolute path of the first of `names` that is an executable file on PATH, or null. */
export function findOnPath(...names: readonly string[]): string | null {
	for (const name of names) {
		for (const folder of (process.env.PATH ?? "").split(delimiter)) {
			const candidate = join(folder, name);
			if (folder !== "" && isExecutableFile(candidate)) return candidate;
		}
	}
	return null;
}

function isExecutableFile(path: string): boolean {
	try {
		accessSync(path, constants.X_OK);
		return statSync(path).isFile();
	} catch {
		return false;
	}
}
