import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { createSweeperMetrics } from "./sweeper-metrics.ts";

it("docs/operations.md lists every metric of the sweeper", async () => {
	const { text } = await createSweeperMetrics().render();
	const names = [...text.matchAll(/^# HELP (holdfast_\w+)/gm)].map(([, name]) => name);
	expect(names.length).toBeGreaterThan(8);
	const docs = readFileSync(join(import.meta.dirname, "../../../docs/operations.md"), "utf8");
	expect(names.filter((name) => !docs.includes(`| \`${name}\``) && !docs.includes(`, \`${name}\` |`))).toEqual([]);
});
