/** Tests changes of a showtime's terms by staff. */
import { CANCEL_TTL_MS, INSTANT_MAX_MS, type OpenShowtime, REASON_MAX_CHARS, type ShowtimeState } from "@holdfast/domain";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { tryHold } from "../testing/buy-seats.ts";
import { expectNoViolations } from "../testing/expect-no-violations.ts";
import { depthOf, eventFieldsOf, lastEntry, lastEvent, metaOf, ODD_REASONS, staffCommand } from "../testing/inspect-showtime.ts";
import { expectUnchanged, openTestStore, type TestStore } from "../testing/open-test-store.ts";
import { expectEveryReply } from "../testing/watch-replies.ts";
import { type SetTermsCommand, setTermsScript, type TermsToSet } from "./set-terms.ts";

let test: TestStore;
beforeAll(async () => {
	test = await openTestStore();
});
afterAll(() => test.stop());
afterEach(() => expectNoViolations(test));

const setTerms = (showtime: OpenShowtime, terms: TermsToSet, rest: Partial<SetTermsCommand> = {}) =>
	test.store.setTerms({ showtimeId: showtime.id, terms, ifVersions: null, command: null, ...rest });
const refused = (showtime: OpenShowtime, terms: TermsToSet, rest: Partial<SetTermsCommand> = {}) =>
	expectUnchanged(test, () => setTerms(showtime, terms, rest));
const SET = { outcome: "set", showtimeVersion: 2, scheduleVersion: 1 };

describe("set-terms", () => {
	it.each([
		["paused", "showtime.paused"],
		["closed", "showtime.closed"],
		["cancelled", "showtime.cancelled"],
		["open", "showtime.opened"],
	] as const)("sets the state %s at once, and writes the whole showtime to the outbox as %s", async (state, type) => {
		const showtime = await test.openShowtime(state === "open" ? { state: "paused" } : {});
		const at = Date.now() + 1;
		expect(await test.at(at, () => setTerms(showtime, { state }))).toEqual(SET);
		expect(await test.store.readShowtime(showtime.id)).toEqual({ ...showtime, state, showtimeVersion: 2 });
		const { event, raw } = await lastEntry(test, showtime);
		expect(event).toEqual({ ...eventFieldsOf(showtime), type, state, showtimeVersion: 2, seq: expect.any(Number), at });
		expect(raw.schema).toBe("2");
	});

	it("new prices raise the price version, so that a hold at the old prices is refused as stale", async () => {
		const showtime = await test.openShowtime();
		await setTerms(showtime, { prices: { standard: 990 }, currency: "USD" });
		const repriced = { ...showtime, prices: { standard: 990 }, priceVersion: 2, showtimeVersion: 2 };
		expect(await test.store.readShowtime(showtime.id)).toEqual(repriced);
		expect(await lastEvent(test, showtime)).toMatchObject({ ...eventFieldsOf(repriced), type: "showtime.repriced" });
		expect(await tryHold(test.store, showtime, [1])).toEqual({ outcome: "stale_prices" });
		expect((await tryHold(test.store, repriced, [1])).outcome).toBe("held");
	});

	it.each([
		["both instants of the window", { salesOpenAt: 1_000, salesCloseAt: 2_000 }],
		["the opening alone", { salesOpenAt: 1_000 }],
		["the end alone", { salesCloseAt: INSTANT_MAX_MS }],
	])("sets %s, which raises only the showtime version", async (_what, window) => {
		const showtime = await test.openShowtime();
		expect(await setTerms(showtime, window)).toEqual(SET);
		expect(await test.store.readShowtime(showtime.id)).toEqual({ ...showtime, ...window, showtimeVersion: 2 });
		expect(await lastEvent(test, showtime)).toMatchObject({ type: "showtime.window_set", priceVersion: 1, ...window });
	});

	it("sets several terms in one step, with one version and one entry of the type showtime.terms_set and schema 3", async () => {
		const showtime = await test.openShowtime();
		const terms = { state: "paused", prices: { standard: 1 }, salesOpenAt: 5, salesCloseAt: 5 } as const;
		expect(await setTerms(showtime, { ...terms, currency: "USD" })).toEqual(SET);
		expect(await test.store.readShowtime(showtime.id)).toEqual({ ...showtime, ...terms, priceVersion: 2, showtimeVersion: 2 });
		const { event, raw } = await lastEntry(test, showtime);
		expect(event).toMatchObject({ ...terms, type: "showtime.terms_set", showtimeVersion: 2, command: null });
		expect([raw.schema, raw.actor]).toEqual(["3", undefined]);
	});

	it("names the change by what changed, not by what was sent", async () => {
		const showtime = await test.openShowtime();
		await setTerms(showtime, { state: "open", prices: { standard: 1 }, salesOpenAt: showtime.salesOpenAt });
		expect((await lastEntry(test, showtime)).event).toMatchObject({ type: "showtime.repriced", showtimeVersion: 2 });
	});

	it("terms that the showtime already has are a repeat, which is counted and writes no event, whatever ifVersions says", async () => {
		const showtime = await test.openShowtime({ prices: { standard: 1250, premium: 1500 } });
		const { salesOpenAt, salesCloseAt, currency } = showtime;
		const repeats: TermsToSet[] = [
			{},
			{ state: "open" },
			{ prices: showtime.prices, currency },
			{ prices: { premium: 1500, standard: 1250 } },
			{ salesOpenAt, salesCloseAt },
			{ state: "open", prices: showtime.prices, currency, salesOpenAt, salesCloseAt },
		];
		const [before, depth] = [await metaOf(test, showtime), await depthOf(test, showtime)];
		for (const terms of repeats) expect(await setTerms(showtime, terms, { ifVersions: [7] })).toEqual({ ...SET, showtimeVersion: 1 });
		expect(await metaOf(test, showtime)).toEqual({ ...before, repeats: String(repeats.length) });
		expect(await depthOf(test, showtime)).toBe(depth);
	});

	it("answers the repeat of a change with set, though its ifVersions names the version before", async () => {
		const showtime = await test.openShowtime();
		for (let attempt = 0; attempt < 2; attempt += 1)
			expect(await setTerms(showtime, { state: "paused", prices: { standard: 1 } }, { ifVersions: [1] })).toEqual(SET);
		expect(await refused(showtime, { state: "open" }, { ifVersions: [1] })).toEqual({ ...SET, outcome: "version_mismatch" });
	});

	it("a later event carries all blocked seats, in ascending order", async () => {
		const showtime = await test.openShowtime();
		await test.store.blockSeats({ showtimeId: showtime.id, seats: [4, 2], isBlocked: true, ifVersions: null, command: null });
		await setTerms(showtime, { state: "paused" });
		expect((await lastEvent(test, showtime)).blockedSeats).toEqual([2, 4]);
	});

	it("answers busy when the outbox has outboxMax entries and not one entry sooner, and to a repeat never", async () => {
		const showtime = await test.openShowtime();
		const bounded = test.withLimits({ outboxMax: (await depthOf(test, showtime)) + 1 });
		const send = (state: ShowtimeState) => bounded.setTerms({ showtimeId: showtime.id, terms: { state }, ifVersions: null, command: null });
		expect((await send("paused")).outcome).toBe("set");
		expect((await send("paused")).outcome).toBe("set");
		expect(await expectUnchanged(test, () => send("open"))).toEqual({ outcome: "busy" });
	});
});

