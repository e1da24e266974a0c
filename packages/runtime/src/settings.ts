/**
 * Reads settings from environment variables. A process does this once, when it starts. All errors are collected and reported together;
 * each names the variable, its value and what it must be.
 */

/** The environment variables of a process: `process.env`. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** An integer setting: its environment variable, its default and its range, bounds included. */
export type IntegerSpec = { readonly env: string; readonly default: number; readonly min: number; readonly max: number };

/** Thrown by `readSettings`. The message has one line per error. */
export class SettingsError extends Error {
	override readonly name = "SettingsError";
}

/** Reads single variables. If a value is invalid, the reader records the error and returns a placeholder. */
export type SettingsReader = {
	/** The text, or `fallback` if the variable is not set. Without a fallback the variable is required. */
	text(name: string, fallback?: string): string;
	/** A required text of at least `minChars` characters. A secret has no default. */
	secret(name: string, minChars: number): string;
	/** One of `choices`; undefined if the variable is not set. */
	choice<Choice extends string>(name: string, choices: readonly Choice[]): Choice | undefined;
	/** Comma-separated items; empty if the variable is not set. `what` describes a valid item in the error message. */
	list(name: string, item: { isValid(text: string): boolean; what: string }): string[];
	/** A decimal integer within the bounds; the default if the variable is not set. */
	integer(spec: IntegerSpec): number;
	/** The same without a default: null if the variable is not set. */
	optionalInteger(spec: Omit<IntegerSpec, "default">): number | null;
};

/** Returns what `read` returns. Throws a `SettingsError` that reports every error that the reader recorded. */
export function readSettings<Settings>(env: Environment, read: (reader: SettingsReader) => Settings): Settings {
	const errors: string[] = [];
	const reader: SettingsReader = {
		text(name, fallback) {
			const value = env[name] || fallback;
			if (value === undefined) errors.push(`${name} is required`);
			return value ?? "";
		},
		secret(name, minChars) {
			const value = env[name] ?? "";
			if (value.length < minChars) errors.push(`${name} is required and must have at least ${minChars} characters`);
			return value;
		},
		list(name, { isValid, what }) {
			const items = (env[name] ?? "")
				.split(",")
				.map((item) => item.trim())
				.filter((item) => item !== "");
			for (const item of items) if (!isValid(item)) errors.push(`${name} has ${JSON.stringify(item)}; it must be ${what}`);
			return items;
		},
		integer: (spec) => reader.optionalInteger(spec) ?? spec.default,
		optionalInteger({ env: name, min, max }) {
			const raw = env[name];
			if (raw === undefined || raw === "") return null;
			const value = /^-?\d{1,15}$/.test(raw) ? Number(raw) : Number.NaN;
			if (!(value >= min && value <= max)) errors.push(`${name} is ${JSON.stringify(raw)}; it must be an integer from ${min} to ${max}`);
			return value;
		},
		choice(name, choices) {
			const raw = env[name] || undefined;
			const choice = choices.find((known) => known === raw);
			if (raw !== choice) errors.push(`${name} is ${JSON.stringify(raw)}; it must be ${choices.join(" or ")}`);
			return choice;
		},
	};
	const settings = read(reader);
	if (errors.length > 0) throw new SettingsError(errors.join("\n"));
	return settings;
}
