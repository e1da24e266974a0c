/** Test helper for tests that restart a Redis server, whose clients reconnect by themselves a moment later. */
import { waitUntil } from "@holdfast/testing";
import type { SeatStore } from "../seat-store.ts";

/** Resolves when the seat store reaches its Redis server again. */
export function untilReachable(store: SeatStore): Promise<true> {
	return waitUntil("the seat store to reach Redis again", () =>
		store.ping().then(
			() => true,
			() => false,
		),
	);
}
