import { setTimeout as delay } from "node:timers/promises";
import { bucketOf, type ShowtimeId } from "@holdfast/domain";
import { SeatStoreFault } from "@holdfast/seat-store";
import { showtimeKeys } from "@holdfast/seat-store/testing";
import { askRedis, insertShowtimes, waitUntil } from "@holdfast/testing";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startTestApi, type TestApi, type TestApp } from "../testing/start-test-api.ts";
import { watchRedis } from "../testing/watch-redis.ts";

const HOUR_MS = 60 * 60 * 1000;

let api: TestApi;
let showtimeIds: readonly ShowtimeId[];
beforeAll(async () => {
	api = await startTestApi();
	showtimeIds = (await insertShowtimes(api.databaseUrl, { count: 40, startsInMs: 50 * HOUR_MS })).showtimeIds;
});
afterAll(() => api.close());

/** An installed showtime that no earlier test has used. */
async function openShowtime(): Promise<ShowtimeId> {
	const id = await api.newShowtime({ startsInMs: 40 * HOUR_MS });
	expect((await api.call(`GET /showtimes/${id}`)).status).toBe(200);
	return id;
}

/** The counts of each showtime in a list of all of them. */
async function listCounts(app: TestApp, path = "/showtimes"): Promise<ReadonlyMap<string, unknown>> {
	const answer = await app.call(`GET ${path}?limit=100`);
	expect(answer.status).toBe(200);
	return new Map(Object(answer.body).items.map(({ id, counts }: { id: string; counts: unknown }) => [id, counts]));
}

const counts = { total: 100, available: 100, held: 0, sold: 0, blocked: 0, quarantined: 0 };

