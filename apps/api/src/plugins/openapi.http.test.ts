import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { EXACT_DETAILS, PROBLEM_CODES, problemSpec } from "../contract/problems.ts";
import { renderErrorsDoc } from "../contract/render-errors-doc.ts";
import { startTestApi, type TestApi } from "../testing/start-test-api.ts";

const SOURCES = join(import.meta.dirname, "..");
const ERRORS_DOC = join(SOURCES, "../../../docs/errors.md");

let api: TestApi;
let document: string;
beforeAll(async () => {
	api = await startTestApi();
	document = JSON.stringify((await api.call("GET //openapi.json")).body);
});
afterAll(() => api.close());

describe("the problem table", () => {
	it("has the same codes and statuses as the OpenAPI document", () => {
		const listed = new Set<string>();
		for (const operations of Object.values(JSON.parse(document).paths)) {
			for (const { responses } of Object.values(Object(operations)) as { responses: Record<string, unknown> }[]) {
				for (const [status, response] of Object.entries(responses)) {
					const problem = Object(response).content?.["application/problem+json"];
					for (const code of problem?.schema.allOf[1].properties.code.enum ?? []) listed.add(`${status} ${code}`);
				}
			}
		}
		expect([...listed].toSorted()).toEqual(PROBLEM_CODES.map((code) => `${problemSpec(code).status} ${code}`).toSorted());
		expect(JSON.parse(document).components.schemas.Problem.properties.code.enum).toEqual(PROBLEM_CODES);
	});

	it("has the same content as docs/errors.md", () => {
		expect(readFileSync(ERRORS_DOC, "utf8")).toBe(renderErrorsDoc());
	});

	it("has a describe in an http test for every code", () => {
		const tests = readdirSync(SOURCES, { recursive: true, encoding: "utf8" }).filter((file) => file.endsWith(".http.test.ts"));
		const text = tests.map((file) => readFileSync(join(SOURCES, file), "utf8")).join("\n");
		const untested = PROBLEM_CODES.filter((code) => !text.includes(`describe("${problemSpec(code).status} ${code}`));
		expect(untested).toEqual([]);
	});

	it("has Retry-After for every retryable code and for every 503", () => {
		for (const code of PROBLEM_CODES) {
			const { status, retryable, retryAfterSeconds } = problemSpec(code);
			expect([code, retryable]).toEqual([code, retryAfterSeconds !== undefined]);
			if (status === 503) expect(retryAfterSeconds).toBeGreaterThan(0);
		}
	});
});

describe("GET /openapi.json", () => {
	it("sends the document compressed to a client that accepts it, and 304 to a client that has it", async () => {
		const get = (headers: Record<string, string>) => api.app.inject({ url: "/openapi.json", headers });
		const answer = await get({ "accept-encoding": "gzip" });
		expect(answer.headers).toMatchObject({ "content-encoding": "gzip", vary: "Accept-Encoding" });
		expect(JSON.parse(gunzipSync(answer.rawPayload).toString())).toEqual(JSON.parse(document));
		const again = await get({ "accept-encoding": "gzip", "if-none-match": String(answer.headers.etag) });
		expect([again.statusCode, again.rawPayload.length]).toEqual([304, 0]);
	});
});

describe("the OpenAPI document", () => {
	it("is OpenAPI 3.1, names every shared schema once, and has no broken reference", () => {
		const { openapi, components } = JSON.parse(document);
		expect(openapi).toBe("3.1.0");
		const names = Object.keys(components.schemas);
		expect(names.filter((name) => name.startsWith("def-"))).toEqual([]);
		for (const [, kind = "", name = ""] of document.matchAll(/"\$ref":"#\/components\/([^"/]+)\/([^"]+)"/g))
			expect(Object.keys(components[kind])).toContain(name);
		expect(document.match(/"\$ref":"(?!#\/components\/)/g)).toBeNull();
	});

	it("has a unique id, a summary and a tag for every operation, and closed request bodies", () => {
		const ids: string[] = [];
		for (const operations of Object.values(JSON.parse(document).paths)) {
			for (const operation of Object.values(Object(operations))) {
				const { operationId, summary, tags } = Object(operation);
				expect([typeof operationId, typeof summary, tags?.length]).toEqual(["string", "string", 1]);
				ids.push(operationId);
			}
		}
		expect(new Set(ids).size).toBe(ids.length);
		for (const name of ["HoldRequest", "Registration", "Credentials"])
			expect(JSON.parse(document).components.schemas[name].additionalProperties).toBe(false);
	});
});

describe("the examples of problems", () => {
	it("have as instance the path of an operation that answers their code", () => {
		const { paths, components } = JSON.parse(document);
		const answered = (instance: string, code: string): boolean =>
			Object.entries(paths)
				.filter(([path]) => new RegExp(`^${path.replaceAll(/\{[^}]+\}/g, "[^/]+")}$`).test(instance))
				.flatMap(([, operations]) => Object.values(Object(operations)))
				.flatMap((operation) => Object.values(Object(operation).responses))
				.flatMap((response) => Object(response).content?.["application/problem+json"]?.schema.allOf[1].properties.code.enum ?? [])
				.includes(code);
		const values = Object.values(components.examples).map((example) => Object(example).value);
		expect(values.length).toBeGreaterThan(PROBLEM_CODES.length);
		expect(values.filter(({ instance, code }) => !answered(instance, code))).toEqual([]);
	});

	it("have the more exact detail of the cases that an operation documents", () => {
		const { paths, components } = JSON.parse(document);
		const examplesOf = (path: string, status: string) =>
			Object.keys(paths[path].post.responses[status].content["application/problem+json"].examples);
		expect(examplesOf("/api/v1/auth/refresh", "401")).toEqual(["refresh_refused"]);
		expect(examplesOf("/api/v1/bookings", "429")).toEqual(["too_many_requests", "hourly_limit"]);
		for (const name of ["refresh_refused", "hourly_limit"] as const)
			expect(components.examples[name].value.detail).toBe(EXACT_DETAILS[name].detail);
	});
});

describe("the page at /docs", () => {
	it("loads nothing from another host", async () => {
		const page = await api.app.inject({ url: "/docs/" });
		expect([page.statusCode, page.headers["content-type"]]).toEqual([200, "text/html; charset=utf-8"]);
		expect(page.payload).toContain("/openapi.json");
		expect(page.payload).not.toMatch(/https?:\/\//);
		expect((await api.app.inject({ url: "/docs" })).headers.location).toBe("/docs/");
		expect((await api.app.inject({ url: "/docs", headers: { host: "a b" } })).statusCode).toBe(400);
		const script = await api.app.inject({ url: "/docs/js/scalar.js" });
		expect([script.statusCode, script.headers["content-type"]]).toEqual([200, "application/javascript; charset=utf-8"]);
	});
});
