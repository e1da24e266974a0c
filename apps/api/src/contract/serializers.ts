/** Compiles the serializers of responses, as Fastify does by default, but each of them once for all apps of this process. */
import { SerializerSelector } from "@fastify/fast-json-stringify-compiler";

type BuildSerializer = ReturnType<typeof SerializerSelector>;
type CompileSerializer = ReturnType<BuildSerializer>;

const build = SerializerSelector();
/** By shared schemas, then by the schema of the response. Both are texts of JSON: a plugin may copy a schema. */
const compiled = new Map<string, Map<string, ReturnType<CompileSerializer>>>();

/** The compiler factory for Fastify's `schemaController`. */
export const buildSerializer: BuildSerializer = (externalSchemas, options) => {
	const compile = build(externalSchemas, options);
	const sharedSchemas = JSON.stringify(externalSchemas);
	const serializers = compiled.get(sharedSchemas) ?? new Map<string, ReturnType<CompileSerializer>>();
	compiled.set(sharedSchemas, serializers);
	return (route) => {
		const schema = JSON.stringify(route.schema);
		const serializer = serializers.get(schema) ?? compile(route);
		serializers.set(schema, serializer);
		return serializer;
	};
};
