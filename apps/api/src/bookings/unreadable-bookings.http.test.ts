/** A booking that cannot be read is left out of its owner's list, logged and counted. The other bookings are listed. */
import { Writable } from "node:stream";
import { DEFAULT_LIMITS, listBuckets, parseBookingId, parseSeatPlanId } from "@holdfast/domain";
import { changeRecord, planKey } from "@holdfast/seat-store/testing";
import { askRedis } from "@holdfast/testing";
import { pino } from "pino";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { recordKey } from "../testing/provoke.ts";
import { bookingsIn, problemIn } from "../testing/read-answers.ts";
import { settleOutboxes } from "../testing/settle-outboxes.ts";
import { startTestApi, type TestApi, type TestApp, type TestUser } from "../testing/start-test-api.ts";

let api: TestApi;
let logged: TestApp;
let lines: string[] = [];
const sink = new Writable({
	write(chunk: Buffer, _encoding, done) {
		lines.push(chunk.toString());
		done();
	},
});
beforeAll(async () => {
	api = await startTestApi();
	logged = await api.startAnother({ logger: pino({ level: "error" }, sink) });
});
afterAll(() => api.close());

let user: TestUser;
/** Ids of five confirmed and recorded bookings, newest first. The tests corrupt the middle one. */
let bought: string[];
beforeEach(async () => {
	user = await api.newUser();
	const showtimeId = await api.newShowtime();
	bought = [];
	for (const seat of ["A1", "A2", "A3", "A4", "A5"]) {
		const { id } = await api.held(user, showtimeId, [seat]);
		await api.call(`POST /bookings/${id}/confirm`, { token: user.token });
		bought.unshift(id);
	}
	await settleOutboxes(api.seatStore, api.databaseUrl);
	lines = [];
});

/** Changes fields in the Redis record of a booking, by default of the middle one. */
async function changeFields(fields: Record<string, string>, id = bought[2]): Promise<void> {
	const bookingId = parseBookingId(id ?? "");
	if (bookingId === null) throw new Error(`${id} is not a booking id`);
	await changeRecord(api.redis.port, bookingId, fields);
}
const record = (fields: Record<string, string>) => () => changeFields(fields);
const redis = async (...words: string[]) => expect(await askRedis(api.redis.port, ...words)).not.toMatch(/^-/);
const sql = (statement: string) => () => api.sql(`${statement} where id = '${bought[2]}'`);

/** Ways to corrupt the middle booking in either store. */
const CASES: [string, () => Promise<unknown>][] = [
	["an amount beyond 2^53 in Redis", record({ amount: "9007199254740993" })],
	["an amount that is not a number in Redis", record({ amount: "1e+16x" })],
	["amounts that do not add up in Redis", record({ amounts: "1" })],
	["a missing owner in Redis", record({ userId: "" })],
	["an unknown state in Redis", record({ state: "SOLD" })],
	["an instant beyond the calendar in Redis", record({ version: "9", createdAt: "9007199254740991" })],
	["a seat that its plan does not have in Redis", record({ version: "9", seats: "100" })],
	["a record that is not JSON in Redis", () => redis("SET", recordKey(bought[2] ?? ""), "{")],
	[
		"a record of another type in Redis",
		async () => {
			await redis("DEL", recordKey(bought[2] ?? ""));
			await redis("SADD", recordKey(bought[2] ?? ""), "x");
		},
	],
	["an instant beyond the calendar in the ledger", sql("update bookings set expires_at = '290000-01-01'")],
	["an infinite instant in the ledger", sql("update bookings set created_at = 'infinity'")],
];

describe.each(CASES)("a booking with %s", (_what, damage) => {
	it("is left out of the list, logged with its id and counted, and the other bookings are listed", async () => {
		await damage();
		const before = await countUnreadable();
		const { items, nextCursor } = bookingsIn(await logged.call("GET /bookings", { token: user.token }));
		expect(items.map(({ id }) => id)).toEqual(bought.filter((_, place) => place !== 2));
		expect(nextCursor).toBeNull();
		expect(await countUnreadable()).toBe(before + 1);
		const [line, ...others] = lines.map((text) => JSON.parse(text));
		expect([line, others]).toEqual([expect.objectContaining({ bookingId: bought[2], msg: "unreadable entry left out of a list" }), []]);
		expect(line.err.message).not.toBe("");
	});

	it.each([1, 2])("does not break the cursor, so that pages of %i list every other booking once", async (limit) => {
		await damage();
		const seen: string[] = [];
		let cursor: string | null = "";
		for (let page = 0; cursor !== null && page < 10; page += 1) {
			const query: string = cursor && `&cursor=${cursor}`;
			const answer = bookingsIn(await logged.call(`GET /bookings?limit=${limit}${query}`, { token: user.token }));
			seen.push(...answer.items.map(({ id }) => id));
			cursor = answer.nextCursor;
		}
		expect(cursor).toBeNull();
		expect(seen).toEqual(bought.filter((_, place) => place !== 2));
	});

	it("answers internal when it is read by its id", async () => {
		await damage();
		expect(problemIn(await logged.call(`GET /bookings/${bought[2]}`, { token: user.token }))).toMatchObject({
			code: "internal",
			status: 500,
		});
		expect((await logged.call(`GET /bookings/${bought[1]}`, { token: user.token })).status).toBe(200);
	});
});

it("a list of only unreadable bookings is an empty page", async () => {
	for (const id of bought) await changeFields({ amount: "9007199254740993" }, id);
	expect(bookingsIn(await logged.call("GET /bookings", { token: user.token }))).toEqual({ items: [], nextCursor: null });
});

it("a seat plan that cannot be parsed leaves only the bookings of that plan out of the list", async () => {
	const other = await api.held(user, await api.newShowtime(), ["B1"]);
	const [row] = await api.sql(`select seat_plan_id from bookings where id = '${bought[0]}'`);
	const planId = parseSeatPlanId(String(row?.seat_plan_id));
	if (planId === null) throw new Error("the booking has no seat plan");
	for (const bucket of listBuckets(DEFAULT_LIMITS)) await redis("SET", planKey(bucket, planId), "{");
	const fresh = await api.startAnother({ logger: pino({ level: "error" }, sink) });
	const { items } = bookingsIn(await fresh.call("GET /bookings", { token: user.token }));
	expect(items.map(({ id }) => id)).toEqual([other.id]);
});

async function countUnreadable(): Promise<number> {
	const { payload } = await logged.app.inject("/metrics");
	return Number(/^holdfast_unreadable_total (\d+)$/m.exec(payload)?.[1]);
}
