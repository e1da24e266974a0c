/** Server-Sent Events out of a stream of bytes (WHATWG HTML, 9.2.6), as far as they carry data. */
import { createParser } from "eventsource-parser";

export type ServerSentEvent = { readonly event: string; readonly id: string; readonly data: string };

/** The API sends no event as long as this. */
const EVENT_MAX_CHARS = 1_000_000;

/**
 * Yields events until the stream ends. `onBytes` is called for whatever arrives, comments too: the stream lives. Throws what the
 * stream fails with, and at an event longer than `EVENT_MAX_CHARS`.
 */
export async function* readEvents(stream: ReadableStream<Uint8Array>, onBytes: () => void): AsyncGenerator<ServerSentEvent> {
	const reader = stream.getReader();
	const decoder = new TextDecoder();
	const parsed: ServerSentEvent[] = [];
	const parser = createParser({
		maxBufferSize: EVENT_MAX_CHARS,
		onEvent: ({ event = "message", id = "", data }) => parsed.push({ event, id, data }),
		onError(error) {
			// Fields that this version does not know are skipped, as the standard wants.
			if (error.type === "max-buffer-size-exceeded") throw error;
		},
	});
	try {
		for (;;) {
			const { done, value } = await reader.read();
			if (done) return;
			onBytes();
			parser.feed(decoder.decode(value, { stream: true }));
			yield* parsed.splice(0);
		}
	} finally {
		await reader.cancel().catch(() => {});
	}
}
