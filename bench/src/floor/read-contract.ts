/**
 * The bodies that the API reads and sends, from its OpenAPI document: the schemas, for the floor to check and serialise by, and
 * an example of each, made of the examples in the document. What the contract changes, the floor does at once.
 */
import document from "@holdfast/client/openapi.json" with { type: "json" };

type Schema = {
	readonly $ref?: string;
	readonly examples?: readonly unknown[];
	readonly enum?: readonly unknown[];
	readonly properties?: Readonly<Record<string, Schema>>;
};

/** Schemas by name, pointing to each other as Fastify expects it. */
const SCHEMAS: Readonly<Record<string, Schema>> = JSON.parse(
	JSON.stringify(document.components.schemas).replaceAll(/"#\/components\/schemas\/(\w+)"/g, '"$1#"'),
);

/** What `addSchema` takes. */
export const CONTRACT_SCHEMAS = Object.entries(SCHEMAS).map(([$id, schema]) => ({ $id, ...schema }));

/** An object of the schema with this name, all its properties included. */
export const exampleOf = (name: keyof typeof document.components.schemas): Record<string, unknown> => Object(example({ $ref: `${name}#` }));

function example({ $ref, examples, enum: words, properties }: Schema): unknown {
	if ($ref !== undefined) return example(SCHEMAS[$ref.slice(0, -1)] ?? {});
	if (properties === undefined) return (examples ?? words)?.[0];
	return Object.fromEntries(Object.entries(properties).map(([name, property]) => [name, example(property)]));
}
