/** Records the commands that the API sends to the Redis of a test. */
import { connect } from "node:net";
import { WRITE_PROBE_KEY } from "@holdfast/seat-store/testing";
import { waitUntil } from "@holdfast/testing";
import type { TestApi } from "./start-test-api.ts";

/** One command as Redis received it. `rest`: its arguments as MONITOR prints them, each in quotes. `atMs`: by the clock of Redis. */
export type WatchedCommand = { readonly atMs: number; readonly name: string; readonly rest: string };

/** Whether a command belongs to heartbeats or to the health checks that each process runs once a second. */
const isOfHealth = ({ name, rest }: WatchedCommand) =>
	["ping", "info", "config"].includes(name) || (name === "set" && rest.includes(`"${WRITE_PROBE_KEY}"`));

/** Returns the commands that clients send while `run` runs, in order, without those of scripts and of health checks. */
export async function watchRedis({ redis, authStore }: TestApi, run: () => Promise<unknown>): Promise<WatchedCommand[]> {
	const socket = connect(redis.port, "127.0.0.1");
	let text = "";
	socket.on("data", (chunk) => {
		text += chunk.toString();
	});
	socket.write("MONITOR\r\n");
	await waitUntil("MONITOR to start", () => text.includes("+OK"));
	await run();
	await authStore.countAttempt("end", "of-the-watch", 1_000);
	await waitUntil("the last command to appear", () => text.includes("attempts:end"));
	socket.destroy();
	return [...text.matchAll(/^\+(\S+) \[\d+ (\S+)\] "(\w+)"([^\r\n]*)/gm)]
		.filter(([, , from]) => from !== "lua")
		.map(([, at, , name = "", rest = ""]) => ({ atMs: Number(at) * 1_000, name: name.toLowerCase(), rest }))
		.filter((command) => !isOfHealth(command) && !command.rest.includes("attempts:end"));
}
