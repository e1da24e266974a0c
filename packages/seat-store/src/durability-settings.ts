/** What an operator says about acknowledgements, and what a process does that is told to serve on a Redis that cannot keep them. */
import type { SettingsReader } from "@holdfast/runtime";
import { createSeatStore, type SeatStoreOptions } from "./create-seat-store.ts";
import { ACK_LEVELS, type DurabilityOptions } from "./verify-durability.ts";

/** ACK_LEVEL and I_ACCEPT_LOSING_CONFIRMED_BOOKINGS. */
export function readDurabilitySettings(reader: SettingsReader): DurabilityOptions {
	return {
		ackLevel: reader.choice("ACK_LEVEL", ACK_LEVELS),
		acceptsLoss: reader.choice("I_ACCEPT_LOSING_CONFIRMED_BOOKINGS", ["true", "false"]) === "true",
	};
}

/**
 * What to print when a process must not start on this Redis; null when it may. A Redis that is not there is no reason not
 * to start: the store looks at it when it comes, and refuses writes then.
 */
export async function findReasonNotToStart(options: Omit<SeatStoreOptions, "log">): Promise<string | null> {
	const store = createSeatStore(options);
	await store.ping().catch(() => {});
	const { status, flaws } = store.durability();
	await store.close();
	if (status !== "refused") return null;
	return [
		"Redis does not keep what is confirmed:",
		...flaws.map((flaw) => `- ${flaw}`),
		"Mend it (CONFIG SET, then CONFIG REWRITE), or start with I_ACCEPT_LOSING_CONFIRMED_BOOKINGS=true.",
	].join("\n");
}
