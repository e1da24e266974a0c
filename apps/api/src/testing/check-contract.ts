/** Holds every answer that a test sees to the OpenAPI document that the server itself gives out. */
import { Ajv2020 } from "ajv/dist/2020.js";
import addFormats from "ajv-formats";
import { isProblemCode, problemSpec } from "../contract/problems.ts";

export type SeenAnswer = {
	readonly method: string;
	readonly path: string;
	readonly status: number;
	readonly headers: Readonly<Record<string, unknown>>;
	readonly body: unknown;
};

type Content = Record<string, { schema: object }>;
type Operation = { responses: Record<string, { headers?: object; content?: Content }> };
export type OpenapiDocument = { paths: Record<string, Record<string, Operation>>; components: { schemas: Record<string, object> } };

/** Throws, naming what does not conform: status not declared, wrong media type, body outside its schema, a header missing. */
export type ContractCheck = (answer: SeenAnswer) => void;

export function createContractCheck(document: OpenapiDocument): ContractCheck {
	const ajv = new Ajv2020({ strict: false, allErrors: true });
	addFormats.default(ajv);
	ajv.addSchema(document, "openapi.json");
	const paths = Object.keys(document.paths).map((path) => ({ path, pattern: new RegExp(`^${path.replaceAll(/\{[^}]+\}/g, "[^/]*")}$`) }));

	function conforms(pointer: string[], body: unknown): string | null {
		const at = pointer.map((step) => encodeURIComponent(step.replaceAll("~", "~0").replaceAll("/", "~1"))).join("/");
		const validate = ajv.getSchema(`openapi.json#/${at}`);
		if (validate === undefined) return `nothing at ${at}`;
		return validate(body) ? null : ajv.errorsText(validate.errors);
	}

	return ({ method, path, status, headers, body }) => {
		const flaws: string[] = [];
		const mediaType = String(headers["content-type"] ?? "").split(";")[0] ?? "";
		const known = paths.find(({ pattern }) => pattern.test(path.split("?")[0] ?? ""))?.path;
		const operation = known === undefined ? undefined : document.paths[known]?.[method.toLowerCase()];
		const declared = operation?.responses[String(status)];
		if (known !== undefined && operation !== undefined && declared === undefined) flaws.push("this status is not declared");
		if (known !== undefined && declared?.content !== undefined) {
			const pointer = ["paths", known, method.toLowerCase(), "responses", String(status), "content", mediaType, "schema"];
			const flaw = conforms(pointer, body);
			if (flaw !== null) flaws.push(flaw);
		}
		if (status >= 400 && mediaType === "application/problem+json") flaws.push(...flawsOfProblem(status, body, conforms));
		for (const name of headersExpected(status)) if (headers[name] === undefined) flaws.push(`no ${name}`);
		if (flaws.length > 0)
			throw new Error(`${method} ${path} answered ${status}: ${flaws.join("; ")}\n${JSON.stringify(body)?.slice(0, 500)}`);
	};
}

function flawsOfProblem(status: number, body: unknown, conforms: (pointer: string[], body: unknown) => string | null): string[] {
	const flaw = conforms(["components", "schemas", "Problem"], body);
	if (flaw !== null) return [flaw];
	const { code, status: statusInBody, retryable } = Object(body);
	if (!isProblemCode(code)) return [`${code} is not in the table`];
	const spec = problemSpec(code);
	return spec.status === status && statusInBody === status && retryable === spec.retryable
		? []
		: ["status or retryable is not the table's"];
}

function headersExpected(status: number): string[] {
	const always = ["x-request-id", "x-server-time"];
	if (status === 429 || status === 503) return [...always, "retry-after"];
	return status === 401 ? [...always, "www-authenticate"] : always;
}
