/** A claim freezes a showtime for one rebuilder, and whoever lost it can do nothing any more. */
import { bucketOf, CLAIM_TTL_MS, newBookingId, type OpenShowtime, type ShowtimeSnapshot } from "@holdfast/domain";
import { buildShowtime } from "@holdfast/testing";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { runScript } from "../define-script.ts";
import { bookingKey, bucketKeys, showtimeKeys } from "../keys.ts";
import { held, hold } from "../testing/buy-seats.ts";
import { expectNoViolations } from "../testing/expect-no-violations.ts";
import { dumpAll, openTestStore, type TestStore, expectUnchanged } from "../testing/open-test-store.ts";
import { expectEveryReply } from "../testing/watch-replies.ts";
import {
	giveBackClaimScript,
	installBookingsScript,
	installClaimScript,
	installSeatsScript,
	installShowtimeScript,
} from "./install-showtime.ts";

let test: TestStore;
beforeAll(async () => {
	test = await openTestStore();
});
afterAll(() => test.stop());
afterEach(() => expectNoViolations(test));

const claim = (showtime: OpenShowtime, token = "mine", ledgerEpoch = 2) => test.store.claimShowtime(showtime.id, { token, ledgerEpoch });
const giveBack = async (showtime: OpenShowtime, token = "mine") => {
	await test.store.giveBackClaim(showtime.id, token);
	return test.replies.get("give-back-claim")?.at(-1);
};
const metaOf = (showtime: OpenShowtime) => test.redis.hgetall(showtimeKeys(showtime.id).meta);
const snapshotOf = (showtime: OpenShowtime, wish: Partial<ShowtimeSnapshot> = {}): ShowtimeSnapshot => ({
	showtime,
	epoch: 2,
	blockedSeats: [],
	isQuarantined: false,
	deadLetteredEntries: [],
	bookings: [],
	...wish,
});
const install = (showtime: OpenShowtime, token = "mine", wish: Partial<ShowtimeSnapshot> = {}) =>
	test.store.installShowtime(snapshotOf(showtime, wish), { token, nowMs: Date.now() });

/** The server's replication id at the showtime's install is another: as after a restart. */
const makeForeign = (showtime: OpenShowtime) => test.redis.hset(showtimeKeys(showtime.id).meta, "replid", "f".repeat(40));

describe("a claim", () => {
	it("freezes the seats before anything is read, and says by which clock and what was installed", async () => {
		const showtime = await test.openShowtime();
		const before = await test.store.now(bucketOf(showtime.id));
		const claimed = await claim(showtime);
		expect(claimed).toEqual({ outcome: "claimed", nowMs: expect.any(Number), installedEpoch: 1 });
		if (claimed.outcome === "claimed") expect(claimed.nowMs).toBeGreaterThanOrEqual(before);
		expect(await expectUnchanged(test, () => hold(test.store, showtime, [1]))).toEqual({ outcome: "recovering" });
		expect(await claim(buildShowtime())).toMatchObject({ installedEpoch: 0 });
	});

	it("is nobody else's while it lives, up to its last millisecond; its owner renews it", async () => {
		const showtime = await test.openShowtime();
		const first = await claim(showtime);
		if (first.outcome !== "claimed") throw new Error(first.outcome);
		const expiresAt = first.nowMs + CLAIM_TTL_MS;
		expect(await test.at(expiresAt - 1, () => expectUnchanged(test, () => claim(showtime, "other")))).toEqual({ outcome: "recovering" });
		expect(await test.at(expiresAt - 1, () => claim(showtime))).toMatchObject({ outcome: "claimed" });
		expect(await test.at(expiresAt, () => expectUnchanged(test, () => claim(showtime, "other")))).toEqual({ outcome: "recovering" });
		expect(await test.at(expiresAt - 1 + CLAIM_TTL_MS, () => claim(showtime, "other"))).toMatchObject({ outcome: "claimed" });
	});

	it("lives on with every step of the install", async () => {
		const showtime = await test.openShowtime();
		const first = await claim(showtime);
		if (first.outcome !== "claimed") throw new Error(first.outcome);
		const late = first.nowMs + CLAIM_TTL_MS - 1;
		const keys = { ...showtimeKeys(showtime.id), ...bucketKeys(bucketOf(showtime.id)), bookings: [] };
		const mine = { token: "mine", claimTtlMs: CLAIM_TTL_MS };
		const part = { ...mine, stagedTtlMs: 60_000, seatCount: 100, isFirst: "1", owners: [] };
		const steps: (() => Promise<unknown>)[] = [
			() => runScript(test.redis, installSeatsScript, { keys, args: part }),
			() => runScript(test.redis, installBookingsScript, { keys, args: { ...mine, deadLetteredEntries: "", changes: [] } }),
		];
		for (const [i, step] of steps.entries()) {
			const instant = late + i * (CLAIM_TTL_MS - 1);
			await test.at(instant, step);
			expect(await metaOf(showtime)).toMatchObject({ claimUntil: String(instant + CLAIM_TTL_MS) });
		}
	});

	it("is not needed where the showtime is open under the ledger's epoch or a newer one", async () => {
		const showtime = await test.openShowtime();
		for (const ledgerEpoch of [0, 1]) {
			expect(await expectUnchanged(test, () => claim(showtime, "mine", ledgerEpoch))).toEqual({ outcome: "installed" });
		}
		expect((await claim(showtime, "mine", 2)).outcome).toBe("claimed");
	});

	it("is needed where it was installed in another life of the server, whatever its epoch", async () => {
		const showtime = await test.openShowtime();
		await makeForeign(showtime);
		expect((await claim(showtime, "mine", 0)).outcome).toBe("claimed");
	});
});

