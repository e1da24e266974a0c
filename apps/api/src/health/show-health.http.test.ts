import { sendInlineCommand } from "@holdfast/local-stack";
import { timeWork, waitUntil } from "@holdfast/testing";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { expectNoQuery } from "../testing/provoke.ts";
import { bookingIn, problemIn } from "../testing/read-answers.ts";
import { startTestApi, type TestApi } from "../testing/start-test-api.ts";
import { writeAllHeartbeats } from "../testing/write-all-heartbeats.ts";

const SWEEPER_TTL_MS = 60_000;

let api: TestApi;
beforeAll(async () => {
	api = await startTestApi();
});
afterAll(() => api.close());

const checksIn = (body: unknown) =>
	Object.fromEntries(Object.entries(Object(body).checks).map(([name, check]) => [name, Object(check).status]));

describe("200", () => {
	it("health is degraded while no sweeper reports, and ok when one does", async () => {
		const before = await api.call("GET /health");
		expect([before.status, Object(before.body).status, checksIn(before.body)]).toEqual([
			200,
			"degraded",
			{ redis: "ok", writes: "ok", durability: "ok", replicas: "ok", postgres: "ok", sweeper: "failed", outbox: "ok" },
		]);
		await writeAllHeartbeats(api.seatStore, SWEEPER_TTL_MS);
		const after = await api.call("GET /health");
		expect([after.status, Object(after.body).status]).toEqual([200, "ok"]);
		expect(after.body).toMatchObject({
			checks: {
				redis: { role: "primary" },
				replicas: { online: 0, needed: 0 },
				postgres: { isWritable: true },
				sweeper: { settleLagMs: 0, limitMs: 30_000 },
				outbox: { depth: 0, limit: 200_000 },
			},
		});
	});

	it("health is degraded without Postgres, because bookings still work", async () => {
		const withoutPostgres = await api.startAnother({ databaseUrl: "postgres://127.0.0.1:9/nothing" });
		const { status, body } = await withoutPostgres.call("GET /health");
		expect([status, Object(body).status, checksIn(body).postgres]).toEqual([200, "degraded", "failed"]);
	});
});

describe("concurrent health requests", () => {
	it("share one check at a time, however many they are", async () => {
		let checks = 0;
		const crowded = await api.startAnother({
			wrapStore: (store) => ({
				...store,
				ping() {
					checks += 1;
					return store.ping();
				},
			}),
		});
		const answers = await Promise.all(Array.from({ length: 500 }, () => crowded.call("GET /health")));
		expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
		expect(checks).toBe(1);
		await crowded.call("GET /health");
		expect(checks).toBe(2);
	});
});

describe("400 invalid_request", () => {
	it("refuses a query parameter at /health", () => expectNoQuery(api, "GET /health"));
});

describe("503", () => {
	it("health is down while an outbox is full, and not one entry earlier", async () => {
		const [user, showtimeId] = [await api.newUser(), await api.newShowtime({ bucket: 5 })];
		const [full, almost] = [await api.startAnother({ limits: { outboxMax: 1 } }), await api.startAnother({ limits: { outboxMax: 2 } })];
		expect((await full.call("GET /health")).status).toBe(200);
		const { id } = bookingIn(await api.hold(user, showtimeId, ["A1"]));
		await api.call(`POST /bookings/${id}/confirm`, { token: user.token });
		const { status, body } = await full.call("GET /health");
		expect([status, Object(body).status, checksIn(body).outbox, Object(body).checks.outbox.depth]).toEqual([503, "down", "failed", 1]);
		expect((await almost.call("GET /health")).status).toBe(200);
	});

	it("health is down while Redis may lose acknowledged writes, and recovers after the configuration is corrected", async () => {
		await sendInlineCommand(api.redis.port, "CONFIG SET appendfsync everysec");
		const misconfigured = await api.startAnother();
		const { status, body } = await misconfigured.call("GET /health");
		expect([status, Object(body).status, checksIn(body).redis, checksIn(body).durability]).toEqual([503, "down", "ok", "failed"]);
		const refused = await misconfigured.hold(await api.newUser(), await api.newShowtime(), ["A1"]);
		expect([refused.status, problemIn(refused).code]).toEqual([503, "unavailable"]);
		await sendInlineCommand(api.redis.port, "CONFIG SET appendfsync always");
		await waitUntil("the corrected configuration to be detected", async () => (await misconfigured.call("GET /health")).status === 200);
	});

	it("health is down within 2 s after Redis is killed and up within 2 s after its return, while /livez answers 200", async () => {
		await api.redis.kill();
		const { value: down, tookMs: untilDownMs } = await timeWork(() => api.call("GET /health"));
		expect([down.status, Object(down.body).status, checksIn(down.body).redis]).toEqual([503, "down", "failed"]);
		expect(untilDownMs).toBeLessThan(2_000);
		expect((await api.call("GET //livez")).body).toEqual({ status: "ok" });

		await api.redis.restart();
		const isUp = async () => (await api.call("GET /health")).status === 200;
		const { tookMs: untilUpMs } = await timeWork(() => waitUntil("health to be up", isUp));
		expect(untilUpMs).toBeLessThan(2_000);
	});
});
