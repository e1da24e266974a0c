/**
 * One entry of a list that cannot be read does not take the list down: it is left out, logged with its id and counted. An outage of a
 * store is no such thing: it fails the list as a whole, and the client asks again.
 */
import { DatabaseOutcomeUnknown, isDatabaseUnavailable } from "@holdfast/database";
import { type Logger, QueueFull } from "@holdfast/runtime";
import { SeatStoreFault } from "@holdfast/seat-store";

/** Logs and counts an entry that was left out of a list. */
export type ReportUnreadable = (kind: "booking" | "showtime", id: string, error: unknown) => void;

export function createUnreadableReport(log: Pick<Logger, "error">, counter: { inc(): void }): ReportUnreadable {
	return (kind, id, error) => {
		counter.inc();
		log.error({ err: error, [`${kind}Id`]: id }, "unreadable entry left out of a list");
	};
}

/** What `present` makes of each item, in their order, without those that it throws for. Rejects when a store is out of reach. */
export async function presentReadable<Item extends { readonly id: string }, Shown>(
	items: readonly Item[],
	present: (item: Item) => Shown | Promise<Shown>,
	leaveOut: (id: string, error: unknown) => void,
): Promise<Shown[]> {
	const attempts = await Promise.all(
		items.map(async (item): Promise<{ shown: Shown } | null> => {
			try {
				return { shown: await present(item) };
			} catch (error) {
				if (isOutage(error)) throw error;
				leaveOut(item.id, error);
				return null;
			}
		}),
	);
	return attempts.filter((attempt) => attempt !== null).map(({ shown }) => shown);
}

/** Whether a store or a queue is to blame, and not what was read. */
function isOutage(error: unknown): boolean {
	return (
		error instanceof SeatStoreFault || error instanceof DatabaseOutcomeUnknown || error instanceof QueueFull || isDatabaseUnavailable(error)
	);
}
