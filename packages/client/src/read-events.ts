/** Server-Sent Events out of a stream of bytes (WHATWG HTML, 9.2.6), as far as they carry data. */

export type ServerSentEvent = { readonly event: string; readonly id: string; readonly data: string };

/** An event longer than this is none of ours. */
const EVENT_MAX_CHARS = 1_000_000;

/** Yields events until the stream ends. `onBytes` is called for whatever arrives, comments too: the stream lives. */
export async function* readEvents(stream: ReadableStream<Uint8Array>, onBytes: () => void): AsyncGenerator<ServerSentEvent> {
	const reader = stream.getReader();
	const decoder = new TextDecoder();
	let text = "";
	try {
		for (;;) {
			const { done, value } = await reader.read();
			if (done) return;
			onBytes();
			text += decoder.decode(value, { stream: true });
			const blocks = text.split(/\r\n\r\n|\n\n|\r\r/);
			text = blocks.pop() ?? "";
			if (text.length > EVENT_MAX_CHARS) throw new Error("an event without an end");
			for (const block of blocks) {
				const event = readEvent(block);
				if (event !== null) yield event;
			}
		}
	} finally {
		await reader.cancel().catch(() => {});
	}
}

function readEvent(block: string): ServerSentEvent | null {
	const fields = { event: "message", id: "", data: [] as string[] };
	for (const line of block.split(/\r\n|\n|\r/)) {
		const [, name, value = ""] = /^([^:]+)(?:: ?(.*))?$/.exec(line) ?? [];
		if (name === "data") fields.data.push(value);
		if (name === "event" || name === "id") fields[name] = value;
	}
	return fields.data.length === 0 ? null : { ...fields, data: fields.data.join("\n") };
}
