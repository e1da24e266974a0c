/** Work on one thing after the other, so that one which makes no sense does not keep the others back. */
import type { Logger } from "@holdfast/runtime";

/**
 * Run `work` for each item, in their order. An item that cannot be worked on because its own data in Redis makes no sense is logged
 * with `fieldsOf` it and passed over; every other failure, an outage above all, ends the round.
 */
export async function runEach<Item>(
	items: readonly Item[],
	work: (item: Item) => Promise<void>,
	{ log, fieldsOf }: { log: Pick<Logger, "error">; fieldsOf: (item: Item) => object },
): Promise<void> {
	for (const item of items) {
		try {
			await work(item);
		} catch (error) {
			if (!isUnreadable(error)) throw error;
			log.error({ err: error, ...fieldsOf(item) }, "unreadable data passed over");
		}
	}
}

/** A script or a parser gave up on what it found. Servers that refuse a command reject with a `SeatStoreFault` instead. */
function isUnreadable(error: unknown): boolean {
	return error instanceof Error && (error.name === "ReplyError" || error.message.startsWith("broken invariant"));
}
