import { connect } from "node:net";
import { waitUntil } from "@holdfast/testing";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { expectNoQuery, UNREACHABLE_POSTGRES } from "../testing/provoke.ts";
import { startTestApi, type TestApi } from "../testing/start-test-api.ts";
import { beginDrain } from "./drain.ts";

let api: TestApi;
beforeAll(async () => {
	api = await startTestApi();
});
afterAll(() => api.close());

describe("200", () => {
	it("/readyz answers ok at once, without Postgres and while Redis is paused", async () => {
		const withoutPostgres = await api.startAnother({ databaseUrl: UNREACHABLE_POSTGRES });
		api.redis.pause();
		const startMs = performance.now();
		const answer = await withoutPostgres.call("GET //readyz");
		api.redis.resume();
		expect([answer.status, answer.body, answer.headers["cache-control"]]).toEqual([200, { status: "ok" }, "no-store"]);
		expect(performance.now() - startMs).toBeLessThan(1_000);
	});
});

describe("400 invalid_request", () => {
	it("refuses a query parameter at /readyz", () => expectNoQuery(api, "GET //readyz"));
});

describe("503", () => {
	it("/readyz answers draining after the drain has started, while other routes are still served", async () => {
		const app = await api.startAnother();
		beginDrain(app.app.server, app.drain);
		const answer = await app.call("GET //readyz");
		expect([answer.status, answer.body]).toEqual([503, { status: "draining" }]);
		expect((await app.call("GET //livez")).status).toBe(200);
		expect((await app.call("GET /movies")).status).toBe(200);
	});

	it("closes a connection with a response, unless a pipelined request behind it would be lost", async () => {
		const app = await api.startAnother();
		await app.app.listen({ host: "127.0.0.1", port: 0 });
		const address = app.app.server.address();
		const port = typeof address === "object" && address !== null ? address.port : 0;
		const get = (path: string) => `GET ${path} HTTP/1.1\r\nhost: x\r\n\r\n`;
		const kept = connect(port, "127.0.0.1");
		let received = "";
		kept.on("data", (chunk) => {
			received += String(chunk);
		});
		const untilAnswered = (count: number) => waitUntil(`${count} answers`, () => received.match(/HTTP\/1\.1 \d/g)?.length === count);
		kept.write(get("/api/v1/movies"));
		await untilAnswered(1);
		beginDrain(app.app.server, app.drain);
		kept.write(get("/readyz").repeat(2) + get("/api/v1/movies").repeat(3) + get("/readyz"));
		await untilAnswered(7);
		expect(received).not.toMatch(/connection: close/i);
		kept.write(get("/api/v1/movies"));
		await untilAnswered(8);
		expect(received.match(/connection: close/gi)).toHaveLength(1);
		await waitUntil("the connection to be closed", () => kept.readableEnded);
	});
});
