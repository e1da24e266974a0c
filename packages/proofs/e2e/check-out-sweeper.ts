/** Takes the sweeper of an earlier commit out of the Git history, so that a test can run it beside the present API. */
import { execFileSync, spawnSync } from "node:child_process";
import { cpSync, existsSync, readdirSync, symlinkSync } from "node:fs";
import { join } from "node:path";

const ROOT = join(import.meta.dirname, "../../..");
/** The source of a commit has a few megabytes. */
const ARCHIVE_MAX_BYTES = 256 * 1024 * 1024;

/** Whether the history has the commit. A shallow clone, and a folder without Git, have not. */
export const hasCommit = (commit: string): boolean =>
	spawnSync("git", ["cat-file", "-e", `${commit}^{commit}`], { cwd: ROOT }).status === 0;

/**
 * Writes the sweeper of `commit` and its packages into `folder`, and returns the path of its entry. It uses the dependencies that this
 * checkout has installed: the folders `node_modules` of pnpm have relative links, which lead to the packages in `folder`, and through one
 * more link to those of this checkout.
 */
export function checkOutSweeper(commit: string, folder: string): string {
	const paths = ["apps/sweeper", "packages"];
	const archive = execFileSync("git", ["archive", "--format=tar", commit, ...paths], { cwd: ROOT, maxBuffer: ARCHIVE_MAX_BYTES });
	execFileSync("tar", ["-x", "-C", folder], { input: archive });
	symlinkSync(join(ROOT, "node_modules"), join(folder, "node_modules"));
	for (const path of ["apps/sweeper", ...readdirSync(join(folder, "packages")).map((name) => join("packages", name))]) {
		const installed = join(ROOT, path, "node_modules");
		if (existsSync(installed)) cpSync(installed, join(folder, path, "node_modules"), { recursive: true, verbatimSymlinks: true });
	}
	return join(folder, "apps/sweeper/src/main.ts");
}
