/** For tests that restart a Redis: its clients connect again by themselves, some time later. */
import { waitUntil } from "@holdfast/testing";
import type { SeatStore } from "../seat-store.ts";

/** Resolves when the store reaches its Redis again. */
export function untilReachable(store: SeatStore): Promise<true> {
	return waitUntil("the seat store to reach Redis again", () =>
		store.ping().then(
			() => true,
			() => false,
		),
	);
}
