/**
 * Whether the Redis behind a connection keeps what it acknowledges: its settings, its role, its replicas, and that a script
 * can tell one history of it from another. What cannot be verified counts as missing.
 */
import type { Redis } from "ioredis";
import { inspectServer } from "./inspect-server.ts";
import type { LinkLog } from "./link.ts";
import { readText } from "./reply.ts";

/**
 * When confirm and cancel answer. `local`: when this Redis has it on disk; survives a crash of every process and of the
 * machine. `replica`: when a replica has it too; survives the loss of the primary, if that replica is promoted.
 */
export const ACK_LEVELS = ["local", "replica"] as const;
export type AckLevel = (typeof ACK_LEVELS)[number];

/** `accepted`: flawed, and the operator said so be it. `unknown`: no server was seen yet. */
export type Durability = { readonly status: "unknown" | "ok" | "refused" | "accepted"; readonly flaws: readonly string[] };

export type DurabilityOptions = {
	/** Absent: `local`, unless a replica shows that somebody expects more. */
	readonly ackLevel?: AckLevel | undefined;
	/** Flaws are warned of and endured. */
	readonly acceptsLoss?: boolean | undefined;
};

export type DurabilityCheck = {
	/** Look at the server behind a connection. Gives the sentence to refuse writes with, or null. Rejects when the connection does. */
	inspect(redis: Redis): Promise<string | null>;
	/** As of the last look. */
	state(): Durability;
};

/** Measured: `everysec` lost 1,909 of 4,068 acknowledged writes on a kill -9 with a slow fsync, `always` none. */
const NEEDED_CONFIG = {
	appendonly: "yes",
	appendfsync: "always",
	"no-appendfsync-on-rewrite": "no",
	"maxmemory-policy": "noeviction",
} as const;

/** Scripts judge by the replication id whether the seats they see are of this server's history. */
const FENCE_PROBE = `#!lua flags=no-writes
return string.match(redis.call('INFO', 'replication'), 'master_replid:(%x+)')`;

const CHOICES =
	"ACK_LEVEL=local (confirms are answered when this Redis has them on disk; failing over to a replica may lose some) or " +
	"ACK_LEVEL=replica (confirms are answered when a replica has them too)";

export function createDurabilityCheck({ ackLevel, acceptsLoss = false }: DurabilityOptions, log: LinkLog): DurabilityCheck {
	let state: Durability = { status: "unknown", flaws: [] };
	/** ACK_LEVEL was not set, and no replica was there to be asked about. */
	let isLocalByDefault = false;

	function judgeReplicas(replicas: number): string[] {
		if (ackLevel === "replica" && replicas === 0) log.warn("no replica is connected: every confirm will be answered outcome_unknown");
		if (ackLevel !== undefined) return [];
		if (replicas === 0) isLocalByDefault = true;
		else if (!isLocalByDefault) return [`${replicas} connected replica(s) and no ACK_LEVEL: set ${CHOICES}`];
		else log.warn({ replicas }, `replicas came while ACK_LEVEL is not set, so it stays local: set ${CHOICES}`);
		return [];
	}

	return {
		async inspect(redis) {
			const { flaws, replicas } = await findFlaws(redis);
			flaws.push(...judgeReplicas(replicas));
			const isNews = flaws.join() !== state.flaws.join();
			if (flaws.length === 0) {
				if (isNews) log.info("redis keeps what is confirmed again");
				state = { status: "ok", flaws };
				return null;
			}
			if (acceptsLoss) {
				if (isNews) log.warn({ flaws }, "REDIS MAY LOSE CONFIRMED BOOKINGS, and I_ACCEPT_LOSING_CONFIRMED_BOOKINGS says so be it");
				state = { status: "accepted", flaws };
				return null;
			}
			if (isNews) log.error({ flaws }, "redis does not keep what is confirmed: writes are refused");
			state = { status: "refused", flaws };
			return `redis does not keep what is confirmed: ${flaws.join("; ")}`;
		},
		state: () => state,
	};
}

async function findFlaws(redis: Redis): Promise<{ flaws: string[]; replicas: number }> {
	const flaws: string[] = [];
	const [replication, probed] = await Promise.all([
		tryTo(() => inspectServer(redis, "replication")),
		tryTo(() => redis.eval(FENCE_PROBE, 0)),
		...Object.entries(NEEDED_CONFIG).map(async ([name, needed]) => {
			const read = await tryTo(() => redis.config("GET", name));
			const value = Array.isArray(read.value) ? read.value[1] : undefined;
			if (value !== needed) flaws.push(`${name} ${describe(value, read.refusal)}; it must be ${needed}`);
		}),
	]);
	const { role, master_replid: replid, connected_slaves: replicas } = replication.value ?? {};
	if (role !== "master") flaws.push(`role ${describe(role, replication.refusal)}; it must be master`);
	if (replid === undefined || probed.value !== replid) {
		flaws.push(`the replication id that a script reads ${describe(probed.value, probed.refusal)}; it must be the server's own`);
	}
	return { flaws, replicas: Number(replicas ?? 0) };
}

const describe = (value: unknown, refusal?: string): string =>
	value === undefined || value === null ? `cannot be verified (${refusal ?? "no answer"})` : `is ${readText(value)}`;

/** What the server refuses to answer is a finding; that it does not answer at all is the connection's end. */
async function tryTo<T>(ask: () => Promise<T>): Promise<{ value?: T; refusal?: string }> {
	try {
		return { value: await ask() };
	} catch (error) {
		if (error instanceof Error && error.name === "ReplyError") return { refusal: error.message };
		throw error;
	}
}