describe("a command of staff", () => {
	it.each(ODD_REASONS)("carries actor, request and reason unchanged into an entry of schema 3: %j", async (reason) => {
		const showtime = await test.openShowtime();
		const command = staffCommand(reason);
		await setTerms(showtime, { state: "paused" }, { command });
		const { event, raw } = await lastEntry(test, showtime);
		expect(event).toMatchObject({ type: "showtime.paused", command });
		expect(raw).toMatchObject({ schema: "3", actor: command.actor, requestId: "request-1", reason });
	});

	it("without a reason has the reason null", async () => {
		const showtime = await test.openShowtime();
		const command = staffCommand();
		await setTerms(showtime, { state: "paused" }, { command });
		expect((await lastEvent(test, showtime)).command).toEqual(command);
	});

	it("that the ledger could not store throws before any write: a reason with NUL, without or with too many characters", async () => {
		const showtime = await test.openShowtime();
		const send = (reason: string, requestId = "request-1") =>
			setTerms(showtime, { state: "paused" }, { command: { ...staffCommand(reason), requestId } });
		await expectUnchanged(test, async () => {
			await expect(send("nul \0")).rejects.toThrow("NUL");
			await expect(send("fine", "\0")).rejects.toThrow("NUL");
			await expect(send("")).rejects.toThrow("0 characters");
			await expect(send("x".repeat(REASON_MAX_CHARS + 1))).rejects.toThrow("501 characters");
		});
		expect((await send("x".repeat(REASON_MAX_CHARS))).outcome).toBe("set");
	});
});

