/**
 * Renders lists so that one unreadable entry does not fail the whole list: the entry is left out, logged with its id and counted. An
 * outage of a store is different: it fails the whole list, and the client can retry.
 */
import { DatabaseOutcomeUnknown, isDatabaseUnavailable } from "@holdfast/database";
import { type Logger, QueueFull } from "@holdfast/runtime";
import { SeatStoreFault } from "@holdfast/seat-store";

/** Logs and counts an entry that was left out of a list because of `error`. */
export type ReportUnreadable = (kind: "booking" | "showtime", id: string, error: unknown) => void;

/** Returns a report that logs to `log` and increments `counter`. */
export function createUnreadableReport(log: Pick<Logger, "error">, counter: { inc(): void }): ReportUnreadable {
	return (kind, id, error) => {
		counter.inc();
		log.error({ err: error, [`${kind}Id`]: id }, "unreadable entry left out of a list");
	};
}

/** Returns the results of `present` in the order of `items`. Leaves out items for which it throws. Rejects when a store is unavailable. */
export async function presentSkippingUnreadable<Item extends { readonly id: string }, Shown>(
	items: readonly Item[],
	present: (item: Item) => Shown | Promise<Shown>,
	onUnreadable: (id: string, error: unknown) => void,
): Promise<Shown[]> {
	const attempts = await Promise.all(
		items.map(async (item): Promise<{ shown: Shown } | null> => {
			try {
				return { shown: await present(item) };
			} catch (error) {
				if (isOutage(error)) throw error;
				onUnreadable(item.id, error);
				return null;
			}
		}),
	);
	return attempts.filter((attempt) => attempt !== null).map(({ shown }) => shown);
}

/** True if a store or a full queue caused the error, and not the item. */
function isOutage(error: unknown): boolean {
	return (
		error instanceof SeatStoreFault || error instanceof DatabaseOutcomeUnknown || error instanceof QueueFull || isDatabaseUnavailable(error)
	);
}
