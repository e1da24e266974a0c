/** Lists the operations of the OpenAPI document for tests that call every route, and builds a valid request for each. */
import { newBookingId, newShowtimeId } from "@holdfast/domain";

/** An operation of the document. */
export type Operation = {
	/** `GET /api/v1/movies/{id}` */
	readonly name: string;
	readonly operationId: string;
	readonly method: string;
	readonly path: string;
	/** Whether an access token is required, optional, or not read. */
	readonly token: "required" | "optional" | "ignored";
	/** The declared answers: `201`, `409 seats_taken`, ... */
	readonly answers: ReadonlySet<string>;
	/** The query parameters that the operation requires, as in a URL: `?reason=...`; "" when there is none. */
	readonly query: string;
	/** A body that fits the schema of the request, made of the examples; undefined when the operation takes no body. */
	readonly body: unknown;
};

type Schema = Readonly<Record<string, unknown>>;
type Schemas = Readonly<Record<string, Schema>>;

const METHODS = ["get", "head", "post", "put", "patch", "delete"];

/** A well-formed id of no resource. */
export const MISSING_ID: string = newBookingId(newShowtimeId());

/** Returns the operations of a document. */
export function listOperations(document: unknown): Operation[] {
	const { paths, components } = Object(document);
	return Object.entries(paths).flatMap(([path, operations]) =>
		Object.entries(Object(operations))
			.filter(([method]) => METHODS.includes(method))
			.map(([method, value]) => {
				const operation = Object(value);
				const schema = operation.requestBody?.content?.["application/json"]?.schema;
				return {
					name: `${method.toUpperCase()} ${path}`,
					operationId: String(operation.operationId),
					method: method.toUpperCase(),
					path,
					token: tokenOf(operation.security),
					answers: answersIn(operation.responses),
					query: requiredQueryOf(operation.parameters),
					body: schema === undefined ? undefined : exampleOf(schema, components.schemas),
				};
			}),
	);
}

/** Whether the operation is one of the staff's. */
export const isForStaff = ({ path }: Operation): boolean => path.startsWith("/api/v1/admin/");

/** Whether the operation only reads, and therefore takes no body. */
export const isRead = ({ method }: Operation): boolean => method === "GET" || method === "HEAD";

/** Returns the request of an operation, for `TestApp.call`. `id` stands for every parameter of the path; default: an id of no resource. */
export const requestOf = ({ method, path, query }: Operation, id = MISSING_ID): string =>
	`${method} /${path.replaceAll(/\{[^}]+\}/g, id)}${query}`;

function requiredQueryOf(parameters: unknown): string {
	const required = [parameters]
		.flat()
		.map(Object)
		.filter((parameter) => parameter.in === "query" && parameter.required === true);
	const pairs = required.map(
		({ name, example, schema }) => `${name}=${encodeURIComponent(String(example ?? Object(schema).examples?.[0]))}`,
	);
	return pairs.length === 0 ? "" : `?${pairs.join("&")}`;
}

/** In OpenAPI each entry of `security` is one sufficient way to authenticate, and an empty entry means that none is required. */
function tokenOf(security: unknown): Operation["token"] {
	const ways: readonly object[] = Array.isArray(security) ? security : [];
	if (!ways.some((way) => Object.keys(way).length > 0)) return "ignored";
	return ways.every((way) => Object.keys(way).length > 0) ? "required" : "optional";
}

function answersIn(responses: unknown): Set<string> {
	const answers = Object.entries(Object(responses)).flatMap(([status, response]) => {
		const codes: string[] | undefined = Object(response).content?.["application/problem+json"]?.schema.allOf?.[1].properties.code.enum;
		return codes === undefined ? [status] : codes.map((code) => `${status} ${code}`);
	});
	return new Set(answers);
}

/** Returns a value that fits the schema: its example, or the required fields, or as few of them as it accepts. */
function exampleOf(schema: Schema, schemas: Schemas): unknown {
	if (typeof schema.$ref === "string") return exampleOf(schemas[schema.$ref.split("/").at(-1) ?? ""] ?? {}, schemas);
	for (const values of [schema.examples, schema.enum]) if (Array.isArray(values) && values.length > 0) return values[0];
	if ("const" in schema) return schema.const;
	const [first] = [schema.oneOf, schema.anyOf].flat().filter((part) => part !== undefined);
	if (first !== undefined) return exampleOf(Object(first), schemas);
	if (schema.type === "array") return Array.from({ length: Number(schema.minItems ?? 0) }, () => exampleOf(Object(schema.items), schemas));
	if (schema.type === "boolean") return true;
	const required: string[] = Array.isArray(schema.required) ? schema.required : [];
	const names = Object.keys(Object(schema.properties));
	const used = required.length > 0 ? required : names.slice(0, Number(schema.minProperties ?? 0));
	return Object.fromEntries(used.map((name) => [name, exampleOf(Object(schema.properties)[name], schemas)]));
}
