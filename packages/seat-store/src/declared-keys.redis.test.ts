/**
 * Every script touches the keys that it declares and no others, all in one Cluster slot, and reads the time at most once. MONITOR
 * on a one-node cluster shows this; a plain Redis would accept an undeclared key.
 */
import { expect, it } from "vitest";
import { createAuthStore } from "./auth-store.ts";
import { tagOf } from "./bucket-tags.ts";
import type { Script } from "./define-script.ts";
import { ALL_SCRIPTS } from "./testing/inject-clock.ts";
import { openTestStore, type TestStore } from "./testing/open-test-store.ts";
import { useEveryCommand } from "./testing/use-every-command.ts";

type Run = { script: Script | undefined; declared: string[]; touched: Set<string>; times: number };

/** The keys among the arguments of a command. The commands that our scripts use have one key first, only keys, or none. */
function keysOf([command = "", ...args]: string[]): string[] {
	const name = command.toUpperCase();
	if (name === "TIME" || name === "INFO") return [];
	return name === "DEL" || name === "RENAME" ? args : args.slice(0, 1);
}

/** Records script runs until the returned function is called, which returns the runs. */
async function monitorScripts({ redis, store }: TestStore): Promise<() => Promise<Run[]>> {
	// All other connections must be open first: ioredis fails on a MONITOR line that arrives before the OK of its MONITOR command.
	await Promise.all([redis.ping(), store.ping()]);
	const monitor = await redis.monitor();
	const runs: Run[] = [];
	let hasEnded = () => {};
	const ended = new Promise<void>((resolve) => {
		hasEnded = resolve;
	});
	monitor.on("monitor", (_time: string, args: string[], source: string) => {
		const [command = "", script = "", count = "0", ...rest] = args;
		if (/^eval(sha)?$/i.test(command)) {
			// A script without keys only queries the server, and must not touch any key.
			const known = ALL_SCRIPTS.find(({ sha }) => sha === script);
			runs.push({ script: known, declared: rest.slice(0, Number(count)), touched: new Set(), times: 0 });
		} else if (source === "lua") {
			const run = runs.at(-1);
			if (command.toUpperCase() === "TIME" && run) run.times += 1;
			for (const key of keysOf(args)) run?.touched.add(key);
		} else if (command === "echo") hasEnded();
	});
	return async () => {
		await redis.echo("end");
		await ended;
		monitor.disconnect();
		return runs;
	};
}

const TAGS = new Set(Array.from({ length: 256 }, (_, bucket) => tagOf(bucket)));
/** The only keys that may lie outside the buckets; their own names decide the slot. */
const OUTSIDE_BUCKETS = /^attempts:/;

async function useAuthStore(url: string): Promise<void> {
	const auth = createAuthStore({ url });
	await auth.countAttempt("account", "subject", 1_000);
	await auth.deny("a family", Date.now() + 60_000);
	auth.close();
}

it("every script touches only the keys it declares, all of one slot, and reads the time at most once", async () => {
	const test = await openTestStore({ cluster: true });
	// Loaded in advance, so that every run is an EVALSHA.
	for (const { source } of ALL_SCRIPTS) await test.redis.script("LOAD", source);
	const stopMonitor = await monitorScripts(test);
	await useEveryCommand(test, test.store);
	const runs = await stopMonitor();
	await useAuthStore(test.server.url);
	await test.store.isWritable();
	const keys = await test.redis.keys("*");
	await test.stop();

	expect(
		keys.filter((key) => !TAGS.has(key.split(":")[0] ?? "") && !OUTSIDE_BUCKETS.test(key)),
		"keys outside the buckets that are not allowed to be there",
	).toEqual([]);

	for (const { script, declared, touched, times } of runs) {
		expect(
			[...touched].filter((key) => !declared.includes(key)),
			`undeclared keys that ${script?.name} touches`,
		).toEqual([]);
		expect(new Set([...declared].map((key) => /\{(.*?)\}/.exec(key)?.[1])).size).toBeLessThanOrEqual(1);
		expect(times, `how often ${script?.name} reads the time`).toBeLessThanOrEqual(1);
	}
	for (const script of ALL_SCRIPTS) {
		const mine = runs.filter((run) => run.script === script);
		const never = script.keys.filter((_, i) => !mine.some(({ declared, touched }) => touched.has(declared[i] ?? "")));
		expect(never, `keys that ${script.name} declares and never touches`).toEqual([]);
	}
});
