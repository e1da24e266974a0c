/** A claim freezes a showtime for one rebuilder. A rebuilder that has lost its claim cannot change anything any more. */
import { bucketOf, CLAIM_TTL_MS, newBookingId, type OpenShowtime, type ShowtimeSnapshot } from "@holdfast/domain";
import { buildShowtime } from "@holdfast/testing";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { runScript } from "../define-script.ts";
import { bookingKey, bucketKeys, showtimeKeys } from "../keys.ts";
import { holdSeats, tryHold } from "../testing/buy-seats.ts";
import { expectNoViolations } from "../testing/expect-no-violations.ts";
import { dumpAll, expectUnchanged, openTestStore, type TestStore } from "../testing/open-test-store.ts";
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
const snapshotOf = (showtime: OpenShowtime, overrides: Partial<ShowtimeSnapshot> = {}): ShowtimeSnapshot => ({
	showtime,
	epoch: 2,
	blockedSeats: [],
	isQuarantined: false,
	deadLetteredEntries: [],
	bookings: [],
	...overrides,
});
const install = (showtime: OpenShowtime, token = "mine", overrides: Partial<ShowtimeSnapshot> = {}) =>
	test.store.installShowtime(snapshotOf(showtime, overrides), { token, nowMs: Date.now() });

/** Makes the showtime look as after a restart of the server: its replication id is no longer the server's. */
const closeAsAfterRestart = (showtime: OpenShowtime) => test.redis.hset(showtimeKeys(showtime.id).meta, "replid", "f".repeat(40));