describe("the counts in a list of showtimes", () => {
	it("are those of GET /showtimes/{id}, under both paths, and null for a showtime that is not installed", async () => {
		const id = await openShowtime();
		const user = await api.newUser();
		const { id: bought } = await api.held(user, id, ["A1", "A2"]);
		await api.call(`POST /bookings/${bought}/confirm`, { token: user.token });
		await api.held(user, id, ["B1"]);
		const { counts: shown } = Object((await api.call(`GET /showtimes/${id}`)).body);
		expect(shown).toEqual({ ...counts, available: 97, held: 1, sold: 2 });
		const app = await api.startAnother();
		const listed = await listCounts(app);
		expect([listed.get(id), listed.size, listed.get(showtimeIds[0] ?? "")]).toEqual([shown, 41, null]);
		const [row] = await api.sql(`select movie_id from showtimes where id = '${id}'`);
		expect(await listCounts(app, `/movies/${row?.movie_id}/showtimes`)).toEqual(new Map([[id, shown]]));
	});

	it("follow a change within about a second", async () => {
		const id = await openShowtime();
		expect((await listCounts(api)).get(id)).toEqual(counts);
		await api.held(await api.newUser(), id, ["A1"]);
		await waitUntil("the hold to be counted", async () => Object((await listCounts(api)).get(id)).held === 1, 2_000);
	});

	it("count the seats of a hold that has expired as available, although no process has reaped it", async () => {
		const id = await openShowtime();
		const brief = await api.startAnother({ limits: { holdTtlMs: 1_000 } });
		const { expiresAt } = await brief.held(await api.newUser(), id, ["A1", "A2"]);
		await waitUntil("the hold to expire", () => Date.now() > Date.parse(expiresAt) + 20, 2_000);
		expect((await listCounts(await api.startAnother())).get(id)).toEqual(counts);
		expect(await askRedis(api.redis.port, "ZCARD", showtimeKeys(id).expiry)).toBe(":1");
	});

	it("open no showtime: nothing is written to Redis and no epoch rises in Postgres", async () => {
		const keysBefore = await askRedis(api.redis.port, "DBSIZE");
		const epochs = async () => (await api.sql("select sum(redis_epoch) as sum from showtimes"))[0]?.sum;
		const epochsBefore = await epochs();
		const app = await api.startAnother();
		const commands = await watchRedis(api, async () => {
			const listed = await listCounts(app);
			for (const id of showtimeIds) expect(listed.get(id)).toBeNull();
			expect(await askRedis(api.redis.port, "DBSIZE")).toBe(keysBefore);
		});
		const sent = commands.filter(({ rest }) => showtimeIds.some((id) => rest.includes(id)));
		expect(new Set(sent.map(({ name }) => name))).toEqual(new Set(["evalsha"]));
		expect(sent).toHaveLength(new Set(showtimeIds.map(bucketOf)).size);
		expect(await epochs()).toBe(epochsBefore);
		for (const id of showtimeIds) expect(await api.seatStore.readShowtime(id)).toBeNull();
	});

	it("are read once per second and showtime at most, however many lists ask at once", async () => {
		const app = await api.startAnother();
		const ids = [await openShowtime(), ...showtimeIds];
		let lists = 0;
		const startedMs = Date.now();
		const commands = await watchRedis(api, async () => {
			while (Date.now() - startedMs < 2_300) {
				await Promise.all(Array.from({ length: 10 }, () => listCounts(app)));
				lists += 10;
				await delay(50);
			}
		});
		expect(lists).toBeGreaterThanOrEqual(30);
		for (const id of ids) {
			const asked = commands.filter(({ rest }) => rest.includes(`${id}:map`)).map(({ atMs }) => atMs);
			expect(asked.length).toBeGreaterThanOrEqual(2);
			const gaps = asked.slice(1).map((atMs, i) => atMs - (asked[i] ?? 0));
			// The process sends them 1,000 ms apart. Redis may receive the first with a delay.
			for (const gap of gaps) expect(gap).toBeGreaterThan(600);
		}
	});

	it("are null for a showtime that is being rebuilt, and for one that was installed on another server", async () => {
		const [claimed, foreign, open] = [await openShowtime(), await openShowtime(), await openShowtime()];
		await api.seatStore.claimShowtime(claimed, { token: "another process", ledgerEpoch: 9 });
		await askRedis(api.redis.port, "HSET", showtimeKeys(foreign).meta, "replid", "another");
		const listed = await listCounts(await api.startAnother());
		expect([listed.get(claimed), listed.get(foreign), listed.get(open)]).toEqual([null, null, counts]);
	});

	it("are null for a showtime whose map cannot be read, which is reported, and complete for the others", async () => {
		const [broken, open] = [await openShowtime(), await openShowtime()];
		await askRedis(api.redis.port, "SETRANGE", showtimeKeys(broken).map, "0", "?");
		const app = await api.startAnother();
		const listed = await listCounts(app);
		expect([listed.get(broken), listed.get(open)]).toEqual([null, counts]);
		expect((await app.app.inject("/metrics")).payload).toMatch(/^holdfast_unreadable_total\S* 1$/m);
		await api.sql(`update showtimes set state = 'cancelled' where id = '${broken}'`);
	});

	it("are null only for the buckets that cannot be read, whatever the error", async () => {
		const open = await openShowtime();
		const others = await Promise.all(Array.from({ length: 6 }, () => openShowtime()));
		const failing = (error: Error) =>
			api.startAnother({
				wrapStore: (seatStore) => ({
					...seatStore,
					readSeatMaps: async (bucket, ids) => {
						if (bucket === bucketOf(open)) throw error;
						return seatStore.readSeatMaps(bucket, ids);
					},
				}),
			});
		for (const error of [new SeatStoreFault("unavailable", "this server is lost"), new Error("broken invariant")]) {
			const listed = await listCounts(await failing(error));
			for (const id of others) expect(listed.get(id)).toEqual(bucketOf(id) === bucketOf(open) ? null : counts);
			expect(listed.get(open)).toBeNull();
		}
	});
});

describe("a list of showtimes while Redis does not answer", () => {
	it("is complete without counts, waits for Redis a fifth of a second at most, and once for all lists of a second", async () => {
		const own = await startTestApi();
		const id = await own.newShowtime();
		await own.call(`GET /showtimes/${id}`);
		expect((await listCounts(own)).get(id)).toEqual(counts);
		own.redis.pause();
		const timed = async () => {
			const startedMs = performance.now();
			const listed = await listCounts(own);
			return { shown: listed.get(id), tookMs: performance.now() - startedMs };
		};
		const first = await waitUntil("the counts to be too old", async () => {
			const list = await timed();
			return list.shown === null ? list : null;
		});
		const others = [];
		for (let list = 0; list < 5; list += 1) others.push(await timed());
		own.redis.resume();
		expect(first.tookMs).toBeGreaterThan(150);
		expect(first.tookMs).toBeLessThan(1_500);
		for (const { shown } of others) expect(shown).toBeNull();
		expect(Math.min(...others.map(({ tookMs }) => tookMs))).toBeLessThan(150);
		await waitUntil("the counts to return", async () => (await timed()).shown !== null);
		await own.redis.kill();
		await waitUntil("the counts to be too old", async () => (await timed()).shown === null);
		await own.close();
	});
});
