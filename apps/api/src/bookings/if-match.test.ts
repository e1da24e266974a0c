import { describe, expect, it } from "vitest";
import { entityTag, NO_VERSION, parseIfMatch } from "./if-match.ts";

describe("If-Match", () => {
	it.each([
		[undefined, null],
		["*", null],
		[" * ", null],
		['"3"', 3],
		['"3", "3"', 3],
		['W/"2", "3"', 3],
		['W/"3"', NO_VERSION],
		['"abc"', NO_VERSION],
		['"03"', NO_VERSION],
		['"0"', NO_VERSION],
		['""', NO_VERSION],
		['"9999999999"', NO_VERSION],
	])("%s asks for version %s", (header, ifVersion) => {
		expect(parseIfMatch(header)).toEqual({ outcome: "parsed", ifVersion });
	});

	it.each(["", "3", "abc", '"3', '3"', 'w/"3"', '"3" "4"', '"3",', '*, "3"', '"1", "2"', '"a"b"'])("%s is malformed", (header) => {
		expect(parseIfMatch(header)).toMatchObject({ outcome: "malformed" });
	});

	it("reads back what entityTag wrote", () => {
		expect(parseIfMatch(entityTag(17))).toEqual({ outcome: "parsed", ifVersion: 17 });
	});
});
