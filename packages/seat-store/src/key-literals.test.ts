/**
 * Only keys.ts contains literal Redis keys. Tests of every package take keys from it too (`@holdfast/seat-store/testing`), so
 * that a key changes in one place.
 */
import { globSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { newBookingId, newSeatPlanId, newShowtimeId, newUserId } from "@holdfast/domain";
import { expect, it } from "vitest";
import * as keys from "./keys.ts";

const root = fileURLToPath(new URL("../../..", import.meta.url));
const [showtimeId, userId] = [newShowtimeId(), newUserId()];

/** One key of each kind, without its hash tag. */
const kinds = [
	...Object.values(keys.bucketKeys(0)),
	...Object.values(keys.showtimeKeys(showtimeId)),
	...Object.values(keys.deniedKeys(0)),
	keys.bookingKey(newBookingId(showtimeId)),
	keys.userIndexKey(0, userId),
	keys.idempotencyKey(userId, showtimeId, "k"),
	keys.planKey(0, newSeatPlanId()),
	keys.attemptsKey("log-in", "x"),
].map((key) => key.replace(/^\{[^}]*\}:/, "").split(":")[0]);
const names = [...new Set(kinds)].join("|");

/**
 * Matches `{b7}:ob`, `${tag}:st:`, `*:denied`, `bk:${id}`. Does not match `{bN}:`, as comments write it, nor `{b}:`, hostile
 * input of the fuzzer.
 */
const KEY_LITERAL = new RegExp(`(?<!\\{bN?)[}*]:(${names})\\b|["\`](${names}):\\$\\{`);
const WHOLE_KEYS = ["health:write"];

function findLiterals(file: string, text: string): string[] {
	const isLiteral = (line: string) => KEY_LITERAL.test(line) || WHOLE_KEYS.some((key) => line.includes(key));
	return text.split("\n").flatMap((line, index) => (isLiteral(line) ? [`${file}:${index + 1}: ${line.trim()}`] : []));
}

it("no TypeScript file except keys.ts contains a literal Redis key", () => {
	const files = globSync("{apps,packages,bench}/**/*.ts", { cwd: root, exclude: (name) => name.includes("node_modules") });
	expect(files.length).toBeGreaterThan(500);
	const others = files.filter((file) => !/seat-store\/src\/(keys|key-literals\.test)\.ts$/.test(file));
	expect(others.flatMap((file) => findLiterals(file, readFileSync(`${root}/${file}`, "utf8")))).toEqual([]);
});

/** `#` stands for `$`, because biome does not allow `${` in a plain string. */
it.each([
	"`{b#{bucket}}:ob`",
	'"{b1}:bk:7"',
	"`#{tag}:st:#{id}:meta`",
	'"CHANNELS *:denied"',
	"`bk:#{id}`",
	"`plan:#{id}`",
	'"EXISTS {b1}:swept"',
])("finds the literal key in %s", (written) => {
	const line = written.replaceAll("#", "$");
	expect(findLiterals("a.ts", line)).toEqual([`a.ts:1: ${line}`]);
});
