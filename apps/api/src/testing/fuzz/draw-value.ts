/** Draws random values for the schemas of the OpenAPI document: valid ones, values at the bounds, and hostile ones. */
import type { Random } from "@holdfast/testing";

/** The parts of a JSON schema that are used to draw values. */
export type Schema = {
	readonly $ref?: string;
	readonly type?: string | readonly string[];
	readonly enum?: readonly unknown[];
	readonly const?: unknown;
	readonly required?: readonly string[];
	readonly format?: string;
	readonly minimum?: number;
	readonly maximum?: number;
	readonly minLength?: number;
	readonly maxLength?: number;
	readonly minItems?: number;
	readonly maxItems?: number;
	readonly items?: Schema;
	readonly properties?: Readonly<Record<string, Schema>>;
	readonly examples?: readonly unknown[];
};

/** Existing ids and other values that requests may use, by the name of their field or parameter. */
export type KnownValues = Readonly<Record<string, readonly string[]>>;

const NESTING_DEPTH = 3_000;
const LONG_CHARS = 4_000;

/** Texts that have broken servers: NUL, separators, quotes, numbers, paths, other scripts, line ends, string terminators. */
export const HOSTILE_TEXTS: readonly string[] = [
	"",
	" ",
	"\u0000",
	"A1\u0000",
	"\ud800",
	"\uffff\ufffe",
	"\u202egnp.exe",
	"İ",
	"ß",
	"Ａ１",
	"e\u0301",
	"a".repeat(LONG_CHARS),
	"💺".repeat(500),
	"null",
	"undefined",
	"NaN",
	"-1",
	"1e309",
	"0x10",
	"99999999999999999999",
	"true",
	"__proto__",
	"constructor",
	"toString",
	"'; drop table bookings; --",
	'" or ""="',
	"$1",
	"%s%n",
	"{{7*7}}",
	"\u0024{jndi:ldap://127.0.0.1/a}",
	"../../../../etc/passwd",
	"file:///etc/passwd",
	"<script>alert(1)</script>",
	"a\r\nx-injected: 1",
	"\u2028",
	"{b}:st:x:meta",
	"*",
	"\\",
	"/",
	"~0~1",
	"00000000-0000-0000-0000-000000000000",
	"ffffffff-ffff-7fff-bfff-ffffffffffff",
	"0191D3A0-0000-7000-8000-000000000001",
];

const HOSTILE_VALUES: readonly unknown[] = [
	null,
	true,
	false,
	0,
	-0,
	-1,
	0.5,
	1e21,
	-1e308,
	2 ** 53,
	[],
	{},
	[[]],
	[null],
	{ length: 1e9 },
	{ toString: "x" },
	{ $ref: "#/" },
];

/** Draws a value that no schema expects. */
export function drawHostile(random: Random): unknown {
	if (random.once(40)) return nested(NESTING_DEPTH);
	return random.once(2) ? random.pick(HOSTILE_TEXTS) : random.pick(HOSTILE_VALUES);
}

/** Nested arrays, as deep as the body limit allows. */
function nested(depth: number): unknown {
	let value: unknown = "deep";
	for (let level = 0; level < depth; level += 1) value = [value];
	return value;
}

/** One value in so many is at a bound of its schema or just past it. */
const AT_BOUNDS = 12;

/** Draws a value that fits the schema, a known value if there is one for this name. Sometimes draws a value at the bounds. */
export function drawFitting(
	random: Random,
	name: string,
	schema: Schema,
	knownValues: KnownValues,
	schemas: Readonly<Record<string, Schema>>,
): unknown {
	const known = knownValues[name];
	const own = schema.$ref === undefined ? schema : (schemas[schema.$ref.split("/").at(-1) ?? ""] ?? {});
	if (own.const !== undefined) return own.const;
	if (own.properties !== undefined) {
		if (own.examples !== undefined && random.once(2)) return random.pick(own.examples);
		const drawn = Object.entries(own.properties).filter(([field]) => own.required?.includes(field) === true || random.once(2));
		return Object.fromEntries(drawn.map(([field, inner]) => [field, drawFitting(random, field, inner, knownValues, schemas)]));
	}
	if (own.items !== undefined) {
		const { minItems = 0, maxItems = 3 } = own;
		if (maxItems <= ITEMS_AT_BOUND_MAX && random.once(AT_BOUNDS)) {
			const count = random.pick([Math.max(0, minItems - 1), minItems, maxItems, maxItems + 1]);
			return Array.from({ length: count }, (_, index) => `${random.pick(SEAT_ROWS)}${index + 1}`);
		}
		const count = minItems + random.below(Math.min(maxItems, 3));
		return [
			...new Set(Array.from({ length: Math.max(1, count) }, () => drawFitting(random, name, { ...own.items }, knownValues, schemas))),
		];
	}
	if (own.enum !== undefined) return random.pick(own.enum);
	if ([own.type].flat().includes("boolean")) return random.once(2);
	if (random.once(AT_BOUNDS)) return drawAtBounds(random, own);
	if ([own.type].flat().includes("integer")) return (own.minimum ?? 0) + random.below(Math.min(own.maximum ?? 100, 100));
	if (known !== undefined && !random.once(10)) return random.pick(known);
	const examples = own.examples ?? [];
	return examples.length > 0 ? random.pick(examples) : "x".repeat(Math.max(1, own.minLength ?? 1));
}

/** Longer lists are tested at their bounds by the tests of their routes: 10,000 requests of megabytes would take minutes. */
const ITEMS_AT_BOUND_MAX = 1_000;
/** Most lists in requests are lists of seats. Every test auditorium has these rows. */
const SEAT_ROWS = ["A", "B", "C"];

/** Draws a value at a bound of the schema or just past it. */
export function drawAtBounds(random: Random, { minLength = 0, maxLength = 64, minimum = 0, maximum = 100, type }: Schema): unknown {
	if ([type].flat().includes("integer")) return random.pick([minimum - 1, minimum, maximum, maximum + 1]);
	return "x".repeat(random.pick([Math.max(0, minLength - 1), minLength, maxLength, maxLength + 1]));
}

/** Returns a copy of the value with one random change. */
export function mutate(random: Random, value: unknown): unknown {
	if (Array.isArray(value) && value.length > 0 && !random.once(3)) {
		const changed = random.below(value.length);
		const items = value.map((item, index) => (index === changed ? mutate(random, item) : item));
		return random.once(3) ? [...items, ...items] : items;
	}
	if (typeof value === "object" && value !== null && !random.once(4)) {
		const names = Object.keys(value);
		const name = random.pick(names.length > 0 ? names : ["x"]);
		const rest = Object.entries(value).filter(([other]) => other !== name);
		switch (random.below(4)) {
			case 0:
				return Object.fromEntries(rest);
			case 1:
				return { ...value, [String(random.pick(HOSTILE_TEXTS))]: drawHostile(random) };
			case 2:
				return Object.fromEntries([...rest, [name.toUpperCase(), Reflect.get(value, name)]]);
			default:
				return Object.fromEntries([...rest, [name, mutate(random, Reflect.get(value, name))]]);
		}
	}
	return drawHostile(random);
}
