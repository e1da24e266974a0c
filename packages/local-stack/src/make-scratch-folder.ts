/** Creates folders for temporary data of tests and measurements. */
import { chmodSync, mkdtempSync, realpathSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/**
 * Returns the path of a new folder under the system's temporary folder. The caller deletes it. Every user may enter it: PostgreSQL
 * cannot run as root, and would otherwise keep its data outside of this folder.
 */
export function makeScratchFolder(): string {
	const folder = realpathSync(mkdtempSync(join(tmpdir(), "holdfast-")));
	chmodSync(folder, 0o755);
	return folder;
}
