/** A test that is run again until it passes proves nothing: what it times is to be judged by order, by ratio or by `timeWork`. */
import { globSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";

const root = fileURLToPath(new URL("..", import.meta.url));
const RETRY_OPTION = /\bretry\s*:\s*\d/;

it("no test is run again until it passes", () => {
	const files = globSync("{apps,packages,bench,scripts}/**/*.test.ts", { cwd: root, exclude: (name) => name.includes("node_modules") });
	expect(files.length).toBeGreaterThan(100);
	const retried = [...files, "vitest.config.ts"].filter((file) => RETRY_OPTION.test(readFileSync(`${root}/${file}`, "utf8")));
	expect(retried).toEqual([]);
});
