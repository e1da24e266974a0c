/** Every command runs at the place that it declares. MONITOR shows that each key which one of its calls touches lies there. */
import { expect, it } from "vitest";
import { tagOf } from "./bucket-tags.ts";
import type { Lanes } from "./command.ts";
import { OLD_LAYOUT_KEYS } from "./keys.ts";
import type { Place } from "./place.ts";
import { commandsBy } from "./testing/commands-on.ts";
import { openTestStore, type TestStore } from "./testing/open-test-store.ts";
import { useEveryCommand } from "./testing/use-every-command.ts";

type Call = { readonly place: Place; readonly keys: string[] };

const KEYLESS = new Set(["time", "info", "ping", "multi", "exec"]);

/** The keys that a command names. */
function keysOf([command = "", ...args]: readonly string[]): string[] {
	const name = command.toLowerCase();
	if (KEYLESS.has(name)) return [];
	return /^eval(sha)?$/.test(name) ? args.slice(2, 2 + Number(args[1])) : args.slice(0, name === "exists" ? args.length : 1);
}

/** A lane that runs one call after the other, and announces the place of each call with an ECHO that MONITOR sees. */
async function openMarkedLane({ redis, server }: TestStore) {
	const calls: Call[] = [];
	const connection = redis.duplicate();
	await connection.ping();
	const monitor = await redis.monitor();
	let hasEnded = (): void => {};
	const ended = new Promise<void>((resolve) => {
		hasEnded = resolve;
	});
	let own: string | null = null;
	monitor.on("monitor", (_time: string, args: string[], source: string) => {
		if (args[0] === "echo" && args[1] === "end") hasEnded();
		else if (args[0] === "echo") {
			own = source;
			calls.push({ place: JSON.parse(args[1] ?? ""), keys: [] });
		} else if (source === own) calls.at(-1)?.keys.push(...keysOf(args));
	});
	let last: Promise<unknown> = Promise.resolve();
	const read: Lanes["read"] = (place, run) => {
		const call = last.then(async () => {
			await connection.echo(JSON.stringify(place));
			return run(connection);
		});
		last = call.catch(() => {});
		return call;
	};
	return {
		read,
		async end(): Promise<Call[]> {
			await connection.echo("end");
			await ended;
			monitor.disconnect();
			connection.disconnect();
			await server.stop();
			return calls;
		},
	};
}

/** Whether a key lies at a place. */
function liesAt(key: string, place: Place): boolean {
	if (typeof place === "string") return true;
	return "key" in place ? key === place.key : key.startsWith(`${tagOf(place.bucket)}:`);
}

it("each call of every command touches only keys of the place that the command declares", async () => {
	// Not a cluster, because a cluster refuses the one command that names keys of several slots.
	const test = await openTestStore({ cluster: false });
	const { read, end } = await openMarkedLane(test);
	const commands = commandsBy({ read });
	const used = new Set<string>();
	const counted = new Proxy(commands, {
		get(target, name) {
			used.add(String(name));
			return Reflect.get(target, name);
		},
	});
	const names = Object.keys(commands).sort();
	await useEveryCommand(
		test,
		new Proxy({ ...test.store, ...commands }, { get: (store, name) => Reflect.get(name in commands ? counted : store, name) }),
	);
	await counted.waitForEntries({ timeoutMs: 1 });
	const calls = await end();
	expect([...used].sort()).toEqual(names);
	for (const { place, keys } of calls) {
		expect(
			keys.filter((key) => !liesAt(key, place)),
			`keys of a call at ${JSON.stringify(place)} that lie elsewhere`,
		).toEqual([]);
	}
	// Only the search for keys of the old layout uses keys outside the buckets.
	const outside = calls.flatMap(({ place }) => (typeof place === "object" && "key" in place ? [place.key] : []));
	expect(outside.filter((key) => !OLD_LAYOUT_KEYS.includes(key))).toEqual([]);
	// Every bucket was addressed by a separate call.
	const buckets = calls.flatMap(({ place }) => (typeof place === "object" && "bucket" in place ? [place.bucket] : []));
	expect(new Set(buckets).size).toBe(16);
});
