/**
 * Reads the schemas of request and response bodies from the OpenAPI document, and builds an example of each from the examples in the
 * document. The floor server uses both, so it follows every change of the contract.
 */
import document from "@holdfast/client/openapi.json" with { type: "json" };

type Schema = {
	readonly $ref?: string;
	readonly examples?: readonly unknown[];
	readonly enum?: readonly unknown[];
	readonly properties?: Readonly<Record<string, Schema>>;
};

/** The schemas by name, with references in the form that Fastify expects (`Booking#`). */
const SCHEMAS: Readonly<Record<string, Schema>> = JSON.parse(
	JSON.stringify(document.components.schemas).replaceAll(/"#\/components\/schemas\/(\w+)"/g, '"$1#"'),
);

/** All schemas, each as an argument for Fastify's `addSchema`. */
export const CONTRACT_SCHEMAS = Object.entries(SCHEMAS).map(([$id, schema]) => ({ $id, ...schema }));

/** Returns an example object of the schema with this name, with all its properties. */
export const exampleOf = (name: keyof typeof document.components.schemas): Record<string, unknown> => Object(example({ $ref: `${name}#` }));

function example({ $ref, examples, enum: words, properties }: Schema): unknown {
	if ($ref !== undefined) return example(SCHEMAS[$ref.slice(0, -1)] ?? {});
	if (properties === undefined) return (examples ?? words)?.[0];
	return Object.fromEntries(Object.entries(properties).map(([name, property]) => [name, example(property)]));
}
