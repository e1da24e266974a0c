/**
 * Whether the Redis behind a connection keeps what it acknowledges: its settings, its role, its replicas, and that a script
 * can tell one history of it from another. Looked at on each new connection and once a second after.
 */
import type { Redis } from "ioredis";
import { assertPrimary, createRoleCheck } from "./check-role.ts";
import { createDurabilityFlawFinder, type Findings } from "./find-durability-flaws.ts";
import type { LinkLog } from "./keep-connected.ts";

/**
 * When confirm and cancel answer. `local`: when this Redis has it on disk; survives a crash of every process and of the
 * machine. `replica`: when a replica has it too; survives the loss of the primary, if that replica is promoted.
 */
export const ACK_LEVELS = ["local", "replica"] as const;
export type AckLevel = (typeof ACK_LEVELS)[number];

/** `accepted`: flawed, and the operator said so be it. `unknown`: no server was seen yet. */
export type Durability = { readonly status: "unknown" | "ok" | "refused" | "accepted"; readonly flaws: readonly string[] };

/** What the server was at the last look. */
export type ServerCondition = {
	readonly role: "unknown" | "primary" | "replica";
	/** Replicas that follow; null before the first look. */
	readonly replicasOnline: number | null;
	/** Replicas without which nothing is acknowledged at this ACK_LEVEL. */
	readonly replicasNeeded: number;
};

export type DurabilityOptions = {
	/** Absent: `local`, unless a replica shows that somebody expects more. */
	readonly ackLevel?: AckLevel | undefined;
	/** Flaws are warned of and endured. */
	readonly acceptsLoss?: boolean | undefined;
	/** Read from a replica instead of looking for the primary; writes are refused there. For proofs, which look at one on purpose. */
	readonly readsReplica?: boolean | undefined;
};

export type DurabilityCheck = {
	/** Look at the server behind a connection. Rejects with `DemotedServer` on a replica, and when the connection does. */
	inspect(redis: Redis): Promise<void>;
	/** The same at a connection's first look, and its role alone at every later one: another connection looks at the rest. */
	inspectOnce(redis: Redis): Promise<void>;
	/** The sentence to refuse writes with, or null. As of the last look, as are the other two. */
	refusal(): string | null;
	state(): Durability;
	condition(): ServerCondition;
};

const CHOICES =
	"ACK_LEVEL=local (confirms are answered when this Redis has them on disk; failing over to a replica may lose some) or " +
	"ACK_LEVEL=replica (confirms are answered when a replica has them too)";

export function createDurabilityCheck(
	{ ackLevel, acceptsLoss = false, readsReplica = false }: DurabilityOptions,
	log: LinkLog,
): DurabilityCheck {
	const findFlaws = createDurabilityFlawFinder();
	const checkRole = createRoleCheck();
	const inspected = new WeakSet<Redis>();
	const replicasNeeded = ackLevel === "replica" ? 1 : 0;
	let state: Durability = { status: "unknown", flaws: [] };
	let condition: ServerCondition = { role: "unknown", replicasOnline: null, replicasNeeded };
	/** ACK_LEVEL was not set, and no replica was there to be asked about. */
	let isLocalByDefault = false;

	/** Connected, at the last look. */
	let replicas: number | null = null;

	function judgeReplicas({ replicasConnected, replicasOnline }: Findings): string[] {
		const isNews = replicasConnected !== replicas;
		replicas = replicasConnected;
		if (replicasOnline < replicasNeeded && isNews) log.warn("no replica is connected: every confirm will be answered outcome_unknown");
		if (ackLevel !== undefined) return [];
		if (replicas === 0) isLocalByDefault = true;
		else if (!isLocalByDefault) return [`${replicas} connected replica(s) and no ACK_LEVEL: set ${CHOICES}`];
		else if (isNews) log.warn({ replicas }, `replicas came while ACK_LEVEL is not set, so it stays local: set ${CHOICES}`);
		return [];
	}

	function judge(flaws: readonly string[], isReplica: boolean): void {
		const isNews = flaws.join() !== state.flaws.join();
		if (flaws.length === 0) {
			if (isNews) log.info("redis keeps what is confirmed again");
			state = { status: "ok", flaws };
		} else if (acceptsLoss && !isReplica) {
			if (isNews) log.warn({ flaws }, "REDIS MAY LOSE CONFIRMED BOOKINGS, and I_ACCEPT_LOSING_CONFIRMED_BOOKINGS says so be it");
			state = { status: "accepted", flaws };
		} else {
			if (isNews) log.error({ flaws }, "redis does not keep what is confirmed: writes are refused");
			state = { status: "refused", flaws };
		}
	}

	async function inspect(redis: Redis): Promise<void> {
		const findings = await findFlaws(redis);
		const { flaws, role, replicasOnline } = findings;
		judge([...flaws, ...judgeReplicas(findings)], role === "slave");
		condition = { role: nameOf(role), replicasOnline, replicasNeeded };
		if (!readsReplica) assertPrimary(role);
	}

	return {
		inspect,
		async inspectOnce(redis) {
			if (inspected.has(redis)) return checkRole(redis);
			await inspect(redis);
			inspected.add(redis);
		},
		refusal: () => (state.status === "refused" ? `redis does not keep what is confirmed: ${state.flaws.join("; ")}` : null),
		state: () => state,
		condition: () => condition,
	};
}

function nameOf(role: string | undefined): ServerCondition["role"] {
	if (role === "slave") return "replica";
	return role === "master" ? "primary" : "unknown";
}
