/**
 * Every response that the OpenAPI document declares has a test: the http test file named after the operation has a `describe`
 * for each status and for each problem code. Conversely, no such `describe` names a response that is not declared.
 */
import { readdirSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { renderOpenapi } from "./render-openapi.ts";
import { isTestedForAllRoutes } from "./testing/answers-of-hooks.ts";
import { listOperations } from "./testing/list-operations.ts";

const SUFFIX = ".http.test.ts";
/** `describe("409 seats_taken", ...`. For a response that is not a problem, only the status counts, and words may follow it. */
const DESCRIBED = /^[ \t]*describe\(\s*["'`](\d{3})(?: ([a-z_]+))?/gm;

/** Whether a test that calls every operation of the document provokes this response: pressure.http.test.ts or answers-of-hooks.http.test.ts. */
const isProvokedEverywhere = (operationId: string, answer: string): boolean =>
	answer === "503 overloaded" || isTestedForAllRoutes(operationId, answer);

/** The declared responses of each operation: `201`, `409 seats_taken`, ... */
let declared: Map<string, ReadonlySet<string>>;
let files: string[];
beforeAll(async () => {
	const operations = listOperations(JSON.parse(await renderOpenapi()));
	declared = new Map(operations.map(({ operationId, answers }) => [operationId, answers]));
	files = readdirSync(import.meta.dirname, { recursive: true, encoding: "utf8" }).filter((file) => file.endsWith(SUFFIX));
});

/** `placeHold`: `place-hold` */
const nameOf = (operationId: string): string => operationId.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);

/** `place-hold.http.test.ts`, and further files whose names start with that name: `place-hold-faults.http.test.ts`. */
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
	it("have a file named after every operation", () => {
		expect([...declared.keys()].filter((operationId) => filesOf(operationId).length === 0)).toEqual([]);
	});

	it("have a describe for every response that an operation declares", () => {
		const missing = [...declared].flatMap(([operationId, answers]) => {
			const tested = testedBy(operationId);
			return [...answers]
				.filter((answer) => !tested.has(answer) && !isProvokedEverywhere(operationId, answer))
				.map((answer) => `${operationId}: ${answer}`);
		});
		expect(missing).toEqual([]);
	});

	it("describe no response that an operation does not declare", () => {
		const surplus = [...declared].flatMap(([operationId, answers]) =>
			[...testedBy(operationId)].filter((answer) => !answers.has(answer)).map((answer) => `${operationId}: ${answer}`),
		);
		expect(surplus).toEqual([]);
	});
});
