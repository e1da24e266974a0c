/** Every part of a request has a maximum size. The routes are read from the OpenAPI document, so that new routes are tested too. */
import { afterAll, describe, expect, it } from "vitest";
import { problemIn } from "../testing/read-answers.ts";
import { startTestApi } from "../testing/start-test-api.ts";

type Schema = Readonly<Record<string, unknown>>;

const api = await startTestApi();
afterAll(() => api.close());
const document = Object((await api.call("GET //openapi.json")).body);

/** A document of another system and what names its parts, in the body of a plan: limited by the size of the body, and by its parser. */
const LIMITED_BY_BODY = ["body/plan", "body/kinds"];

/** Returns a sentence for each place in a schema that allows input of unlimited size. */
function findUnbounded(schema: Schema, at: string): string[] {
	if (typeof schema.$ref === "string") {
		const name = schema.$ref.split("/").at(-1) ?? "";
		return findUnbounded(document.components.schemas[name], at);
	}
	if (Array.isArray(schema.enum) || "const" in schema) return [];
	if (LIMITED_BY_BODY.includes(at)) return [];
	if (Array.isArray(schema.anyOf)) return schema.anyOf.flatMap((part) => findUnbounded(Object(part), at));
	switch ([schema.type].flat().find((type) => type !== "null")) {
		case "string": {
			// The format `date` has a fixed length, and a pattern that ends with a count limits the length.
			const isBounded =
				schema.maxLength !== undefined || schema.format === "date" || /\{\d+(,\d+)?\}\$$/.test(String(schema.pattern ?? ""));
			return isBounded ? [] : [`${at} accepts text of any length`];
		}
		case "integer":
		case "number":
			return schema.maximum !== undefined && schema.minimum !== undefined ? [] : [`${at} accepts any number`];
		case "array":
			return [
				...(schema.maxItems === undefined ? [`${at} accepts a list of any length`] : []),
				...findUnbounded(Object(schema.items), `${at}/*`),
			];
		case "object":
			return [
				...(schema.additionalProperties === false ? [] : [`${at} accepts unknown fields`]),
				...Object.entries(Object(schema.properties)).flatMap(([name, property]) => findUnbounded(Object(property), `${at}/${name}`)),
			];
		case "boolean":
			return [];
		default:
			return [`${at} has a type that this test does not know`];
	}
}

const operations = Object.entries(Object(document.paths)).flatMap(([path, ofPath]) =>
	Object.entries(Object(ofPath)).map(([method, operation]) => ({ name: `${method.toUpperCase()} ${path}`, operation: Object(operation) })),
);

it.each(operations)("$name accepts no input of unlimited size", ({ operation }) => {
	const parameters: { name: string; in: string; schema: Schema }[] = operation.parameters ?? [];
	const unbounded = parameters
		// The router accepts path parameters of at most 100 characters and answers longer ones 404 (send-problems.http.test.ts). The HTTP
		// parser limits all headers together to 16 KB, tested below.
		.filter((parameter) => parameter.in === "query")
		.flatMap(({ name, schema }) => findUnbounded(schema, `/${name}`));
	const body = operation.requestBody?.content["application/json"]?.schema;
	if (body !== undefined) unbounded.push(...findUnbounded(body, "body"));
	expect(unbounded).toEqual([]);
});

/** Returns a valid body, built from the examples of the schema. */
function exampleOf(schema: Schema): unknown {
	if (typeof schema.$ref === "string") return exampleOf(document.components.schemas[schema.$ref.split("/").at(-1) ?? ""]);
	if (Array.isArray(schema.examples)) return schema.examples[0];
	if (schema.const !== undefined) return schema.const;
	if (Array.isArray(schema.enum)) return schema.enum[0];
	return Object.fromEntries(Object.entries(Object(schema.properties)).map(([name, property]) => [name, exampleOf(Object(property))]));
}

it.each(operations)("$name rejects an unknown query parameter", async ({ name, operation }) => {
	const { token } = await (name.includes("/admin/") ? api.newAdmin() : api.newUser());
	const schema = operation.requestBody?.content["application/json"]?.schema;
	const path = name
		.replaceAll(/\{[^}]+\}/g, "x")
		.replace("/api/v1", "")
		.replace(/\/(livez|readyz)/, "//$1");
	const required = (operation.parameters ?? [])
		.map(Object)
		.filter((parameter: { in: string; required?: boolean }) => parameter.in === "query" && parameter.required === true)
		.map(({ name: parameter }: { name: string }) => `&${parameter}=x`);
	const answer = await api.call(`${path}?Limit=1${required.join("")}`, { token, ...(schema !== undefined && { body: exampleOf(schema) }) });
	expect(problemIn(answer)).toMatchObject({
		code: "invalid_request",
		errors: [{ pointer: "/query/Limit", message: "is not a field of this request" }],
	});
});

describe("the headers and the URL of a request", () => {
	it("are accepted up to 16 KB together and answered 400 above that", async () => {
		const url = `${await api.app.listen({ host: "127.0.0.1", port: 0 })}/api/v1/movies`;
		const sendHeaders = (bytes: number) => fetch(url, { headers: { "if-none-match": `"${"x".repeat(bytes)}"` } });
		expect((await sendHeaders(15 * 1024)).status).toBe(200);
		const refused = await sendHeaders(17 * 1024);
		expect([refused.status, Object(await refused.json()).code]).toEqual([400, "invalid_request"]);
	});
});
