import { describe, expect, it } from "vitest";
import { entityTag, NO_VERSION, parseIfMatch } from "./if-match.ts";

describe("parseIfMatch", () => {
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
	])("parses If-Match %s as a condition on version %s", (header, ifVersion) => {
		expect(parseIfMatch(header)).toEqual({ outcome: "parsed", ifVersion });
	});

	it.each(["", "3", "abc", '"3', '3"', 'w/"3"', '"3" "4"', '"3",', '*, "3"', '"1", "2"', '"a"b"'])(
		"rejects the malformed If-Match %s",
		(header) => {
			expect(parseIfMatch(header)).toMatchObject({ outcome: "malformed" });
		},
	);

	it("parses the tags that entityTag writes", () => {
		expect(parseIfMatch(entityTag(17))).toEqual({ outcome: "parsed", ifVersion: 17 });
	});
});
