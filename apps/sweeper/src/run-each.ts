/** Processes items one after the other, and skips items whose data in Redis is unreadable. */
import type { Logger } from "@holdfast/runtime";

/**
 * Runs `work` for each item, in order. An item whose own data in Redis is unreadable is logged, with the fields of `fieldsOf`, and skipped.
 * Every other error, such as an outage, is thrown at once.
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
			log.error({ err: error, ...fieldsOf(item) }, "unreadable data skipped");
		}
	}
}

/** Whether a script or a parser failed on the data that it found. A server that refuses a command causes a `SeatStoreFault` instead. */
function isUnreadable(error: unknown): boolean {
	return error instanceof Error && (error.name === "ReplyError" || error.message.startsWith("broken invariant"));
}
