import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { generateSchema } from "./generate-schema.ts";

describe("the types of the client", () => {
	it("are what its OpenAPI document says: after a change of it, npm run build", async () => {
		const document = readFileSync(join(import.meta.dirname, "../openapi.json"), "utf8");
		expect(readFileSync(join(import.meta.dirname, "schema.ts"), "utf8")).toBe(await generateSchema(document));
	});
});
