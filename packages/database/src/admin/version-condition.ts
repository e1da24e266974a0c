/** The condition of a change on the version of what it changes (`If-Match`), and the outcomes that every such change has. */

/** The versions that the change accepts; null: any version. */
export type VersionCondition = readonly number[] | null;

/**
 * `changed`: with the new version. `unchanged`: every given field has its value already; nothing was written. `version_mismatch`: the
 * condition does not hold; nothing was written. The last two carry the row as it is.
 */
export type ChangeOutcome<Row> =
	| { readonly outcome: "changed" | "unchanged" | "version_mismatch"; readonly row: Row }
	| { readonly outcome: "not_found" };

/** Whether the condition holds for a row at `version`. */
export const accepts = (condition: VersionCondition, version: number): boolean => condition === null || condition.includes(version);
