/** For tests: a TCP client on loopback that writes any bytes and reads at a given speed. */
import { connect } from "node:net";

/** An open connection. */
export type RawClient = {
	write(bytes: string): void;
	/** Sends FIN and continues to read. */
	halfClose(): void;
	/** Everything that has arrived so far, as latin1. */
	received(): string;
	pause(): void;
	resume(): void;
	/** Resolves when the connection was closed or reset. */
	readonly over: Promise<"closed" | "reset">;
	destroy(): void;
};

/** Connects to `port`. `bytesPerSecond`: the reading speed, a kilobyte at a time; 0 reads nothing. Default: reads everything at once. */
export function openRawClient(port: number, { bytesPerSecond }: { bytesPerSecond?: number } = {}): RawClient {
	const chunks: Buffer[] = [];
	const buffer = Buffer.alloc(1024);
	const socket = connect({
		host: "127.0.0.1",
		port,
		...(bytesPerSecond !== undefined && {
			onread: {
				buffer,
				callback(length: number) {
					chunks.push(Buffer.from(buffer.subarray(0, length)));
					setTimeout(() => socket.resume(), (length / bytesPerSecond) * 1_000);
					socket.pause();
					return true;
				},
			},
		}),
	});
	if (bytesPerSecond === 0) socket.pause();
	else socket.on("data", (chunk: Buffer) => chunks.push(chunk));
	const over = new Promise<"closed" | "reset">((resolve) => {
		socket.on("error", () => resolve("reset"));
		socket.on("close", () => resolve("closed"));
	});
	return {
		write: (bytes) => void socket.write(bytes),
		halfClose: () => void socket.end(),
		received: () => Buffer.concat(chunks).toString("latin1"),
		pause: () => void socket.pause(),
		resume: () => void socket.resume(),
		over,
		destroy: () => void socket.destroy(),
	};
}

/** The bytes of `count` pipelined GET requests for `/0`, `/1`, ..., starting at `/<from>`. */
export const requestsFor = (count: number, from = 0): string =>
	Array.from({ length: count }, (_, place) => `GET /${from + place} HTTP/1.1\r\nhost: x\r\n\r\n`).join("");
