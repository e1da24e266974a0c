/** Checks the responses that tests receive against the OpenAPI document that the server itself serves. */
import { Ajv2020 } from "ajv/dist/2020.js";
import addFormats from "ajv-formats";
import { isProblemCode, problemSpec } from "../contract/problems.ts";

/** A response to check, and the request that caused it. */
export type SeenAnswer = {
	readonly method: string;
	readonly path: string;
	readonly status: number;
	readonly headers: Readonly<Record<string, unknown>>;
	readonly body: unknown;
};

type Content = Record<string, { schema: object }>;
type Operation = { responses: Record<string, { headers?: object; content?: Content }> };
/** The parts of an OpenAPI document that the check reads. */
export type OpenapiDocument = { paths: Record<string, Record<string, Operation>>; components: { schemas: Record<string, object> } };

/** Throws an error that lists every violation: undeclared status, wrong media type, body that does not fit its schema, missing header. */
export type ContractCheck = (answer: SeenAnswer) => void;

/** By document, as JSON: nearly all apps of a test run have the same document, and compiling its schemas takes half a second. */
const checks = new Map<string, ContractCheck>();

/** Returns a check against this document. A path that is not in the document is checked only for headers and problem bodies. */
export function createContractCheck(document: OpenapiDocument): ContractCheck {
	const key = JSON.stringify(document);
	const check = checks.get(key) ?? compileCheck(document);
	checks.set(key, check);
	return check;
}

function compileCheck(document: OpenapiDocument): ContractCheck {
	const ajv = new Ajv2020({ strict: false, allErrors: true });
	addFormats.default(ajv);
	ajv.addSchema(document, "openapi.json");
	const paths = Object.keys(document.paths).map((path) => ({ path, pattern: new RegExp(`^${path.replaceAll(/\{[^}]+\}/g, "[^/]*")}$`) }));

	function findViolation(pointer: string[], body: unknown): string | null {
		const at = pointer.map((step) => encodeURIComponent(step.replaceAll("~", "~0").replaceAll("/", "~1"))).join("/");
		const validate = ajv.getSchema(`openapi.json#/${at}`);
		if (validate === undefined) return `no schema at ${at}`;
		return validate(body) ? null : ajv.errorsText(validate.errors);
	}

	return ({ method, path, status, headers, body }) => {
		const violations: string[] = [];
		const mediaType = String(headers["content-type"] ?? "").split(";")[0] ?? "";
		const known = paths.find(({ pattern }) => pattern.test(path.split("?")[0] ?? ""))?.path;
		const operation = known === undefined ? undefined : document.paths[known]?.[method.toLowerCase()];
		const declared = operation?.responses[String(status)];
		if (known !== undefined && operation !== undefined && declared === undefined) violations.push("status not declared");
		if (known !== undefined && declared?.content !== undefined) {
			const pointer = ["paths", known, method.toLowerCase(), "responses", String(status), "content", mediaType, "schema"];
			const violation = findViolation(pointer, body);
			if (violation !== null) violations.push(violation);
		}
		if (status >= 400 && mediaType === "application/problem+json") violations.push(...findProblemViolations(status, body, findViolation));
		for (const name of headersExpected(status)) if (headers[name] === undefined) violations.push(`header ${name} is missing`);
		if (violations.length > 0)
			throw new Error(`${method} ${path} answered ${status}: ${violations.join("; ")}\n${JSON.stringify(body)?.slice(0, 500)}`);
	};
}

function findProblemViolations(
	status: number,
	body: unknown,
	findViolation: (pointer: string[], body: unknown) => string | null,
): string[] {
	const violation = findViolation(["components", "schemas", "Problem"], body);
	if (violation !== null) return [violation];
	const { code, status: statusInBody, retryable } = Object(body);
	if (!isProblemCode(code)) return [`code ${code} is not in the problem table`];
	const spec = problemSpec(code);
	return spec.status === status && statusInBody === status && retryable === spec.retryable
		? []
		: ["status or retryable differs from the problem table"];
}

function headersExpected(status: number): string[] {
	const always = ["x-request-id", "x-server-time"];
	if (status === 429 || status === 503) return [...always, "retry-after"];
	return status === 401 ? [...always, "www-authenticate"] : always;
}
