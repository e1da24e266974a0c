import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { generateSchema } from "./generate-schema.ts";

describe("schema.ts", () => {
	it("equals what the generator writes for openapi.json; run npm run build after a change of routes", async () => {
		const document = readFileSync(join(import.meta.dirname, "../openapi.json"), "utf8");
		expect(readFileSync(join(import.meta.dirname, "schema.ts"), "utf8")).toBe(await generateSchema(document));
	});
});
