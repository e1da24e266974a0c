/** Parses Server-Sent Events from a byte stream (WHATWG HTML, 9.2.6). Comments and events without data are skipped. */
import { createParser } from "eventsource-parser";

/** One event. `event` is `message` and `id` is empty if the server did not set them. */
export type ServerSentEvent = { readonly event: string; readonly id: string; readonly data: string };

/** The events of the API are shorter. */
const EVENT_MAX_CHARS = 1_000_000;

/**
 * Yields events until the stream ends. Calls `onBytes` for every chunk, including comments, as a sign that the connection works. Throws
 * the error of a stream that fails, and throws if an event is longer than `EVENT_MAX_CHARS`.
 */
export async function* readEvents(stream: ReadableStream<Uint8Array>, onBytes: () => void): AsyncGenerator<ServerSentEvent> {
	const reader = stream.getReader();
	const decoder = new TextDecoder();
	const parsed: ServerSentEvent[] = [];
	const parser = createParser({
		maxBufferSize: EVENT_MAX_CHARS,
		onEvent: ({ event = "message", id = "", data }) => parsed.push({ event, id, data }),
		onError(error) {
			// Unknown fields are ignored, as the standard requires.
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