describe("a claim that is given back", () => {
	it("leaves an open showtime exactly as it was", async () => {
		const showtime = await test.openShowtime();
		await held(test.store, showtime, [1]);
		await expectUnchanged(test, async () => {
			await claim(showtime);
			await claim(showtime);
			expect(await giveBack(showtime)).toBe("given_back");
		});
		expect((await hold(test.store, showtime, [2])).outcome).toBe("held");
	});

	it("leaves an open showtime open when its owner was slow and nobody took over", async () => {
		const showtime = await test.openShowtime();
		const before = await metaOf(showtime);
		await test.at(Date.now() - 60_000, () => claim(showtime));
		expect(await hold(test.store, showtime, [1])).toEqual({ outcome: "fenced" });
		expect(await giveBack(showtime)).toBe("given_back");
		expect(await metaOf(showtime)).toEqual(before);
	});

	it("leaves a closed showtime closed, exactly as it was", async () => {
		const showtime = await test.openShowtime();
		await makeForeign(showtime);
		await expectUnchanged(test, async () => {
			await claim(showtime);
			await giveBack(showtime);
		});
		expect(await hold(test.store, showtime, [1])).toEqual({ outcome: "fenced" });
	});

	it("leaves no trace of a showtime that was never installed", async () => {
		const showtime = buildShowtime();
		await expectUnchanged(test, async () => {
			await claim(showtime);
			expect(await giveBack(showtime)).toBe("given_back");
		});
	});

	it("leaves the showtime closed after a takeover, even though it was open before the first claim", async () => {
		const showtime = await test.openShowtime();
		await test.at(Date.now() - 60_000, () => claim(showtime, "dead"));
		await claim(showtime, "next");
		expect(await giveBack(showtime, "next")).toBe("given_back");
		expect(await hold(test.store, showtime, [1])).toEqual({ outcome: "fenced" });
		expect(await metaOf(showtime)).not.toHaveProperty("replid");
		expect((await claim(showtime, "third", 1)).outcome).toBe("claimed");
	});

	it("can be given back once, and by its owner only", async () => {
		const showtime = await test.openShowtime();
		await claim(showtime);
		expect(await expectUnchanged(test, () => giveBack(showtime, "other"))).toBe("lost_claim");
		await giveBack(showtime);
		expect(await expectUnchanged(test, () => giveBack(showtime))).toBe("lost_claim");
	});
});

