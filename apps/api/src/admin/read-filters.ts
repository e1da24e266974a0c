/** Reads the filters of lists for staff: parses each, and collects what is wrong with them. */
import { Type } from "typebox";
import type { ProblemBody } from "../contract/problem-schema.ts";

/** The schema of a bound of a period. */
export const timeFilter = (description: string) => Type.Optional(Type.String({ format: "date-time", maxLength: 64, description }));

/** Reads the filters of one request. */
export type FilterReader = {
	/** What is wrong with the filters that were read so far. */
	readonly errors: NonNullable<ProblemBody["errors"]>;
	/** Returns what `parse` makes of the parameter; undefined when it is absent, or when `parse` returns null, which is an error. */
	read<Value>(name: string, value: string | undefined, parse: (text: string) => Value | null, message: string): Value | undefined;
	/** Returns the bounds in epoch ms. It is an error when the period ends before it begins, or is empty. */
	readPeriod(query: { readonly from: string | undefined; readonly to: string | undefined }): {
		fromMs: number | undefined;
		toMs: number | undefined;
	};
};

/** Returns a reader without errors. */
export function createFilterReader(): FilterReader {
	const errors: NonNullable<ProblemBody["errors"]> = [];
	const read: FilterReader["read"] = (name, value, parse, message) => {
		const parsed = value === undefined ? undefined : parse(value);
		if (parsed === null) errors.push({ pointer: `/query/${name}`, message });
		return parsed ?? undefined;
	};
	return {
		errors,
		read,
		readPeriod({ from, to }) {
			const [fromMs, toMs] = [read("from", from, parseInstant, "is not an instant"), read("to", to, parseInstant, "is not an instant")];
			if (fromMs !== undefined && toMs !== undefined && fromMs >= toMs)
				errors.push({ pointer: "/query/to", message: "must be later than `from`" });
			return { fromMs, toMs };
		},
	};
}

/** Returns epoch ms; null for a leap second, which the format allows and `Date` does not know. */
function parseInstant(text: string): number | null {
	const ms = Date.parse(text);
	return Number.isNaN(ms) ? null : ms;
}
