/** Finds the process that listens on a port of this machine, so that an error message can name it. */
import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import { createServer } from "node:net";

/** Resolves to whether a server could listen on this port of this address now. Port 0 is always free. */
export function isPortFree(host: string, port: number): Promise<boolean> {
	return new Promise((resolve) => {
		const server = createServer();
		server.once("error", () => resolve(false));
		server.listen(port, host, () => server.close(() => resolve(true)));
	});
}

/** A process that listens on a port, with its command line. */
export type PortHolder = { readonly pid: number; readonly command: string };

/** Returns the process that listens on `port`, or null when there is none, it belongs to another user, or this is not Linux. */
export function findPortHolder(port: number): PortHolder | null {
	try {
		const sockets = new Set(["/proc/net/tcp", "/proc/net/tcp6"].flatMap((table) => listeningSockets(table, port)));
		const pid = readdirSync("/proc")
			.filter((name) => /^\d+$/.test(name))
			.find((name) => holdsOneOf(name, sockets));
		if (pid === undefined) return null;
		return { pid: Number(pid), command: readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " ").trim() };
	} catch {
		return null;
	}
}

/** Returns the sockets (`socket:[inode]`) that listen on `port`, from a kernel table (proc(5), /proc/net/tcp). */
function listeningSockets(table: string, port: number): string[] {
	const LISTENING = "0A";
	const suffix = `:${port.toString(16).toUpperCase().padStart(4, "0")}`;
	return readFileSync(table, "utf8")
		.split("\n")
		.map((line) => line.trim().split(/\s+/))
		.filter(([, local, , state]) => state === LISTENING && local?.endsWith(suffix) === true)
		.map((fields) => `socket:[${fields[9]}]`);
}

function holdsOneOf(pid: string, sockets: ReadonlySet<string>): boolean {
	try {
		return readdirSync(`/proc/${pid}/fd`).some((fd) => sockets.has(readLink(`/proc/${pid}/fd/${fd}`)));
	} catch {
		return false; // another user's process
	}
}

function readLink(path: string): string {
	try {
		return readlinkSync(path);
	} catch {
		return "";
	}
}