describe("terms that are refused before any write", () => {
	it("are refused with version_mismatch and both versions when ifVersions does not name the current one", async () => {
		const showtime = await test.openShowtime({ showtimeVersion: 12, scheduleVersion: 3 });
		for (const ifVersions of [[], [11], [13, 1, 2], [121]])
			expect(await refused(showtime, { state: "paused" }, { ifVersions })).toEqual({
				outcome: "version_mismatch",
				showtimeVersion: 12,
				scheduleVersion: 3,
			});
		expect((await setTerms(showtime, { state: "paused" }, { ifVersions: [11, 12] })).outcome).toBe("set");
	});

	it("are refused with showtime_cancelled once the showtime is cancelled, and cancelling it again is a repeat", async () => {
		const showtime = await test.openShowtime();
		await setTerms(showtime, { state: "cancelled" });
		const depth = await depthOf(test, showtime);
		for (const terms of [
			{ state: "open" },
			{ state: "paused" },
			{ state: "closed" },
			{ prices: { standard: 1 } },
			{ salesOpenAt: 1 },
		] as const)
			expect(await refused(showtime, terms)).toEqual({ outcome: "showtime_cancelled" });
		expect(await setTerms(showtime, { state: "cancelled" })).toEqual(SET);
		expect(await depthOf(test, showtime)).toBe(depth);
	});

	it("are refused with showtime_closed from the millisecond on which the showtime ends", async () => {
		for (const terms of [{ state: "paused" }, { state: "closed" }, { prices: { standard: 1 } }, { salesCloseAt: 1e13 }] as const) {
			const showtime = await test.openShowtime();
			for (const lateMs of [0, 1])
				expect(await test.at(showtime.endsAt + lateMs, () => refused(showtime, terms))).toEqual({ outcome: "showtime_closed" });
			expect((await test.at(showtime.endsAt - 1, () => setTerms(showtime, terms))).outcome).toBe("set");
		}
	});

	it.each(["open", "paused", "closed"] as const)(
		"a showtime in the state %s can be cancelled until a day after its end, not later",
		async (state) => {
			const showtime = await test.openShowtime({ state });
			const last = showtime.endsAt + CANCEL_TTL_MS;
			for (const at of [last, last + 1])
				expect(await test.at(at, () => refused(showtime, { state: "cancelled" }))).toEqual({ outcome: "showtime_closed" });
			expect(await test.at(last - 1, () => setTerms(showtime, { state: "cancelled" }))).toEqual(SET);
		},
	);

	it("a cancel that sets other terms as well throws before any write", async () => {
		const showtime = await test.openShowtime();
		await expectUnchanged(test, () =>
			expect(setTerms(showtime, { state: "cancelled", salesOpenAt: 1 })).rejects.toThrow("a cancel sets other terms as well"),
		);
	});

	it("are refused with invalid_window and the window that would result, when sales would close a millisecond before they open", async () => {
		const showtime = await test.openShowtime();
		const { salesOpenAt, salesCloseAt } = showtime;
		const answer = (window: object) => ({ outcome: "invalid_window", salesOpenAt, salesCloseAt, ...window });
		for (const window of [
			{ salesOpenAt: salesCloseAt + 1 },
			{ salesCloseAt: salesOpenAt - 1 },
			{ salesOpenAt: 6, salesCloseAt: 5 },
			{ salesOpenAt: 10_000, salesCloseAt: 9_999 },
		])
			expect(await refused(showtime, { ...window, state: "paused" })).toEqual(answer(window));
		expect((await setTerms(showtime, { salesOpenAt: salesCloseAt })).outcome).toBe("set");
	});

	it("are refused with unknown_tiers and the tiers that the prices leave out and that the showtime lacks", async () => {
		const showtime = await test.openShowtime({ prices: { standard: 1250, premium: 1500, box: 2000 } });
		const tiers = (missing: string[], unknown: string[]) => ({ outcome: "unknown_tiers", missing, unknown });
		expect(await refused(showtime, { prices: {} })).toEqual(tiers(["box", "premium", "standard"], []));
		expect(await refused(showtime, { prices: { standard: 1250 } })).toEqual(tiers(["box", "premium"], []));
		const others = { ...showtime.prices, vip: 1, __proto__of: 2 };
		expect(await refused(showtime, { prices: others })).toEqual(tiers([], ["__proto__of", "vip"]));
		expect(await refused(showtime, { prices: { standard: 1, premium: 1, Box: 1 } })).toEqual(tiers(["box"], ["Box"]));
		expect((await setTerms(showtime, { prices: { box: 1, premium: 0, standard: 1250 } })).outcome).toBe("set");
	});

	it("are refused with currency_mismatch and the currency of the showtime", async () => {
		const showtime = await test.openShowtime();
		for (const terms of [{ currency: "EUR" }, { currency: "usd" }, { prices: { standard: 1 }, currency: "EUR" }])
			expect(await refused(showtime, terms)).toEqual({ outcome: "currency_mismatch", currency: "USD" });
	});

	it("an instant that is out of range, and a term that does not exist, throw before any write", async () => {
		const showtime = await test.openShowtime();
		for (const instant of [-1, 0.5, Number.NaN, INSTANT_MAX_MS + 1])
			await expectUnchanged(test, () => expect(setTerms(showtime, { salesCloseAt: instant })).rejects.toThrow("sales window"));
		const terms: object = { holdBack: 5 };
		await expectUnchanged(test, () => expect(setTerms(showtime, terms)).rejects.toThrow("unknown terms: holdBack"));
	});
});

it("covers every status that set-terms.lua can reply", () => expectEveryReply(test.replies, [setTermsScript]));
