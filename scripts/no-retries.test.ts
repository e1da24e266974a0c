/** A test that is retried until it passes proves nothing. A test that measures time compares order or ratios, or uses `timeWork`. */
import { globSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";

const root = fileURLToPath(new URL("..", import.meta.url));
const RETRY_OPTION = /\bretry\s*:\s*\d/;

it("no test file and no vitest project sets a retry count", () => {
	const files = globSync("{apps,packages,bench,scripts}/**/*.test.ts", { cwd: root, exclude: (name) => name.includes("node_modules") });
	expect(files.length).toBeGreaterThan(100);
	const retried = [...files, "vitest.config.ts"].filter((file) => RETRY_OPTION.test(readFileSync(`${root}/${file}`, "utf8")));
	expect(retried).toEqual([]);
});
