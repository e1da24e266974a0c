/** What an operator says about acknowledgements, and what a process does that is told to serve on a Redis that cannot keep them. */
import type { SettingsReader } from "@holdfast/runtime";
import { createSeatStore, type SeatStoreOptions } from "./create-seat-store.ts";
import { ACK_LEVELS, type Durability, type DurabilityOptions, type ServerCondition } from "./verify-durability.ts";

/** ACK_LEVEL and I_ACCEPT_LOSING_CONFIRMED_BOOKINGS. */
export function readDurabilitySettings(reader: SettingsReader): DurabilityOptions {
	return {
		ackLevel: reader.choice("ACK_LEVEL", ACK_LEVELS),
		acceptsLoss: reader.choice("I_ACCEPT_LOSING_CONFIRMED_BOOKINGS", ["true", "false"]) === "true",
	};
}

/**
 * What to print when a process must not start on this Redis; null when it may. A Redis that is not there is no reason not
 * to start: the store looks at it when it comes, and refuses writes then. Nor is a missing replica: it may be connected later.
 */
export async function findReasonNotToStart(options: Omit<SeatStoreOptions, "log">): Promise<string | null> {
	return reasonOf(await lookOnce(options));
}

/** The same for somebody who starts everything at once and waits until it works: no replica will come by itself. */
export async function findReasonNeverToWork(options: Omit<SeatStoreOptions, "log">): Promise<string | null> {
	const look = await lookOnce(options);
	const { replicasOnline, replicasNeeded } = look.condition;
	if (replicasOnline !== null && replicasOnline < replicasNeeded)
		return "ACK_LEVEL=replica, and Redis has no replica: no confirm would be acknowledged. Connect a replica to it, or set ACK_LEVEL=local.";
	return reasonOf(look);
}

type Look = { readonly durability: Durability; readonly condition: ServerCondition; readonly oldKey: string | null };

async function lookOnce(options: Omit<SeatStoreOptions, "log">): Promise<Look> {
	const store = createSeatStore(options);
	const oldKey = await store.findOldKey().catch(() => null);
	const look = { durability: store.durability(), condition: store.condition(), oldKey };
	await store.close();
	return look;
}

function reasonOf({ durability: { status, flaws }, condition: { role }, oldKey }: Look): string | null {
	if (oldKey !== null)
		return `Redis holds data of an older layout (${oldKey}), which this version does not read. Begin with a new data folder: DATA_DIR=.data-new npm start (see CHANGELOG.md).`;
	if (status !== "refused") return null;
	// Nothing can be set on a replica that would make it take writes.
	if (role === "replica")
		return "Redis is a replica, which takes no writes: point REDIS_URL at its primary, or promote it (REPLICAOF NO ONE).";
	return [
		"Redis does not keep what is confirmed:",
		...flaws.map((flaw) => `- ${flaw}`),
		"Mend it (CONFIG SET, then CONFIG REWRITE), or start with I_ACCEPT_LOSING_CONFIRMED_BOOKINGS=true.",
	].join("\n");
}