describe("every step of a rebuilder that lost its claim is refused, and changes nothing", () => {
	/** All the scripts of an install that has something to do in each, one by one. */
	function stepsOf(showtime: OpenShowtime, token: string): [name: string, step: () => Promise<{ status: string }>][] {
		const id = newBookingId(showtime.id);
		const keys = { ...showtimeKeys(showtime.id), ...bucketKeys(bucketOf(showtime.id)), bookings: [bookingKey(id)] };
		const claimed = { token, claimTtlMs: CLAIM_TTL_MS };
		const changes = { ...claimed, deadLetteredEntries: "", changes: ["drop", id, 1] };
		const seats = { ...claimed, stagedTtlMs: 60_000, seatCount: 100, isFirst: "1", owners: [id, "", "0", "1"] };
		const last = { ...claimed, showtimeId: showtime.id, epoch: 9, ownerCount: 1, keepUntil: 9e12, metaUntil: 9e12, isLedgerBehind: "0" };
		return [
			["install-bookings", () => runScript(test.redis, installBookingsScript, { keys, args: changes })],
			["install-seats", () => runScript(test.redis, installSeatsScript, { keys, args: seats })],
			["install-showtime", () => runScript(test.redis, installShowtimeScript, { keys, args: { ...last, fields: ["state", "open"] } })],
			["give-back-claim", () => runScript(test.redis, giveBackClaimScript, { keys, args: { token } })],
		];
	}

	async function expectLost(showtime: OpenShowtime, token: string): Promise<void> {
		for (const [name, step] of stepsOf(showtime, token)) {
			expect((await expectUnchanged(test, step)).status, name).toBe("lost_claim");
		}
		expect(await expectUnchanged(test, () => install(showtime, token))).toEqual({ outcome: "lost_claim" });
	}

	it("to a takeover", async () => {
		const showtime = await test.openShowtime();
		await test.at(Date.now() - CLAIM_TTL_MS, () => claim(showtime, "slow"));
		await claim(showtime, "next");
		await expectLost(showtime, "slow");
		expect(await install(showtime, "next")).toEqual({ outcome: "installed", reemitted: 0 });
		await expectLost(showtime, "slow");
	});

	it("by giving it back", async () => {
		const showtime = await test.openShowtime();
		await claim(showtime);
		await giveBack(showtime);
		await expectLost(showtime, "mine");
	});

	it("by having used it", async () => {
		const showtime = await test.openShowtime();
		await claim(showtime);
		await install(showtime);
		await expectLost(showtime, "mine");
	});

	it("to another life of the server", async () => {
		const showtime = await test.openShowtime();
		await claim(showtime);
		await test.redis.hset(showtimeKeys(showtime.id).meta, "claimReplid", "f".repeat(40));
		await expectLost(showtime, "mine");
		expect((await claim(showtime, "next")).outcome).toBe("claimed");
	});

	it("with the meta that it had made, which lives for a minute", async () => {
		const showtime = buildShowtime();
		await claim(showtime);
		const left = await test.redis.pttl(showtimeKeys(showtime.id).meta);
		expect(left).toBeGreaterThan(50_000);
		expect(left).toBeLessThanOrEqual(60_000);
		await test.redis.del(showtimeKeys(showtime.id).meta);
		await expectLost(showtime, "mine");
	});
});

describe("an install", () => {
	it("is superseded by its own epoch or a newer one, and leaves everything but the claim as it was", async () => {
		const showtime = await test.openShowtime();
		await claim(showtime, "first", 5);
		await install(showtime, "first", { epoch: 5 });
		await makeForeign(showtime);
		await claim(showtime, "late", 3);
		const { meta } = showtimeKeys(showtime.id);
		const standing = async () => {
			const { [meta]: _, ...rest } = await dumpAll(test.redis);
			return [Object.entries(rest).filter(([key]) => !key.endsWith(":staged")), { ...(await metaOf(showtime)), claimUntil: "" }];
		};
		const before = await standing();
		for (const epoch of [4, 5]) {
			expect(await install(showtime, "late", { epoch })).toEqual({ outcome: "superseded" });
			expect(await standing()).toEqual(before);
		}
		expect(await install(showtime, "late", { epoch: 6 })).toEqual({ outcome: "installed", reemitted: 0 });
	});

	it("repeats a part without writing a buyer's booking twice", async () => {
		const showtime = await test.openShowtime();
		await claim(showtime);
		const keys = showtimeKeys(showtime.id);
		const args = { token: "mine", claimTtlMs: CLAIM_TTL_MS, stagedTtlMs: 60_000, seatCount: 100 };
		const [id, other] = [newBookingId(showtime.id), newBookingId(showtime.id)];
		const part = (isFirst: string, booking: string, seats: string) => () =>
			runScript(test.redis, installSeatsScript, { keys, args: { ...args, isFirst, owners: [booking, "user", "0", seats] } });
		await part("1", id, "1,2")();
		await part("0", other, "3")();
		await part("0", other, "3")();
		expect(await test.redis.hgetall(keys.stagedBuyers)).toEqual({ user: `${id}:0:1,2;${other}:0:3` });
	});
});

it("every reply of the scripts was seen", () =>
	expectEveryReply(test.replies, [
		installClaimScript,
		giveBackClaimScript,
		installBookingsScript,
		installSeatsScript,
		installShowtimeScript,
	]));
