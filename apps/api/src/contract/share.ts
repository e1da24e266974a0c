/**
 * The few moves every schema of the contract is made with. A shared schema has a name under which the OpenAPI
 * document lists it once; everything else points to it, so that generated clients get one type per thing.
 */
import { type Static, type TSchema, type TUnsafe, Type } from "typebox";

export type SharedSchema<T extends TSchema> = {
	/** The schema itself, to be added to the server once. */
	readonly schema: TSchema & { readonly $id: string };
	/** A pointer to it, for use inside another schema. */
	readonly ref: TUnsafe<Static<T>>;
	/** A pointer to it as the body of a response, with what the document says about that response. */
	answer(description: string, headers?: AnswerHeaders): TUnsafe<Static<T>>;
	/** The same for a handler that sends bytes, because it keeps the JSON it made once. */
	answerBytes(description: string, headers?: AnswerHeaders): TUnsafe<Buffer>;
};

type AnswerHeaders = Readonly<Record<string, TSchema>>;

/** Give a schema its name in the document. */
export function share<T extends TSchema>(name: string, schema: T): SharedSchema<T> {
	const $ref = `${name}#`;
	return {
		schema: { ...schema, $id: name },
		ref: Type.Unsafe<Static<T>>({ $ref }),
		answer: (description, headers) => Type.Unsafe<Static<T>>({ $ref, description, ...(headers && { headers }) }),
		answerBytes: (description, headers) => Type.Unsafe<Buffer>({ $ref, description, ...(headers && { headers }) }),
	};
}

/** An id in an answer. What asks for one takes any text: an id that cannot exist is a 404, not a 400. */
export const id = (description: string, example: string) => Type.String({ format: "uuid", description, examples: [example] });

/** A text in an answer. */
export const text = (description: string, example: string) => Type.String({ description, examples: [example] });

/** One of a closed set of words. (`Type.Enum` leaves out `type`, and then the serializer takes its slow road.) */
export function oneOf<const Word extends string>(words: readonly Word[], description?: string): TUnsafe<Word> {
	return Type.Unsafe<Word>({ type: "string", enum: words, ...(description && { description }) });
}

/** An instant: ISO 8601, UTC, milliseconds. */
export const instant = (description: string, example: string) => Type.String({ format: "date-time", description, examples: [example] });

/** An instant, or null for what has not happened. */
export const nullableInstant = (description: string, example: string | null) =>
	Type.Unsafe<string | null>({ type: ["string", "null"], format: "date-time", description, examples: [example] });

/** A text, or null where there is none. */
export const nullableText = (description: string, example: string | null) =>
	Type.Unsafe<string | null>({ type: ["string", "null"], description, examples: [example] });

/** Closed objects: a field that is not listed is refused on the way in and cannot slip out. */
export const CLOSED = { additionalProperties: false } as const;

/** Epoch milliseconds as the wire shows them. */
export const toInstant = (ms: number): string => new Date(ms).toISOString();
