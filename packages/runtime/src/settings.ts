/**
 * Read settings from an environment, once, at a process edge. Every problem is collected and reported in one
 * message that names the variable, what it was and what it may be; nothing is guessed.
 */
export type Environment = Readonly<Record<string, string | undefined>>;

export type IntegerSpec = { readonly env: string; readonly default: number; readonly min: number; readonly max: number };

/** Thrown by `readSettings` with one line per flaw. */
export class SettingsError extends Error {
	override readonly name = "SettingsError";
}

/** What a settings reader may ask of the environment. A flawed value is noted, and a stand-in is returned. */
export type SettingsReader = {
	/** Text, or the fallback; without a fallback the variable is required. */
	text(name: string, fallback?: string): string;
	/** Text that must be given and have at least `minChars` characters: a secret has no default. */
	secret(name: string, minChars: number): string;
	/** One of these words; undefined when the variable is not set. */
	choice<Word extends string>(name: string, words: readonly Word[]): Word | undefined;
	/** Items between commas, each of which must be `what`; empty when the variable is not set. */
	list(name: string, item: { isValid(text: string): boolean; what: string }): string[];
	/** A decimal integer inside the bounds. */
	integer(spec: IntegerSpec): number;
	/** The same where nothing is set unless somebody sets it: null. */
	optionalInteger(spec: Omit<IntegerSpec, "default">): number | null;
};

/** Run `read` over `env`; throws `SettingsError` naming every flaw at once. */
export function readSettings<Settings>(env: Environment, read: (reader: SettingsReader) => Settings): Settings {
	const flaws: string[] = [];
	const reader: SettingsReader = {
		text(name, fallback) {
			const value = env[name] || fallback;
			if (value === undefined) flaws.push(`${name} is required`);
			return value ?? "";
		},
		secret(name, minChars) {
			const value = env[name] ?? "";
			if (value.length < minChars) flaws.push(`${name} is required and must have at least ${minChars} characters`);
			return value;
		},
		list(name, { isValid, what }) {
			const items = (env[name] ?? "")
				.split(",")
				.map((item) => item.trim())
				.filter((item) => item !== "");
			for (const item of items) if (!isValid(item)) flaws.push(`${name} has ${JSON.stringify(item)}; it must be ${what}`);
			return items;
		},
		integer: (spec) => reader.optionalInteger(spec) ?? spec.default,
		optionalInteger({ env: name, min, max }) {
			const raw = env[name];
			if (raw === undefined || raw === "") return null;
			const value = /^-?\d{1,15}$/.test(raw) ? Number(raw) : Number.NaN;
			if (!(value >= min && value <= max)) flaws.push(`${name} is ${JSON.stringify(raw)}; it must be an integer from ${min} to ${max}`);
			return value;
		},
		choice(name, words) {
			const raw = env[name] || undefined;
			const word = words.find((known) => known === raw);
			if (raw !== word) flaws.push(`${name} is ${JSON.stringify(raw)}; it must be ${words.join(" or ")}`);
			return word;
		},
	};
	const settings = read(reader);
	if (flaws.length > 0) throw new SettingsError(flaws.join("\n"));
	return settings;
}
