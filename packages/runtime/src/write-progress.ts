/**
 * Measures how many written bytes the peer of a socket has accepted. Node's public counters are too coarse: `bytesWritten` counts bytes
 * passed to libuv, and `writableLength` counts a large write in full until all of it is done. Two other sources are needed:
 *
 * - libuv's write queue, which Node's own socket timeout uses: the handle's `writeQueueSize`. It shrinks when the kernel accepts bytes.
 * - The kernel accepts bytes only when a third of its send buffer is free: some 0.9 MB on loopback, at most 1.4 MB. Until then a slow
 *   reader looks like a client that reads nothing. On Linux, `/proc/net/tcp` shows the bytes that the peer has not acknowledged yet.
 */
import { readlinkSync } from "node:fs";
import { readFile } from "node:fs/promises";
import type { Socket } from "node:net";

/** `waiting`: bytes that the kernel has not accepted yet. `taken`: bytes that it has accepted since the connection began. */
export type WriteProgress = { readonly waiting: number; readonly taken: number };

/** The progress of a socket's writes; null if the socket is closed or is neither TCP nor a pipe. */
export function readWriteProgress(socket: Socket): WriteProgress | null {
	const handle: unknown = Reflect.get(socket, "_handle");
	const waiting = numberIn(handle, "writeQueueSize");
	const written = numberIn(handle, "bytesWritten");
	return waiting === null || written === null ? null : { waiting, taken: written - waiting };
}

/** The socket's inode, which identifies it in the kernel's tables; null if the socket is closed or the system has no such tables. */
export function inodeOf(socket: Socket): string | null {
	const fd = numberIn(Reflect.get(socket, "_handle"), "fd");
	if (fd === null || fd < 0) return null;
	try {
		return /^socket:\[(\d+)\]$/.exec(readlinkSync(`/proc/self/fd/${fd}`))?.[1] ?? null;
	} catch {
		return null;
	}
}

/** The kernel's tables, and the length of an address in each. */
const TABLES = [
	{ path: "/proc/self/net/tcp", addressChars: 8 },
	{ path: "/proc/self/net/tcp6", addressChars: 32 },
];
/** `sl: local remote state tx_queue:rx_queue timer:when retransmits uid timeout inode`. Captures `tx_queue` and `inode`. */
const TABLE_LINE = / *\d+: \S+ \S+ \S+ ([\dA-F]+):\S+ \S+ \S+ +\d+ +\d+ (\d+) /y;
const NOTHING_QUEUED = "00000000:";

/**
 * The number of bytes that the peer of each socket has not acknowledged, by inode. Sockets without such bytes are left out; on systems
 * without these tables the map is empty. Takes about 5 microseconds per TCP socket of the machine, half of it outside the event loop,
 * because the kernel returns 4 KB per read.
 */
export async function readUnacknowledged(inodes: ReadonlySet<string>): Promise<ReadonlyMap<string, number>> {
	const found = new Map<string, number>();
	for (const { path, addressChars } of TABLES) {
		const text = await readFile(path, "latin1").catch(() => "");
		for (let start = text.indexOf("\n") + 1; start > 0 && start < text.length; start = text.indexOf("\n", start) + 1) {
			// Nearly all sockets have nothing queued: skip their lines without parsing them.
			const queueColumn = text.indexOf(":", start) + ": ".length + 2 * (addressChars + ":PORT ".length) + "ST ".length;
			if (text.startsWith(NOTHING_QUEUED, queueColumn)) continue;
			TABLE_LINE.lastIndex = start;
			const [, queue = "", inode = ""] = TABLE_LINE.exec(text) ?? [];
			if (inodes.has(inode)) found.set(inode, Number.parseInt(queue, 16));
		}
	}
	return found;
}

function numberIn(holder: unknown, name: string): number | null {
	if (typeof holder !== "object" || holder === null) return null;
	const value: unknown = Reflect.get(holder, name);
	return typeof value === "number" ? value : null;
}
