import { readFileSync } from "node:fs";
import { join } from "node:path";
import { createConfig, lintFromString } from "@redocly/openapi-core";
import { beforeAll, describe, expect, it } from "vitest";
import { EXACT_DETAILS, type ExactDetail } from "./contract/problems.ts";
import { renderOpenapi } from "./render-openapi.ts";

const CLIENTS = join(import.meta.dirname, "../../../packages/client/openapi.json");

let document: string;
beforeAll(async () => {
	document = await renderOpenapi();
});

const isExactDetail = (name: string): name is ExactDetail => Object.hasOwn(EXACT_DETAILS, name);

type Named = { readonly name: string; readonly description?: string };
type Operation = {
	readonly operationId: string;
	readonly tags: readonly string[];
	readonly description?: string;
	readonly parameters?: readonly Named[];
};

function operations(): Operation[] {
	return Object.values(JSON.parse(document).paths).flatMap((methods) => Object.values(Object(methods)) as Operation[]);
}

/** Every property of every named schema, named like `Booking.total`. */
function properties(): { name: string; schema: Record<string, unknown> }[] {
	return Object.entries(JSON.parse(document).components.schemas).flatMap(([name, schema]) => propertiesOf(name, schema));
}

function propertiesOf(path: string, schema: unknown): { name: string; schema: Record<string, unknown> }[] {
	const { properties: own = {}, items } = Object(schema);
	const named = Object.entries(own).flatMap(([name, inner]) => [
		{ name: `${path}.${name}`, schema: Object(inner) },
		...propertiesOf(`${path}.${name}`, inner),
	]);
	return items === undefined || typeof items !== "object" ? named : [...named, ...propertiesOf(`${path}[]`, items)];
}

describe("the OpenAPI document", () => {
	it("passes the checks of an independent linter", async () => {
		const config = await createConfig({
			extends: ["recommended"],
			// Health and liveness have no 4xx response.
			rules: { "operation-4xx-response": "off" },
		});
		const findings = await lintFromString({ source: document, config });
		expect(findings.map(({ severity, ruleId, message, location }) => [severity, ruleId, message, location[0]?.pointer])).toEqual([]);
	});

	it("has a description for every tag that an operation has, and no other tag", () => {
		const declared: Named[] = JSON.parse(document).tags;
		expect([...new Set(operations().flatMap(({ tags }) => tags))].toSorted()).toEqual(declared.map(({ name }) => name).toSorted());
	});

	it("describes every operation and every parameter", () => {
		expect(operations().flatMap(({ operationId, description }) => (description ? [] : operationId))).toEqual([]);
		const parameters = operations().flatMap(({ operationId, parameters: own = [] }) =>
			own.flatMap(({ name, description }) => (description ? [] : `${operationId} ${name}`)),
		);
		expect(parameters).toEqual([]);
	});

	it("describes every field and has an example for every plain one without an enum", () => {
		const bare = properties().filter(({ schema }) => schema.description === undefined && schema.$ref === undefined);
		expect(bare.map(({ name }) => name)).toEqual([]);
		const isPlain = ({ type }: Record<string, unknown>) => ["string", "integer", "number", "boolean"].includes(String([type].flat()[0]));
		const unshown = properties().filter(({ schema }) => isPlain(schema) && schema.enum === undefined && schema.examples === undefined);
		expect(unshown.map(({ name }) => name)).toEqual([]);
	});

	it("has an example of every problem code", async () => {
		const { components } = JSON.parse(document);
		const { enum: codes } = components.schemas.Problem.properties.code;
		const names = Object.keys(components.examples);
		expect(names.slice(0, codes.length)).toEqual(codes);
		expect(Object.keys(EXACT_DETAILS)).toEqual(expect.arrayContaining(names.slice(codes.length)));
		const codeOf = (name: string): string => (isExactDetail(name) ? EXACT_DETAILS[name].code : name);
		for (const [name, { value }] of Object.entries<{ value: object }>(components.examples))
			expect(value).toMatchObject({ code: codeOf(name) });
	});

	it("equals the document that the client was generated from; if not, run npm run build", () => {
		expect(readFileSync(CLIENTS, "utf8")).toBe(document);
	});
});
