/**
 * Every answer that the OpenAPI document declares has a test: the http test file named after the route's operation has a
 * `describe` for each status, and for each code of a problem. And the other way round: no test is of an answer that is not
 * declared.
 */
import { readdirSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { renderOpenapi } from "./render-openapi.ts";

const SUFFIX = ".http.test.ts";
/** `describe("409 seats_taken", ...`; for what is no problem the status alone counts, words may follow. */
const DESCRIBED = /^[ \t]*describe\(\s*["'`](\d{3})(?: ([a-z_]+))?/gm;

/** What a plugin answers before any route is asked: its test asks every operation of the document. */
const ASKED_OF_ALL: readonly string[] = ["503 overloaded"];

type Responses = Record<string, { content?: Record<string, { schema?: unknown }> }>;
/** By operation: `201`, `409 seats_taken`, ... */
let declared: Map<string, Set<string>>;
let files: string[];
beforeAll(async () => {
	const { paths } = JSON.parse(await renderOpenapi());
	const operations = Object.values(paths).flatMap((methods) => Object.values(Object(methods))) as {
		operationId: string;
		responses: Responses;
	}[];
	declared = new Map(operations.map(({ operationId, responses }) => [operationId, answersIn(responses)]));
	files = readdirSync(import.meta.dirname, { recursive: true, encoding: "utf8" }).filter((file) => file.endsWith(SUFFIX));
});

function answersIn(responses: Responses): Set<string> {
	const answers = Object.entries(responses).flatMap(([status, { content }]) => {
		const codes: string[] | undefined = Object(content?.["application/problem+json"]?.schema).allOf?.[1].properties.code.enum;
		return codes === undefined ? [status] : codes.map((code) => `${status} ${code}`);
	});
	return new Set(answers);
}

/** `placeHold`: `place-hold` */
const nameOf = (operationId: string): string => operationId.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);

/** `place-hold.http.test.ts`, and what continues that name where one file is not enough: `place-hold-faults.http.test.ts`. */
function filesOf(operationId: string): string[] {
	const name = nameOf(operationId);
	const longer = [...declared.keys()].map(nameOf).filter((other) => other.startsWith(`${name}-`));
	return files.filter((file) => {
		const base = basename(file, SUFFIX);
		const isOthers = longer.some((other) => base === other || base.startsWith(`${other}-`));
		return base === name || (base.startsWith(`${name}-`) && !isOthers);
	});
}

function testedBy(operationId: string): Set<string> {
	const text = filesOf(operationId)
		.map((file) => readFileSync(join(import.meta.dirname, file), "utf8"))
		.join("\n");
	const known = declared.get(operationId) ?? new Set();
	return new Set(
		[...text.matchAll(DESCRIBED)].map(([, status = "", word]) => (word === undefined || known.has(status) ? status : `${status} ${word}`)),
	);
}

describe("the http tests", () => {
	it("have a file for every operation, named after it", () => {
		expect([...declared.keys()].filter((operationId) => filesOf(operationId).length === 0)).toEqual([]);
	});

	it("have a describe for every answer that an operation declares", () => {
		const missing = [...declared].flatMap(([operationId, answers]) => {
			const tested = testedBy(operationId);
			return [...answers]
				.filter((answer) => !tested.has(answer) && !ASKED_OF_ALL.includes(answer))
				.map((answer) => `${operationId}: ${answer}`);
		});
		expect(missing).toEqual([]);
	});

	it("describe no answer that an operation does not declare", () => {
		const surplus = [...declared].flatMap(([operationId, answers]) =>
			[...testedBy(operationId)].filter((answer) => !answers.has(answer)).map((answer) => `${operationId}: ${answer}`),
		);
		expect(surplus).toEqual([]);
	});
});
