/** The steps that every change of a row by staff has in common: condition on the version, comparison, write, audit row. */
import type { Queries } from "../create-database.ts";
import { type Changes, findChanges } from "./find-changes.ts";
import { type AuditOrigin, type AuditRecord, recordAudit } from "./record-audit.ts";
import { accepts, type ChangeOutcome, type VersionCondition } from "./version-condition.ts";

/** What a client asks for: a partial update, its condition, and who gives the command. */
export type ChangeRequest<Fields> = {
	readonly changes: Changes<Fields>;
	readonly ifVersions: VersionCondition;
	readonly command: AuditOrigin;
};

/** What differs between the resources. `Refusal` is what stands against a change besides its version. */
export type ChangeSteps<Row, Fields, Refusal> = {
	/** What the audit trail calls the change: `movie.updated`. */
	readonly action: string;
	readonly target: AuditRecord["target"];
	/** The row, locked in this transaction; undefined when it does not exist. */
	readonly found: Row | undefined;
	/** The fields that staff can change, with their present values. */
	readonly fieldsOf: (row: Row) => Fields;
	/** Decides whether the change is possible. `after` has only the fields that change. */
	readonly refuse?: (after: Partial<Fields>, current: Row) => Promise<Refusal | null>;
	/** Writes the fields that change and the new version, and returns the row. */
	readonly write: (after: Partial<Fields>, version: number) => Promise<Row | undefined>;
};

/**
 * Changes the row, raises its version by one and writes one audit row, unless it does not exist, the condition does not hold, every field
 * has its value already, or `refuse` refuses. Call it in the transaction that locked the row.
 */
export async function changeResource<Row extends { readonly version: number }, Fields extends object, Refusal = never>(
	tx: Queries,
	{ changes, ifVersions, command }: ChangeRequest<Fields>,
	{ action, target, found, fieldsOf, refuse, write }: ChangeSteps<Row, Fields, Refusal>,
): Promise<ChangeOutcome<Row> | Refusal> {
	if (found === undefined) return { outcome: "not_found" };
	if (!accepts(ifVersions, found.version)) return { outcome: "version_mismatch", row: found };
	const changed = findChanges(fieldsOf(found), changes);
	if (changed === null) return { outcome: "unchanged", row: found };
	const refusal = (await refuse?.(changed.after, found)) ?? null;
	if (refusal !== null) return refusal;
	const row = await write(changed.after, found.version + 1);
	if (row === undefined) throw new Error(`the update of a locked ${target.type} returned no row`);
	await recordAudit(tx, command, [{ action, target, ...changed }]);
	return { outcome: "changed", row };
}
