/** For tests of connections: servers, proxies, and clients that look at a server behind the back of what is tested. */
import { openTestProxy, startTestRedis, type TestProxy, type TestRedis } from "@holdfast/testing";
import { Redis } from "ioredis";
import { afterEach } from "vitest";
import { SeatStoreFault } from "../fault.ts";

/** Call it once in a test file. All that a test opens is closed after the test, the last first. */
export function openTestServers() {
	const toClose: (() => unknown)[] = [];
	afterEach(async () => {
		for (const close of toClose.splice(0).reverse()) await close();
	});

	/** Close this, too, after the test. */
	function closeLater<Opened extends { readonly close: () => unknown }>(opened: Opened): Opened {
		toClose.push(opened.close);
		return opened;
	}

	return {
		closeLater,
		async start(options: Parameters<typeof startTestRedis>[0] = {}): Promise<TestRedis> {
			const server = await startTestRedis(options);
			// A replica that still writes its first append-only file refuses to end cleanly.
			toClose.push(() => server.kill().then(server.stop));
			return server;
		},
		/** A client of the server that nothing else uses. */
		look({ url }: TestRedis): Redis {
			const redis = new Redis(url);
			redis.on("error", () => {});
			toClose.push(() => redis.disconnect());
			return redis;
		},
		openProxy: async (port: number): Promise<TestProxy> => closeLater(await openTestProxy(port)),
	};
}

/** What became of a call: the kind of its fault, or `done`. Rejects with what is no fault of a seat store. */
export async function fateOf(call: Promise<unknown>): Promise<string> {
	try {
		await call;
		return "done";
	} catch (error) {
		if (error instanceof SeatStoreFault) return error.kind;
		throw error;
	}
}
