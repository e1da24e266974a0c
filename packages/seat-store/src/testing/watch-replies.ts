/** For tests of this room: which status words each script has replied, so that a suite can tell whether it saw them all. */
import type { Redis } from "ioredis";
import { expect } from "vitest";
import type { Script } from "../define-script.ts";
import { ALL_SCRIPTS, type SendScript } from "./inject-clock.ts";

/** Status words by script name, in the order they came. */
export type Replies = ReadonlyMap<string, string[]>;

/** The words of the fence: every script that has them is in the table of try-fenced-scripts.ts. */
export const FENCE_WORDS: readonly string[] = ["not_ready", "fenced", "recovering"];

export const newReplies = (): Replies => new Map(ALL_SCRIPTS.map(({ name }) => [name, []]));

const nameOf = new Map(ALL_SCRIPTS.flatMap(({ sha, source, name }) => [[sha, name] as const, [source, name] as const]));

/** From now on every status that a script replies through `redis` is added to `replies`. Call it after `injectClock`. */
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

/** Whether a script stands behind the fence. */
export const isFenced = ({ statuses }: Script): boolean => statuses.includes("fenced");

/** Every status that the headers of these scripts declare was seen; those of the fence are seen by its own suite. */
export function expectEveryReply(replies: Replies, scripts: readonly Script[]): void {
	for (const script of scripts) {
		const isOurs = (status: string) => !(isFenced(script) && FENCE_WORDS.includes(status));
		const seen = new Set(replies.get(script.name)?.filter(isOurs));
		expect([...seen].sort(), `statuses of ${script.name}.lua that this suite saw`).toEqual(script.statuses.filter(isOurs).sort());
	}
}
