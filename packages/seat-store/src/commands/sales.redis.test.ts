/** Compares the rule of place-hold.lua with `salesOf`, which every answer that shows a showtime uses. */
import { type OpenShowtime, SHOWTIME_STATES, type ShowtimeState, salesOf } from "@holdfast/domain";
import { afterAll, beforeAll, expect, it } from "vitest";
import { tryHold } from "../testing/buy-seats.ts";
import { openTestStore, type TestStore } from "../testing/open-test-store.ts";

let test: TestStore;
beforeAll(async () => {
	test = await openTestStore();
});
afterAll(() => test.stop());

const MINUTE_MS = 60_000;
const nowMs = Date.now();
const in1 = nowMs + MINUTE_MS;
const in2 = nowMs + 2 * MINUTE_MS;
const in3 = nowMs + 3 * MINUTE_MS;

/** Sales windows in every order of their three instants, some of which are equal. */
const WINDOWS = [
	{ salesOpenAt: in1, salesCloseAt: in2, endsAt: in3 },
	{ salesOpenAt: in1, salesCloseAt: in3, endsAt: in2 },
	{ salesOpenAt: in3, salesCloseAt: in3, endsAt: in2 },
	{ salesOpenAt: in2, salesCloseAt: in1, endsAt: in3 },
	{ salesOpenAt: in1, salesCloseAt: in1, endsAt: in3 },
	{ salesOpenAt: in1, salesCloseAt: in2, endsAt: in2 },
];
const INSTANTS = [in1, in2, in3].flatMap((instant) => [instant - 1, instant, instant + 1]);

/** What the script must answer to a hold at `atMs`, according to `salesOf`. */
function expectedAt(showtime: OpenShowtime, atMs: number) {
	const sales = salesOf(showtime, atMs);
	if (sales === "open") return { sales, outcome: "held" };
	if (showtime.state === "cancelled") return { sales, outcome: "showtime_cancelled" };
	if (showtime.state === "closed" || atMs >= showtime.endsAt) return { sales, outcome: "showtime_closed" };
	return { sales, outcome: "not_on_sale", nowMs: atMs, salesOpenAt: sales === "not_yet" ? showtime.salesOpenAt : null };
}

it.each(SHOWTIME_STATES)("a hold at a showtime in state %s succeeds exactly while its sales are open", async (state: ShowtimeState) => {
	const seen = new Set<string>();
	for (const window of WINDOWS) {
		const showtime = await test.openShowtime({ state, ...window });
		for (const [seat, instant] of INSTANTS.entries()) {
			const { sales, ...expected } = expectedAt(showtime, instant);
			seen.add(sales);
			expect(await test.at(instant, () => tryHold(test.store, showtime, [seat]))).toMatchObject(expected);
		}
	}
	const EXPECTED = { open: ["ended", "not_yet", "open"], paused: ["ended", "not_yet", "paused"], closed: ["ended"], cancelled: ["ended"] };
	expect([...seen].sort()).toEqual(EXPECTED[state]);
});
