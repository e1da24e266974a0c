import { createServer } from "node:net";
import { expect, onTestFinished, test } from "vitest";
import { findFreePort } from "./find-free-port.ts";
import { findPortHolder, isPortFree } from "./find-port-holder.ts";

async function listen(): Promise<number> {
	const server = createServer();
	await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
	onTestFinished(() => void server.close());
	const address = server.address();
	return typeof address === "object" && address !== null ? address.port : 0;
}

test("a port on which a process listens is not free, and findPortHolder names that process", async () => {
	const port = await listen();
	expect(await isPortFree("127.0.0.1", port)).toBe(false);
	if (process.platform === "linux") expect(findPortHolder(port)).toMatchObject({ pid: process.pid });
});

test("a port on which no process listens is free and has no holder", async () => {
	const port = await findFreePort();
	expect(await isPortFree("127.0.0.1", port)).toBe(true);
	expect(findPortHolder(port)).toBeNull();
});
