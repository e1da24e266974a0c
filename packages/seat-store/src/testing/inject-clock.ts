/**
 * For tests of this room: run the scripts by a clock that a test sets. What runs is a build of each script that differs from
 * production's in its include `now` alone: it takes the time from one more, last argument, so no undeclared key is read.
 */
import { readFileSync } from "node:fs";
import { assert } from "@holdfast/runtime";
import type { Redis } from "ioredis";
import { defineScript, type Script } from "../define-script.ts";
import { SCRIPT_NAMES } from "../scripts/signatures.ts";

const folder = new URL("../scripts/", import.meta.url);

/** Every script there is, in alphabetical order. */
export const ALL_SCRIPTS: readonly Script[] = SCRIPT_NAMES.map((name) => defineScript(name));

const productionNow = readFileSync(new URL("include/now.lua", folder), "utf8").trimEnd();
const injectedNow = `local injected_now = tonumber(table.remove(ARGV))
local function now_ms()
	return injected_now
end`;

/** Builds by the hash of the production script; a script without a clock has none. */
const builds = new Map(
	ALL_SCRIPTS.filter(({ source }) => source.includes("now_ms()")).map(({ name, sha, source }) => {
		const build = source.replace(productionNow, injectedNow);
		assert(!build.includes("'TIME'"), `the build of ${name} has no clock of its own`);
		return [sha, build];
	}),
);

/** As much of EVALSHA and EVAL as scripts are sent with. */
export type SendScript = (script: string, keyCount: number, ...keysAndArgs: (string | number)[]) => Promise<unknown>;

/** From now on the scripts sent through `redis`, and its `time`, see what `clock` gives, epoch ms; null: the server's own clock. */
export function injectClock(redis: Redis, clock: () => number | null): void {
	const evalsha: SendScript = redis.evalsha.bind(redis);
	const time = redis.time.bind(redis);
	Object.assign(redis, {
		evalsha: ((sha, keyCount, ...rest) => {
			const [nowMs, build] = [clock(), builds.get(sha)];
			if (nowMs === null || build === undefined) return evalsha(sha, keyCount, ...rest);
			return redis.eval(build, keyCount, ...rest, nowMs);
		}) satisfies SendScript,
		time: () => {
			const nowMs = clock();
			return nowMs === null ? time() : Promise.resolve([Math.floor(nowMs / 1000), (nowMs % 1000) * 1000]);
		},
	});
}
