/** Sends raw bytes to a server and parses its response, without an HTTP client that would correct either of them. */
import { connect } from "node:net";

/** A parsed response. */
export type RawAnswer = { readonly status: number; readonly headers: Record<string, string>; readonly body: string };
/** `hung_up`: the server closed the connection without a response. `silent`: no response arrived in time. */
export type RawOutcome = ({ readonly outcome: "answered" } & RawAnswer) | { readonly outcome: "hung_up" | "silent" };

/**
 * Sends the bytes over a new connection and returns the first response. `isHead`: the response has no body, whatever its headers say.
 * Never rejects.
 */
export function sendRaw(port: number, bytes: Buffer, options: { isHead: boolean; deadlineMs: number }): Promise<RawOutcome> {
	return new Promise((resolve) => {
		let received = Buffer.alloc(0);
		const socket = connect({ host: "127.0.0.1", port }, () => socket.write(bytes));
		const end = (outcome: RawOutcome): void => {
			clearTimeout(timer);
			socket.destroy();
			resolve(outcome);
		};
		const timer = setTimeout(() => end({ outcome: "silent" }), options.deadlineMs);
		socket.on("data", (chunk) => {
			received = Buffer.concat([received, chunk]);
			const answer = parseAnswer(received, options.isHead, false);
			if (answer !== null) end({ outcome: "answered", ...answer });
		});
		socket.on("close", () => {
			const answer = parseAnswer(received, options.isHead, true);
			end(answer === null ? { outcome: "hung_up" } : { outcome: "answered", ...answer });
		});
		// A server that answers before it has read everything resets the connection. Its response still counts.
		socket.on("error", () => {});
	});
}

/** The response once it is complete; null before. */
function parseAnswer(received: Buffer, isHead: boolean, isClosed: boolean): RawAnswer | null {
	const headEnd = received.indexOf("\r\n\r\n");
	if (headEnd === -1) return null;
	const [statusLine = "", ...lines] = received.subarray(0, headEnd).toString("latin1").split("\r\n");
	const status = Number(/^HTTP\/1\.1 (\d{3})/.exec(statusLine)?.[1]);
	const rest = received.subarray(headEnd + 4);
	if (status < 200) return parseAnswer(rest, isHead, isClosed);
	const headers: Record<string, string> = {};
	for (const line of lines) {
		const [name = "", ...value] = line.split(":");
		headers[name.toLowerCase()] = value.join(":").trim();
	}
	// An event stream does not end, so its headers count as the response.
	if (isHead || status === 204 || status === 304 || headers["content-type"]?.startsWith("text/event-stream"))
		return { status, headers, body: "" };
	const body = readBody(rest, headers, isClosed);
	return body === null ? null : { status, headers, body };
}

function readBody(rest: Buffer, headers: Record<string, string>, isClosed: boolean): string | null {
	if (headers["content-length"] !== undefined) {
		const length = Number(headers["content-length"]);
		return rest.length >= length ? rest.subarray(0, length).toString() : null;
	}
	if (headers["transfer-encoding"] !== "chunked") return isClosed ? rest.toString() : null;
	const parts: Buffer[] = [];
	for (let at = 0; ; ) {
		const lineEnd = rest.indexOf("\r\n", at);
		if (lineEnd === -1) return null;
		const size = Number.parseInt(rest.subarray(at, lineEnd).toString(), 16);
		if (size === 0) return Buffer.concat(parts).toString();
		if (rest.length < lineEnd + 4 + size) return null;
		parts.push(rest.subarray(lineEnd + 2, lineEnd + 2 + size));
		at = lineEnd + 4 + size;
	}
}