describe("a claim", () => {
	it("freezes the seats, and returns the server's clock and the installed epoch", async () => {
		const showtime = await test.openShowtime();
		const before = await test.store.now(bucketOf(showtime.id));
		const claimed = await claim(showtime);
		expect(claimed).toEqual({ outcome: "claimed", nowMs: expect.any(Number), installedEpoch: 1 });
		if (claimed.outcome === "claimed") expect(claimed.nowMs).toBeGreaterThanOrEqual(before);
		expect(await expectUnchanged(test, () => tryHold(test.store, showtime, [1]))).toEqual({ outcome: "recovering" });
		expect(await claim(buildShowtime())).toMatchObject({ installedEpoch: 0 });
	});

	it("cannot be taken over until the millisecond it expires, and is renewed by its owner", async () => {
		const showtime = await test.openShowtime();
		const first = await claim(showtime);
		if (first.outcome !== "claimed") throw new Error(first.outcome);
		const expiresAt = first.nowMs + CLAIM_TTL_MS;
		expect(await test.at(expiresAt - 1, () => expectUnchanged(test, () => claim(showtime, "other")))).toEqual({ outcome: "recovering" });
		expect(await test.at(expiresAt - 1, () => claim(showtime))).toMatchObject({ outcome: "claimed" });
		expect(await test.at(expiresAt, () => expectUnchanged(test, () => claim(showtime, "other")))).toEqual({ outcome: "recovering" });
		expect(await test.at(expiresAt - 1 + CLAIM_TTL_MS, () => claim(showtime, "other"))).toMatchObject({ outcome: "claimed" });
	});

	it("is renewed by every step of the install", async () => {
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

	it("is answered with installed where the showtime is open under the ledger's epoch or a newer one", async () => {
		const showtime = await test.openShowtime();
		for (const ledgerEpoch of [0, 1]) {
			expect(await expectUnchanged(test, () => claim(showtime, "mine", ledgerEpoch))).toEqual({ outcome: "installed" });
		}
		expect((await claim(showtime, "mine", 2)).outcome).toBe("claimed");
	});

	it("is given for a showtime that was installed before the server restarted, whatever its epoch", async () => {
		const showtime = await test.openShowtime();
		await closeAsAfterRestart(showtime);
		expect((await claim(showtime, "mine", 0)).outcome).toBe("claimed");
	});
});

describe("a claim that is given back", () => {
	it("leaves an open showtime exactly as it was before the claim", async () => {
		const showtime = await test.openShowtime();
		await holdSeats(test.store, showtime, [1]);
		await expectUnchanged(test, async () => {
			await claim(showtime);
			await claim(showtime);
			expect(await giveBack(showtime)).toBe("given_back");
		});
		expect((await tryHold(test.store, showtime, [2])).outcome).toBe("held");
	});

	it("leaves an open showtime open when the claim had expired and no other process took it over", async () => {
		const showtime = await test.openShowtime();
		const before = await metaOf(showtime);
		await test.at(Date.now() - 60_000, () => claim(showtime));
		expect(await tryHold(test.store, showtime, [1])).toEqual({ outcome: "fenced" });
		expect(await giveBack(showtime)).toBe("given_back");
		expect(await metaOf(showtime)).toEqual(before);
	});

	it("leaves a closed showtime closed, exactly as it was before the claim", async () => {
		const showtime = await test.openShowtime();
		await closeAsAfterRestart(showtime);
		await expectUnchanged(test, async () => {
			await claim(showtime);
			await giveBack(showtime);
		});
		expect(await tryHold(test.store, showtime, [1])).toEqual({ outcome: "fenced" });
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
		expect(await tryHold(test.store, showtime, [1])).toEqual({ outcome: "fenced" });
		expect(await metaOf(showtime)).not.toHaveProperty("replid");
		expect((await claim(showtime, "third", 1)).outcome).toBe("claimed");
	});

	it("can be given back only once and only by its owner", async () => {
		const showtime = await test.openShowtime();
		await claim(showtime);
		expect(await expectUnchanged(test, () => giveBack(showtime, "other"))).toBe("lost_claim");
		await giveBack(showtime);
		expect(await expectUnchanged(test, () => giveBack(showtime))).toBe("lost_claim");
	});
});

describe("a rebuilder that lost its claim", () => {
	/** Calls of all scripts of an install, each with something to change. */
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

	it("is refused in every step after another process took the claim over", async () => {
		const showtime = await test.openShowtime();
		await test.at(Date.now() - CLAIM_TTL_MS, () => claim(showtime, "slow"));
		await claim(showtime, "next");
		await expectLost(showtime, "slow");
		expect(await install(showtime, "next")).toEqual({ outcome: "installed", reemitted: 0 });
		await expectLost(showtime, "slow");
	});

	it("is refused in every step after it gave the claim back", async () => {
		const showtime = await test.openShowtime();
		await claim(showtime);
		await giveBack(showtime);
		await expectLost(showtime, "mine");
	});

	it("is refused in every step after its install was complete", async () => {
		const showtime = await test.openShowtime();
		await claim(showtime);
		await install(showtime);
		await expectLost(showtime, "mine");
	});

	it("is refused in every step after the server restarted", async () => {
		const showtime = await test.openShowtime();
		await claim(showtime);
		await test.redis.hset(showtimeKeys(showtime.id).meta, "claimReplid", "f".repeat(40));
		await expectLost(showtime, "mine");
		expect((await claim(showtime, "next")).outcome).toBe("claimed");
	});

	it("is refused in every step after the meta that its claim created has expired, a minute later", async () => {
		const showtime = buildShowtime();
		await claim(showtime);
		const ttlMs = await test.redis.pttl(showtimeKeys(showtime.id).meta);
		expect(ttlMs).toBeGreaterThan(50_000);
		expect(ttlMs).toBeLessThanOrEqual(60_000);
		await test.redis.del(showtimeKeys(showtime.id).meta);
		await expectLost(showtime, "mine");
	});
});

describe("an install", () => {
	it("is superseded by an install under its own epoch or a newer one, and changes nothing but the claim", async () => {
		const showtime = await test.openShowtime();
		await claim(showtime, "first", 5);
		await install(showtime, "first", { epoch: 5 });
		await closeAsAfterRestart(showtime);
		await claim(showtime, "late", 3);
		const { meta } = showtimeKeys(showtime.id);
		const readInstalled = async () => {
			const { [meta]: _, ...rest } = await dumpAll(test.redis);
			return [Object.entries(rest).filter(([key]) => !key.endsWith(":staged")), { ...(await metaOf(showtime)), claimUntil: "" }];
		};
		const before = await readInstalled();
		for (const epoch of [4, 5]) {
			expect(await install(showtime, "late", { epoch })).toEqual({ outcome: "superseded" });
			expect(await readInstalled()).toEqual(before);
		}
		expect(await install(showtime, "late", { epoch: 6 })).toEqual({ outcome: "installed", reemitted: 0 });
	});

	it("writes a buyer's booking once when a part of the seats is staged twice", async () => {
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

it("covers every status that the scripts of a rebuild can reply", () =>
	expectEveryReply(test.replies, [
		installClaimScript,
		giveBackClaimScript,
		installBookingsScript,
		installSeatsScript,
		installShowtimeScript,
	]));
