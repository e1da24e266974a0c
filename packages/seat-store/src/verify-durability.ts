/**
 * Checks whether a Redis server keeps what it acknowledges: its settings, its role, its replicas, and that a script can read its
 * replication id. The server is inspected on each new connection and once a second afterwards.
 */
import type { Redis } from "ioredis";
import { assertPrimary, createRoleCheck } from "./check-role.ts";
import { createMisconfigurationFinder, type ServerFindings } from "./find-misconfigurations.ts";
import type { LinkLog } from "./keep-connected.ts";

/**
 * When a confirm or cancel is acknowledged. `local`: when this Redis has it on disk; it survives a crash of every process and of
 * the machine. `replica`: when a replica has it too; it survives the loss of the primary, if that replica is promoted.
 */
export const ACK_LEVELS = ["local", "replica"] as const;
/** One of `ACK_LEVELS`. */
export type AckLevel = (typeof ACK_LEVELS)[number];

/**
 * Whether the server keeps what it acknowledges. `refused`: it does not, and writes fail. `accepted`: it does not, and the
 * operator accepts that. `unknown`: no server was inspected yet.
 */
export type Durability = { readonly status: "unknown" | "ok" | "refused" | "accepted"; readonly misconfigurations: readonly string[] };

/** Role and replicas of the server at the last inspection. */
export type ServerCondition = {
	readonly role: "unknown" | "primary" | "replica";
	/** Replicas that follow the primary; null before the first inspection. */
	readonly replicasOnline: number | null;
	/** Number of replicas that must have a write before it is acknowledged. */
	readonly replicasNeeded: number;
};

/** What the operator expects from acknowledgements. */
export type DurabilityOptions = {
	/**
	 * Not set: `local`, unless the server has a replica at the start. A replica suggests that the operator expects more, so the
	 * choice must be explicit.
	 */
	readonly ackLevel?: AckLevel | undefined;
	/** Misconfigurations are logged as warnings, and writes are allowed. */
	readonly acceptsLoss?: boolean | undefined;
	/** Read from a replica instead of looking for the primary; writes are refused there. For proofs, which inspect a replica on purpose. */
	readonly readsReplica?: boolean | undefined;
};

/** Inspects servers and remembers the result of the last inspection. */
export type DurabilityCheck = {
	/**
	 * Inspects the server behind a connection. Rejects with `DemotedServer` on a replica, and with the connection error when the
	 * connection is lost.
	 */
	inspect(redis: Redis): Promise<void>;
	/** Inspects the server the first time, and afterwards only its role: another connection repeats the full inspection. */
	inspectOnce(redis: Redis): Promise<void>;
	/** Returns why writes are refused, or null when they are not. */
	refusal(): string | null;
	state(): Durability;
	condition(): ServerCondition;
};

const CHOICES =
	"ACK_LEVEL=local (confirms are answered when this Redis has them on disk; failing over to a replica may lose some) or " +
	"ACK_LEVEL=replica (confirms are answered when a replica has them too)";

/** Creates a check that has inspected no server yet. */
export function createDurabilityCheck(
	{ ackLevel, acceptsLoss = false, readsReplica = false }: DurabilityOptions,
	log: LinkLog,
): DurabilityCheck {
	const findMisconfigurations = createMisconfigurationFinder();
	const checkRole = createRoleCheck();
	const inspected = new WeakSet<Redis>();
	const replicasNeeded = ackLevel === "replica" ? 1 : 0;
	let state: Durability = { status: "unknown", misconfigurations: [] };
	let condition: ServerCondition = { role: "unknown", replicasOnline: null, replicasNeeded };
	/** ACK_LEVEL is not set, and the first inspection found no replica, so the operator need not choose. */
	let isLocalByDefault = false;

	/** Connected replicas at the last inspection. */
	let replicas: number | null = null;

	function checkReplicas({ replicasConnected, replicasOnline }: ServerFindings): string[] {
		const hasChanged = replicasConnected !== replicas;
		replicas = replicasConnected;
		if (replicasOnline < replicasNeeded && hasChanged)
			log.warn({ effect: "every confirm and cancel answers outcome_unknown" }, "redis replica missing");
		if (ackLevel !== undefined) return [];
		if (replicas === 0) isLocalByDefault = true;
		else if (!isLocalByDefault) return [`${replicas} connected replica(s), but ACK_LEVEL is not set: set ${CHOICES}`];
		else if (hasChanged)
			log.warn({ replicas, ackLevel: "local", fix: `set ${CHOICES}` }, "redis replica connected while ACK_LEVEL is not set");
		return [];
	}

	function updateState(misconfigurations: readonly string[], isReplica: boolean): void {
		const hasChanged = misconfigurations.join() !== state.misconfigurations.join();
		if (misconfigurations.length === 0) {
			if (hasChanged) log.info("redis durability restored");
			state = { status: "ok", misconfigurations };
		} else if (acceptsLoss && !isReplica) {
			if (hasChanged)
				log.warn({ misconfigurations, acceptedBy: "I_ACCEPT_LOSING_CONFIRMED_BOOKINGS" }, "REDIS MAY LOSE CONFIRMED BOOKINGS");
			state = { status: "accepted", misconfigurations };
		} else {
			if (hasChanged) log.error({ misconfigurations }, "redis misconfigured, writes refused");
			state = { status: "refused", misconfigurations };
		}
	}

	async function inspect(redis: Redis): Promise<void> {
		const findings = await findMisconfigurations(redis);
		const { misconfigurations, role, replicasOnline } = findings;
		updateState([...misconfigurations, ...checkReplicas(findings)], role === "slave");
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
		refusal: () => (state.status === "refused" ? `redis can lose confirmed bookings: ${state.misconfigurations.join("; ")}` : null),
		state: () => state,
		condition: () => condition,
	};
}

function nameOf(role: string | undefined): ServerCondition["role"] {
	if (role === "slave") return "replica";
	return role === "master" ? "primary" : "unknown";
}
