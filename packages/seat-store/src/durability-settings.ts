/** Reads the settings for acknowledgements, and decides whether a process may start on a Redis that can lose acknowledged writes. */
import type { SettingsReader } from "@holdfast/runtime";
import { createSeatStore, type SeatStoreOptions } from "./create-seat-store.ts";
import { ACK_LEVELS, type Durability, type DurabilityOptions, type ServerCondition } from "./verify-durability.ts";

/** Reads ACK_LEVEL and I_ACCEPT_LOSING_CONFIRMED_BOOKINGS. */
export function readDurabilitySettings(reader: SettingsReader): DurabilityOptions {
	return {
		ackLevel: reader.choice("ACK_LEVEL", ACK_LEVELS),
		acceptsLoss: reader.choice("I_ACCEPT_LOSING_CONFIRMED_BOOKINGS", ["true", "false"]) === "true",
	};
}

/**
 * Returns the text to print when a process must not start on this Redis, or null when it may. A Redis that cannot be reached does
 * not prevent the start: the store inspects it later, and refuses writes then if it must. Nor does a missing replica, which may
 * connect later.
 */
export async function findReasonNotToStart(options: Omit<SeatStoreOptions, "log">): Promise<string | null> {
	return reasonOf(await inspectRedis(options));
}

/**
 * Like `findReasonNotToStart`, for a script that starts everything at once and waits until it works. There a missing replica also
 * prevents the start, because no replica will connect later.
 */
export async function findReasonNeverToWork(options: Omit<SeatStoreOptions, "log">): Promise<string | null> {
	const inspection = await inspectRedis(options);
	const { replicasOnline, replicasNeeded } = inspection.condition;
	if (replicasOnline !== null && replicasOnline < replicasNeeded)
		return "ACK_LEVEL is replica, but Redis has no replica: no confirm would be acknowledged. Connect a replica to Redis, or set ACK_LEVEL=local.";
	return reasonOf(inspection);
}

type Inspection = { readonly durability: Durability; readonly condition: ServerCondition; readonly oldKey: string | null };

async function inspectRedis(options: Omit<SeatStoreOptions, "log">): Promise<Inspection> {
	const store = createSeatStore(options);
	const oldKey = await store.findOldKey().catch(() => null);
	const inspection = { durability: store.durability(), condition: store.condition(), oldKey };
	await store.close();
	return inspection;
}

function reasonOf({ durability: { status, misconfigurations }, condition: { role }, oldKey }: Inspection): string | null {
	if (oldKey !== null)
		return `Redis holds data of an older layout (${oldKey}) that this version cannot read. Nothing was changed. Start with a new data folder: DATA_DIR=.data-new npm start (see CHANGELOG.md).`;
	if (status !== "refused") return null;
	// No setting makes a replica accept writes, so accepting the loss does not help.
	if (role === "replica")
		return "Redis is a replica, which accepts no writes: point REDIS_URL at its primary, or promote it (REPLICAOF NO ONE).";
	return [
		"Redis can lose confirmed bookings:",
		...misconfigurations.map((misconfiguration) => `- ${misconfiguration}`),
		"Fix this (CONFIG SET, then CONFIG REWRITE), or accept the risk: start with I_ACCEPT_LOSING_CONFIRMED_BOOKINGS=true.",
	].join("\n");
}
