/** A folder for data that a test or a measurement throws away. Whoever makes it removes it. */
import { chmodSync, mkdtempSync, realpathSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** Others may walk in: root runs PostgreSQL as nobody, whose data would otherwise be kept elsewhere, out of the maker's sight. */
export function makeScratchFolder(): string {
	const folder = realpathSync(mkdtempSync(join(tmpdir(), "holdfast-")));
	chmodSync(folder, 0o755);
	return folder;
}
