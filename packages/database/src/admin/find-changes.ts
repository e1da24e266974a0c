/** Compares the current fields of a row with the fields that a partial update gives. */
import { isDeepStrictEqual } from "node:util";

/** A partial update: absent and undefined fields stay. */
export type Changes<Fields> = { readonly [Name in keyof Fields]?: Fields[Name] | undefined };

/** The fields that differ, before and after the update. */
export type FieldChanges<Fields> = { readonly before: Partial<Fields>; readonly after: Partial<Fields> };

/**
 * Returns the fields of `changes` whose value differs from `current`, or null when none does. A field that is absent or undefined stays as
 * it is; null is a value.
 */
export function findChanges<Fields extends object>(current: Fields, changes: Changes<Fields>): FieldChanges<Fields> | null {
	const before: Partial<Fields> = {};
	const after: Partial<Fields> = {};
	for (const name of namesOf(changes)) {
		const value: Fields[keyof Fields] | undefined = changes[name];
		if (value === undefined || isDeepStrictEqual(value, current[name])) continue;
		before[name] = current[name];
		after[name] = value;
	}
	return namesOf(after).length === 0 ? null : { before, after };
}

const namesOf = <Fields extends object>(fields: Changes<Fields>): (keyof Fields)[] => Object.keys(fields) as (keyof Fields)[];
