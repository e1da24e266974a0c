/** Runs a change of a booking under the versions that `If-Match` names. The scripts of the seat store compare with one version. */
import type { VersionCondition } from "@holdfast/database";
import { NO_VERSION } from "../bookings/if-match.ts";

type Outcome = { readonly outcome: string };
type Mismatch = { outcome: "version_mismatch"; version: number };

/**
 * Returns what `run` answers. `ifVersions`: the versions that the change accepts; null: any. `current`: the version of the booking a moment
 * ago. Of several accepted versions `run` gets the one that the booking has, or the one before it: then the request may be the repeat of
 * the change that made the current version, which only the script knows. A booking that was changed meanwhile to another accepted version
 * is asked again.
 */
export async function withAcceptedVersion<Result extends Outcome>(
	ifVersions: VersionCondition,
	current: number,
	run: (ifVersion: number | null) => Promise<Result | Mismatch>,
): Promise<Result | Mismatch> {
	if (ifVersions === null) return run(null);
	let ifVersion = [current, current - 1].find((version) => ifVersions.includes(version)) ?? NO_VERSION;
	for (;;) {
		const result = await run(ifVersion);
		// Versions only rise, so this ends.
		if (!isMismatch(result) || result.version <= ifVersion || !ifVersions.includes(result.version)) return result;
		ifVersion = result.version;
	}
}

function isMismatch<Result extends Outcome>(result: Result | Mismatch): result is Mismatch {
	return result.outcome === "version_mismatch";
}
