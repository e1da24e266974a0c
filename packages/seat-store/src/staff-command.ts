/** Passes a command of staff to a script: who gave it and why, and which versions of the showtime it accepts. */
import { REASON_MAX_CHARS, type StaffCommand } from "@holdfast/domain";
import { assert } from "@holdfast/runtime";

/**
 * Returns the arguments of a script for the command; "" where there is none. Throws when Postgres could not store the texts: the ledger
 * would refuse the event of a change that Redis has made already.
 */
export function commandArgs(command: StaffCommand | null): { actor: string; requestId: string; reason: string } {
	if (command === null) return { actor: "", requestId: "", reason: "" };
	const { actor, requestId, reason } = command;
	assert(!`${requestId}${reason}`.includes("\0"), "a command of staff contains a NUL character");
	if (reason === null) return { actor, requestId, reason: "" };
	const chars = [...reason].length;
	assert(chars >= 1 && chars <= REASON_MAX_CHARS, `a reason of ${chars} characters, not 1 to ${REASON_MAX_CHARS}`);
	return { actor, requestId, reason };
}

/** Formats accepted versions for `is_version_refused` in Lua. Null: any version. An empty list accepts none. */
export const formatIfVersions = (versions: readonly number[] | null): string => (versions === null ? "" : `,${versions.join(",")},`);
