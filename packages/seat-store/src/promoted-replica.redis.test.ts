/**
 * A promoted replica may lack writes that its primary acknowledged, so it sells nothing until a rebuild has merged it with the
 * ledger.
 */

import { waitUntil } from "@holdfast/testing";
import { expect, it } from "vitest";
import { commandsOn } from "./testing/commands-on.ts";
import { installSnapshot } from "./testing/install-snapshot.ts";
import { openTestStore } from "./testing/open-test-store.ts";
import { expectAllRefused, expectNoneRefused, openShowtimeWithBookings } from "./testing/try-fenced-scripts.ts";

it("a replica is fenced from its promotion until a rebuild, while its old primary stays open", async () => {
	const primary = await openTestStore();
	const scene = await openShowtimeWithBookings(primary);
	const replica = await openTestStore({ replicaOf: primary.server });
	expect(await commandsOn(replica.redis).readShowtime(scene.showtime.id)).toEqual({ ...scene.showtime, showtimeVersion: 2 });
	await replica.server.promote();
	await waitUntil("the store to use the new primary", () =>
		replica.store.loadBooking(scene.held.booking).then(
			() => true,
			() => false,
		),
	);
	await expectAllRefused(replica, scene, "fenced");
	await expectNoneRefused(primary, await openShowtimeWithBookings(primary));
	expect((await installSnapshot(replica.store, { showtime: scene.showtime, epoch: 2 })).outcome).toBe("installed");
	await expectNoneRefused(replica, scene);
	await replica.stop();
	await primary.stop();
});
