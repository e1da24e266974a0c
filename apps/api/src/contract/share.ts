/**
 * Helpers that build the schemas of the contract. A shared schema has a name, is listed once in the OpenAPI document under that name,
 * and is referenced everywhere else, so that generated clients get one type for it.
 */
import { type Static, type TSchema, type TUnsafe, Type } from "typebox";

/** A schema with a name, and the ways to refer to it. */
export type SharedSchema<T extends TSchema> = {
	/** The schema with its `$id`, to be added to the server once. */
	readonly schema: TSchema & { readonly $id: string };
	/** A `$ref` to the schema, for use inside other schemas and as a request body. */
	readonly ref: TUnsafe<Static<T>>;
	/** Returns a `$ref` to the schema as a response body, with the description and the headers of that response. */
	answer(description: string, headers?: AnswerHeaders): TUnsafe<Static<T>>;
	/** Like `answer`, for a handler that sends the serialized JSON as a buffer. */
	answerBytes(description: string, headers?: AnswerHeaders): TUnsafe<Buffer>;
};

type AnswerHeaders = Readonly<Record<string, TSchema>>;

/** Returns a shared schema that the document lists under `name`. */
export function share<T extends TSchema>(name: string, schema: T): SharedSchema<T> {
	const $ref = `${name}#`;
	return {
		schema: { ...schema, $id: name },
		ref: Type.Unsafe<Static<T>>({ $ref }),
		answer: (description, headers) => Type.Unsafe<Static<T>>({ $ref, description, ...(headers && { headers }) }),
		answerBytes: (description, headers) => Type.Unsafe<Buffer>({ $ref, description, ...(headers && { headers }) }),
	};
}

/** An id in an answer. Requests accept any text as an id: an id that cannot exist is answered 404, not 400. */
export const id = (description: string, example: string) => Type.String({ format: "uuid", description, examples: [example] });

/** A string in an answer. */
export const text = (description: string, example: string) => Type.String({ description, examples: [example] });

/** One of a closed set of strings. `Type.Enum` would leave out `type`, and fast-json-stringify serializes a schema without `type` slowly. */
export function oneOf<const Value extends string>(values: readonly Value[], description?: string): TUnsafe<Value> {
	return Type.Unsafe<Value>({ type: "string", enum: values, ...(description && { description }) });
}

/** An instant as ISO 8601 in UTC, with milliseconds. */
export const instant = (description: string, example: string) => Type.String({ format: "date-time", description, examples: [example] });

/** An instant, or null if the event has not happened. */
export const nullableInstant = (description: string, example: string | null) =>
	Type.Unsafe<string | null>({ type: ["string", "null"], format: "date-time", description, examples: [example] });

/** A string or null. */
export const nullableText = (description: string, example: string | null) =>
	Type.Unsafe<string | null>({ type: ["string", "null"], description, examples: [example] });

/** Schema option that allows no other fields: requests with an unlisted field are rejected, and answers are sent without it. */
export const CLOSED = { additionalProperties: false } as const;

/** Converts epoch milliseconds to the wire format of instants. */
export const toInstant = (ms: number): string => new Date(ms).toISOString();
