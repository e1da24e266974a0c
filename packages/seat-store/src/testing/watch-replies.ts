/** Records which statuses each script replies, so that a test suite can check that it has seen all of them. */
import type { Redis } from "ioredis";
import { expect } from "vitest";
import type { Script } from "../define-script.ts";
import { ALL_SCRIPTS, type SendScript } from "./inject-clock.ts";

/** Statuses by script name, in the order of the replies. */
export type Replies = ReadonlyMap<string, string[]>;

/** The statuses with which the fence refuses. Every script that can reply them is in the table of try-fenced-scripts.ts. */
export const FENCE_STATUSES: readonly string[] = ["not_ready", "fenced", "recovering"];

/** An empty list of statuses for every script. */
export const newReplies = (): Replies => new Map(ALL_SCRIPTS.map(({ name }) => [name, []]));

const nameOf = new Map(ALL_SCRIPTS.flatMap(({ sha, source, name }) => [[sha, name] as const, [source, name] as const]));

/** Adds every status that a script replies on this connection to `replies`, from now on. Call after `injectClock`. */
export function watchReplies(redis: Redis, replies: Replies): void {
	const watch =
		(send: SendScript): SendScript =>
		async (script, ...rest) => {
			const reply = await send(script, ...rest);
			const [status]: unknown[] = Array.isArray(reply) ? reply : [];
			if (typeof status === "string") replies.get(nameOf.get(script) ?? "")?.push(status);
			return reply;
		};
	Object.assign(redis, { evalsha: watch(redis.evalsha.bind(redis)), eval: watch(redis.eval.bind(redis)) });
}

/** Whether the script checks the fence. */
export const isFenced = ({ statuses }: Script): boolean => statuses.includes("fenced");

/**
 * Checks that every status in the headers of these scripts was replied at least once. The statuses of the fence are left out:
 * fence.redis.test.ts covers them.
 */
export function expectEveryReply(replies: Replies, scripts: readonly Script[]): void {
	for (const script of scripts) {
		const isOurs = (status: string) => !(isFenced(script) && FENCE_STATUSES.includes(status));
		const seen = new Set(replies.get(script.name)?.filter(isOurs));
		expect([...seen].sort(), `statuses of ${script.name}.lua that this suite saw`).toEqual(script.statuses.filter(isOurs).sort());
	}
}
