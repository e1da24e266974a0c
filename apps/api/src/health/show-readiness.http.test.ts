import { connect } from "node:net";
import { waitUntil } from "@holdfast/testing";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { expectNoQuery, NOWHERE } from "../testing/provoke.ts";
import { startTestApi, type TestApi } from "../testing/start-test-api.ts";
import { beginDrain } from "./drain.ts";

let api: TestApi;
beforeAll(async () => {
	api = await startTestApi();
});
afterAll(() => api.close());

describe("200", () => {
	it("says that the process takes requests, at once, whatever its stores do", async () => {
		const orphan = await api.another({ databaseUrl: NOWHERE });
		api.redis.pause();
		const startMs = performance.now();
		const answer = await orphan.call("GET //readyz");
		api.redis.resume();
		expect([answer.status, answer.body, answer.headers["cache-control"]]).toEqual([200, { status: "ok" }, "no-store"]);
		expect(performance.now() - startMs).toBeLessThan(1_000);
	});
});

describe("400 invalid_request", () => {
	it("refuses a query, which it does not take", () => expectNoQuery(api, "GET //readyz"));
});

describe("503", () => {
	it("says that the process drains, while everything else is served", async () => {
		const app = await api.another();
		beginDrain(app.app.server, app.drain);
		const answer = await app.call("GET //readyz");
		expect([answer.status, answer.body]).toEqual([503, { status: "draining" }]);
		expect((await app.call("GET //livez")).status).toBe(200);
		expect((await app.call("GET /movies")).status).toBe(200);
	});

	it("ends a connection with an answer, unless what was pipelined behind it would be lost", async () => {
		const app = await api.another();
		await app.app.listen({ host: "127.0.0.1", port: 0 });
		const address = app.app.server.address();
		const port = typeof address === "object" && address !== null ? address.port : 0;
		const get = (path: string) => `GET ${path} HTTP/1.1\r\nhost: x\r\n\r\n`;
		const kept = connect(port, "127.0.0.1");
		let heard = "";
		kept.on("data", (chunk) => {
			heard += String(chunk);
		});
		const untilAnswered = (count: number) => waitUntil(`${count} answers`, () => heard.match(/HTTP\/1\.1 \d/g)?.length === count);
		kept.write(get("/api/v1/movies"));
		await untilAnswered(1);
		beginDrain(app.app.server, app.drain);
		kept.write(get("/readyz").repeat(2) + get("/api/v1/movies").repeat(3) + get("/readyz"));
		await untilAnswered(7);
		expect(heard).not.toMatch(/connection: close/i);
		kept.write(get("/api/v1/movies"));
		await untilAnswered(8);
		expect(heard.match(/connection: close/gi)).toHaveLength(1);
		await waitUntil("the connection to be ended", () => kept.readableEnded);
	});
});
