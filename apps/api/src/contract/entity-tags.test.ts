import { describe, expect, it } from "vitest";
import { parseEntityTags } from "./entity-tags.ts";

describe("parseEntityTags", () => {
	it.each([
		[undefined, null],
		["*", null],
		[" * ", null],
		['"3"', ["3"]],
		['W/"3"', ["3"]],
		['"3-gzip"', ["3"]],
		['W/"3-zstd"', ["3"]],
		['"3", W/"4" ,"5-br"', ["3", "4", "5"]],
		['"3","3-gzip"', ["3"]],
		['"5.2"', ["5.2"]],
		['""', [""]],
		['"not ours"', "malformed"],
		['"other"', ["other"]],
		["3", "malformed"],
		['"3', "malformed"],
		['"3" "4"', "malformed"],
		['w/"3"', "malformed"],
		['*, "3"', "malformed"],
		["", "malformed"],
	])("parses the header %s to %j", (header, expected) => {
		const parsed = parseEntityTags(header);
		expect(parsed.outcome === "parsed" ? parsed.tags : parsed.outcome).toEqual(expected);
	});
});
