/** Everything that a client may send has a bound: read from the OpenAPI document, so that a new route is judged as well. */
import { afterAll, describe, expect, it } from "vitest";
import { problemIn } from "../testing/read-answers.ts";
import { startTestApi } from "../testing/start-test-api.ts";

type Schema = Readonly<Record<string, unknown>>;

const api = await startTestApi();
afterAll(() => api.close());
const document = Object((await api.call("GET //openapi.json")).body);

/** Every place of a request where something unbounded could be sent, as a sentence. */
function findUnbounded(schema: Schema, at: string): string[] {
	if (typeof schema.$ref === "string") {
		const name = schema.$ref.split("/").at(-1) ?? "";
		return findUnbounded(document.components.schemas[name], at);
	}
	if (Array.isArray(schema.enum) || "const" in schema) return [];
	switch (schema.type) {
		case "string": {
			// A format that fixes the length is a bound, and so is a pattern that ends with a count.
			const isBounded =
				schema.maxLength !== undefined || schema.format === "date" || /\{\d+(,\d+)?\}\$$/.test(String(schema.pattern ?? ""));
			return isBounded ? [] : [`${at} is text of any length`];
		}
		case "integer":
		case "number":
			return schema.maximum !== undefined && schema.minimum !== undefined ? [] : [`${at} is any number`];
		case "array":
			return [
				...(schema.maxItems === undefined ? [`${at} is a list of any length`] : []),
				...findUnbounded(Object(schema.items), `${at}/*`),
			];
		case "object":
			return [
				...(schema.additionalProperties === false ? [] : [`${at} takes unknown fields`]),
				...Object.entries(Object(schema.properties)).flatMap(([name, property]) => findUnbounded(Object(property), `${at}/${name}`)),
			];
		case "boolean":
			return [];
		default:
			return [`${at} is of no type that is known here`];
	}
}

const operations = Object.entries(Object(document.paths)).flatMap(([path, ofPath]) =>
	Object.entries(Object(ofPath)).map(([method, operation]) => ({ name: `${method.toUpperCase()} ${path}`, operation: Object(operation) })),
);

it.each(operations)("$name takes nothing without a bound", ({ operation }) => {
	const parameters: { name: string; in: string; schema: Schema }[] = operation.parameters ?? [];
	const flaws = parameters
		// The router takes path parameters of at most 100 characters: a longer one is 404 (problems.http.test.ts). Headers are 16 KB
		// in all, by the HTTP parser: below.
		.filter((parameter) => parameter.in === "query")
		.flatMap(({ name, schema }) => findUnbounded(schema, `/${name}`));
	const body = operation.requestBody?.content["application/json"]?.schema;
	if (body !== undefined) flaws.push(...findUnbounded(body, "body"));
	expect(flaws).toEqual([]);
});

/** A body that the schema takes, of the examples it gives. */
function exampleOf(schema: Schema): unknown {
	if (typeof schema.$ref === "string") return exampleOf(document.components.schemas[schema.$ref.split("/").at(-1) ?? ""]);
	if (Array.isArray(schema.examples)) return schema.examples[0];
	return Object.fromEntries(Object.entries(Object(schema.properties)).map(([name, property]) => [name, exampleOf(Object(property))]));
}

it.each(operations)("$name takes no parameter that it does not know", async ({ name, operation }) => {
	const { token } = await api.newUser();
	const schema = operation.requestBody?.content["application/json"]?.schema;
	const path = name
		.replaceAll(/\{[^}]+\}/g, "x")
		.replace("/api/v1", "")
		.replace(/\/(livez|readyz)/, "//$1");
	const answer = await api.call(`${path}?Limit=1`, { token, ...(schema !== undefined && { body: exampleOf(schema) }) });
	expect(problemIn(answer)).toMatchObject({
		code: "invalid_request",
		errors: [{ pointer: "/query/Limit", message: "is not a field of this request" }],
	});
});

describe("headers and address together", () => {
	it("are read up to 16 KB; more is 400, and the connection ends", async () => {
		const url = `${await api.app.listen({ host: "127.0.0.1", port: 0 })}/api/v1/movies`;
		const ask = (bytes: number) => fetch(url, { headers: { "if-none-match": `"${"x".repeat(bytes)}"` } });
		expect((await ask(15 * 1024)).status).toBe(200);
		const refused = await ask(17 * 1024);
		expect([refused.status, Object(await refused.json()).code]).toEqual([400, "invalid_request"]);
	});
});
