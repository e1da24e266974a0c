/**
 * Lets a test set the clock that the scripts use. While a clock is set, a variant of each script runs that differs from production only in
 * its include `now`: it takes the time from an additional last argument instead of TIME.
 */
import { readFileSync } from "node:fs";
import { assert } from "@holdfast/runtime";
import type { Redis } from "ioredis";
import { defineScript, type Script } from "../define-script.ts";
import { SCRIPT_NAMES } from "../scripts/signatures.ts";

const folder = new URL("../scripts/", import.meta.url);

/** Every script of the seat store, in alphabetical order. */
export const ALL_SCRIPTS: readonly Script[] = SCRIPT_NAMES.map((name) => defineScript(name));

const productionNow = readFileSync(new URL("include/now.lua", folder), "utf8").trimEnd();
const injectedNow = `local injected_now = tonumber(table.remove(ARGV))
local function now_ms()
	return injected_now
end`;

/** The variants by the SHA of the production script. A script that does not read the time has no variant. */
const variants = new Map(
	ALL_SCRIPTS.filter(({ source }) => source.includes("now_ms()")).map(({ name, sha, source }) => {
		const variant = source.replace(productionNow, injectedNow);
		assert(!variant.includes("'TIME'"), `the variant of ${name}.lua still reads TIME`);
		return [sha, variant];
	}),
);

/** The signature of EVALSHA and EVAL in the form in which this package calls them. */
export type SendScript = (script: string, keyCount: number, ...keysAndArgs: (string | number)[]) => Promise<unknown>;

/** Makes scripts and TIME on this connection use the time that `clock` returns, epoch ms, or the server's while `clock` returns null. */
export function injectClock(redis: Redis, clock: () => number | null): void {
	const evalsha: SendScript = redis.evalsha.bind(redis);
	const time = redis.time.bind(redis);
	Object.assign(redis, {
		evalsha: ((sha, keyCount, ...rest) => {
			const [nowMs, variant] = [clock(), variants.get(sha)];
			if (nowMs === null || variant === undefined) return evalsha(sha, keyCount, ...rest);
			return redis.eval(variant, keyCount, ...rest, nowMs);
		}) satisfies SendScript,
		time: () => {
			const nowMs = clock();
			return nowMs === null ? time() : Promise.resolve([Math.floor(nowMs / 1000), (nowMs % 1000) * 1000]);
		},
	});
}
