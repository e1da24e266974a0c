/** Test helpers for connection tests: Redis servers, proxies, clients that read a server directly, and the result of a call as a word. */
import { openTestProxy, startTestRedis, type TestProxy, type TestRedis } from "@holdfast/testing";
import { Redis } from "ioredis";
import { afterEach } from "vitest";
import { SeatStoreFault } from "../fault.ts";

/** Returns helpers that open servers, proxies and clients, and closes those after each test in reverse order. Call once per test file. */
export function openTestServers() {
	const toClose: (() => unknown)[] = [];
	afterEach(async () => {
		for (const close of toClose.splice(0).reverse()) await close();
	});

	/** Also closes `opened` after the test, and returns it. */
	function closeLater<Opened extends { readonly close: () => unknown }>(opened: Opened): Opened {
		toClose.push(opened.close);
		return opened;
	}

	return {
		closeLater,
		async start(options: Parameters<typeof startTestRedis>[0] = {}): Promise<TestRedis> {
			const server = await startTestRedis(options);
			// Killed first: a replica that is still writing its first append-only file refuses a clean shutdown.
			toClose.push(() => server.kill().then(server.stop));
			return server;
		},
		/** Opens a separate client for the server, apart from the connections under test. */
		openClient({ url }: TestRedis): Redis {
			const redis = new Redis(url);
			redis.on("error", () => {});
			toClose.push(() => redis.disconnect());
			return redis;
		},
		openProxy: async (port: number): Promise<TestProxy> => closeLater(await openTestProxy(port)),
	};
}

/** Resolves to `done`, or to the kind of the `SeatStoreFault` that the call rejected with. Rejects with any other error. */
export async function faultKindOf(call: Promise<unknown>): Promise<string> {
	try {
		await call;
		return "done";
	} catch (error) {
		if (error instanceof SeatStoreFault) return error.kind;
		throw error;
	}
}
