/**
 * How much of what was written to a socket its peer has taken. Node shows only what it has handed to libuv (`bytesWritten`), and a large write
 * as one piece until the whole of it is done (`writableLength`). Two deeper looks are needed:
 *
 * - libuv's write queue, which Node's own socket timeout uses: the handle's `writeQueueSize`. It moves when the kernel takes bytes.
 * - The kernel takes bytes only when a third of its send buffer is free: some 0.9 MB on loopback, up to 1.4 MB anywhere. In between
 *   a slow reader looks like one that reads nothing. On Linux, `/proc/net/tcp` says what the peer has not acknowledged yet.
 */
import { readlinkSync } from "node:fs";
import { readFile } from "node:fs/promises";
import type { Socket } from "node:net";

/** `waiting`: bytes that the kernel has not taken. `taken`: bytes that it has, since the connection began. */
export type WriteProgress = { readonly waiting: number; readonly taken: number };

/** Null for a socket that is closed, or of another kind than TCP and pipes. */
export function readWriteProgress(socket: Socket): WriteProgress | null {
	const handle: unknown = Reflect.get(socket, "_handle");
	const waiting = numberIn(handle, "writeQueueSize");
	const written = numberIn(handle, "bytesWritten");
	return waiting === null || written === null ? null : { waiting, taken: written - waiting };
}

/** Names the socket in the kernel's tables; null where there are none, or when the socket is closed. */
export function inodeOf(socket: Socket): string | null {
	const fd = numberIn(Reflect.get(socket, "_handle"), "fd");
	if (fd === null || fd < 0) return null;
	try {
		return /^socket:\[(\d+)\]$/.exec(readlinkSync(`/proc/self/fd/${fd}`))?.[1] ?? null;
	} catch {
		return null;
	}
}

/** The kernel's tables, and how long an address is in them. */
const TABLES = [
	{ path: "/proc/self/net/tcp", addressChars: 8 },
	{ path: "/proc/self/net/tcp6", addressChars: 32 },
];
/** `sl: local remote state tx_queue:rx_queue timer:when retransmits uid timeout inode`, of which the fifth and the last are kept. */
const TABLE_LINE = / *\d+: \S+ \S+ \S+ ([\dA-F]+):\S+ \S+ \S+ +\d+ +\d+ (\d+) /y;
const NOTHING_QUEUED = "00000000:";

/**
 * Bytes that the peers of these sockets have not acknowledged, by inode. A socket of which nothing is left is not in it; nor is any where the kernel does not say. Costs some
 * 5 microseconds per TCP socket of the machine, half of them outside the event loop, because the kernel gives 4 KB at a time.
 */
export async function readUnacknowledged(inodes: ReadonlySet<string>): Promise<ReadonlyMap<string, number>> {
	const found = new Map<string, number>();
	for (const { path, addressChars } of TABLES) {
		const text = await readFile(path, "latin1").catch(() => "");
		for (let start = text.indexOf("\n") + 1; start > 0 && start < text.length; start = text.indexOf("\n", start) + 1) {
			// Nearly all sockets have nothing queued: the fixed columns up to there are skipped unread.
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
