/**
 * Archiving a movie on real stores: either every showtime to come is cancelled and the movie archived, or every hold survives and the sale
 * goes on, whatever is killed on the way and whatever buyers and staff do meanwhile.
 */
import { startArchive } from "@holdfast/database";
import { type MovieId, newBookingId, newUserId, type ShowtimeId, type StaffCommand } from "@holdfast/domain";
import { buy, holdSeats, installedShowtime } from "@holdfast/seat-store/testing";
import { type ActionDeps, driveArchive, waitForArchive } from "@holdfast/showtime-actions";
import { byRunLength, insertShowtimes, insertUsers } from "@holdfast/testing";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openTestSweeper, type TestSweeper } from "./testing/open-test-sweeper.ts";

const HOLDS = 1_000;
const CLIENTS = 20;
/** Every call is killed in the long run, every second one in the short. */
const STRIDE = byRunLength({ short: 2, long: 1 });

let test: TestSweeper;
let deps: ActionDeps;
beforeAll(async () => {
	test = await openTestSweeper();
	const { seatStore, database, rebuild } = test;
	deps = { seatStore, database, open: async (showtimeId) => ({ outcome: await rebuild(showtimeId) }) };
});
afterAll(() => test.stop());

const command = (): StaffCommand => ({ actor: newUserId(), requestId: newUserId(), reason: "The licence has ended." });
const settle = () => test.newSweeper().runOnce();
const countRows = async (table: string, where: string) =>
	Number((await test.query(`select count(*) as n from ${table} where ${where}`))[0]?.n ?? Number.NaN);

type Programme = { readonly movieId: MovieId; readonly showtimeIds: readonly ShowtimeId[] };

/** A movie with showtimes to come that are open in the seat store. */
async function openMovie({ count = 2, rows = 10 }: { count?: number; rows?: number } = {}): Promise<Programme> {
	const { showtimeIds } = await insertShowtimes(test.databaseUrl, { count, rows });
	const [row] = await test.query(`select movie_id from showtimes where id = '${showtimeIds[0]}'`);
	for (const id of showtimeIds) if ((await test.rebuild(id)) !== "opened") throw new Error("a showtime was not opened");
	return { movieId: row?.movie_id as MovieId, showtimeIds };
}

async function start(movieId: MovieId) {
	const started = await startArchive(test.database, { movieId, ifVersions: null, command: command() });
	if (started.outcome !== "started") throw new Error(`the archive was not started: ${started.outcome}`);
}

/** Drives the archive to its end, settling what it cancels in between. */
async function finish(movieId: MovieId) {
	for (let tries = 0; tries < 5; tries += 1) {
		const result = await driveArchive(deps, movieId);
		if (result.outcome !== "pending") return result;
		await settle();
	}
	throw new Error("the archive was not finished");
}

const statesOf = ({ showtimeIds }: Programme) =>
	Promise.all(showtimeIds.map(async (id) => (await installedShowtime(test.seatStore, id)).state));
const auditOf = async ({ movieId, showtimeIds }: Programme) => {
	const targets = [movieId, ...showtimeIds].map((id) => `'${id}'`).join();
	const rows = await test.query(`select action from audit_events where target_id in (${targets}) order by action`);
	return rows.map(({ action }) => action);
};

async function expectArchived(programme: Programme): Promise<void> {
	const { movieId, showtimeIds } = programme;
	expect(await statesOf(programme)).toEqual(showtimeIds.map(() => "cancelled"));
	const ids = showtimeIds.map((id) => `'${id}'`).join();
	expect(await countRows("showtimes", `id in (${ids}) and state <> 'cancelled'`)).toBe(0);
	expect(await countRows("movies", `id = '${movieId}' and archived_at is not null and version = 2`)).toBe(1);
	expect(await auditOf(programme)).toEqual(["movie.archived", ...showtimeIds.map(() => "showtime.cancelled")]);
	expect(await countRows("showtime_actions", `movie_id = '${movieId}' and outcome is distinct from 'done'`)).toBe(0);
}

async function expectOpen(programme: Programme): Promise<void> {
	expect(await statesOf(programme)).toEqual(programme.showtimeIds.map(() => "open"));
	expect(await countRows("movies", `id = '${programme.movieId}' and archived_at is null and version = 1`)).toBe(1);
	await settle();
	expect(await auditOf(programme)).toEqual([]);
	expect(await countRows("showtime_actions", `movie_id = '${programme.movieId}' and finished_at is null`)).toBe(0);
}

/** The showtime at this place. */
async function showtimeAt({ showtimeIds }: Programme, at: number) {
	const id = showtimeIds[at];
	if (id === undefined) throw new Error(`there is no showtime at position ${at}`);
	return installedShowtime(test.seatStore, id);
}

describe("archiving a movie", () => {
	it("cancels the showtimes to come of a movie without holds and sales, and archives it, with one audit row each", async () => {
		const programme = await openMovie({ count: 3 });
		const { movieId, showtimeIds } = programme;
		await test.query(
			`update showtimes set starts_at = now() - interval '3 hours', ends_at = now() - interval '1 hour', sales_close_at = now() - interval '3 hours',
				sales_open_at = now() - interval '4 hours'
			 where id = '${showtimeIds[2]}'`,
		);
		await start(movieId);
		expect(await driveArchive(deps, movieId)).toEqual({ outcome: "pending" });
		const waiting = waitForArchive(deps, movieId, 10_000);
		await settle();
		expect(await waiting).toEqual({ outcome: "archived" });
		await expectArchived({ movieId, showtimeIds: showtimeIds.slice(0, 2) });
		expect(await countRows("showtimes", `id = '${showtimeIds[2]}' and state = 'open'`)).toBe(1);
		const again = await startArchive(test.database, { movieId, ifVersions: [9], command: command() });
		expect(again).toMatchObject({ outcome: "unchanged", row: { version: 2 } });
	});

	it("reopens what it has paused if there are holds or sales, counts them, and leaves no audit row", async () => {
		const programme = await openMovie({ count: 3 });
		const [userId = newUserId()] = await insertUsers(test.databaseUrl, 1);
		const held = await holdSeats(test.seatStore, await showtimeAt(programme, 0), [1, 2], { userId });
		await buy(test.seatStore, await showtimeAt(programme, 1), [3], { userId });
		await test.seatStore.setTerms({
			...{ showtimeId: (await showtimeAt(programme, 2)).id, terms: { state: "paused" }, ifVersions: null, command: null },
		});
		await start(programme.movieId);
		expect(await finish(programme.movieId)).toEqual({ outcome: "has_bookings", showtimes: 2, holds: 1, bookings: 1 });
		expect(await statesOf(programme)).toEqual(["open", "open", "paused"]);
		await expectOpen({ ...programme, showtimeIds: programme.showtimeIds.slice(0, 2) });
		expect((await test.seatStore.confirmBooking(held)).outcome).toBe("confirmed");
	});

	it("archives a movie without showtimes to come at once, and a version that does not match changes nothing", async () => {
		const { movieId, showtimeIds } = await openMovie({ count: 1 });
		await test.query(`update showtimes set state = 'cancelled' where id = '${showtimeIds[0]}'`);
		const refused = await startArchive(test.database, { movieId, ifVersions: [2], command: command() });
		expect(refused).toMatchObject({ outcome: "version_mismatch", row: { version: 1, archivedAt: null } });
		const archived = await startArchive(test.database, { movieId, ifVersions: [1], command: command() });
		expect(archived).toMatchObject({ outcome: "archived", row: { version: 2, archivedAt: expect.any(Number) } });
		expect(await auditOf({ movieId, showtimeIds })).toEqual(["movie.archived"]);
		const missing = newUserId() as unknown as MovieId;
		expect(await startArchive(test.database, { movieId: missing, ifVersions: null, command: command() })).toEqual({ outcome: "not_found" });
	});

	it("includes a showtime that is scheduled while it runs", async () => {
		const programme = await openMovie({ count: 1 });
		const { movieId } = programme;
		await start(movieId);
		const later = await openMovie({ count: 1 });
		await test.query(`update showtimes set movie_id = '${movieId}' where id = '${later.showtimeIds[0]}'`);
		expect(await finish(movieId)).toEqual({ outcome: "archived" });
		await expectArchived({ movieId, showtimeIds: [...programme.showtimeIds, ...later.showtimeIds] });
	});
});

it.each([
	["is done before the first", -1],
	["begins before the first", 0],
	["begins after the 300th", 300],
	["begins after the 950th", 950],
])(
	"an archive that %s of 1,000 holds cancels none of them: all are kept and the sale goes on, or none was placed",
	async (_what, head) => {
		const programme = await openMovie({ count: 4, rows: 25 });
		const showtimes = await Promise.all(programme.showtimeIds.map((_, at) => showtimeAt(programme, at)));
		const outcomes: string[] = [];
		let driving: Promise<unknown> = Promise.resolve();
		const place = async (n: number): Promise<void> => {
			const showtime = showtimes[n % showtimes.length];
			if (showtime === undefined) throw new Error("the movie has no showtime");
			if (n === head) driving = start(programme.movieId).then(() => driveArchive(deps, programme.movieId));
			const options = { bookingId: newBookingId(showtime.id), userId: newUserId(), idempotencyKey: null };
			const seats = [Math.floor(n / showtimes.length)];
			outcomes.push((await test.seatStore.placeHold({ ...options, showtime, seats, amounts: [1250] })).outcome);
		};
		let next = 0;
		const client = async (): Promise<void> => {
			for (let n = next++; n < HOLDS; n = next++) await place(n);
		};
		if (head < 0) {
			await start(programme.movieId);
			await driveArchive(deps, programme.movieId);
		}
		await Promise.all(Array.from({ length: CLIENTS }, client));
		await driving;
		const result = await finish(programme.movieId);
		const counts = { held: 0, not_on_sale: 0, showtime_cancelled: 0, ...countBy(outcomes) };
		console.log(`archive at ${head}: ${result.outcome}, ${JSON.stringify(counts)}`);
		expect(counts.held + counts.not_on_sale + counts.showtime_cancelled).toBe(HOLDS);
		expect(result.outcome).toBe(counts.held === 0 ? "archived" : "has_bookings");
		if (result.outcome === "archived") {
			return expectArchived(programme);
		}
		await expectOpen(programme);
		const live = await Promise.all(programme.showtimeIds.map((id) => test.seatStore.countLive(id)));
		expect(live.reduce((sum, each) => sum + (each.outcome === "counted" ? each.holds : Number.NaN), 0)).toBe(counts.held);
	},
	60_000,
);

const countBy = (words: readonly string[]): Record<string, number> =>
	Object.fromEntries([...Map.groupBy(words, (word) => word)].map(([word, { length }]) => [word, length]));

class Killed extends Error {}

/** Throws at the `call`th call of the seat store, before or after the call is made, and at each later one, as a process that died. */
function killedAt(call: number, moment: "before" | "after"): ActionDeps {
	let calls = 0;
	const counted =
		<Args extends unknown[], Result>(run: (...args: Args) => Promise<Result>) =>
		async (...args: Args): Promise<Result> => {
			calls += 1;
			if (calls > call || (calls === call && moment === "before")) throw new Killed();
			const result = await run(...args);
			if (calls >= call) throw new Killed();
			return result;
		};
	const { setTerms, reschedule, countLive, readShowtime } = test.seatStore;
	const seatStore = {
		...{ setTerms: counted(setTerms), reschedule: counted(reschedule) },
		...{ countLive: counted(countLive), readShowtime: counted(readShowtime) },
	};
	return { ...deps, seatStore };
}

describe.each(["before", "after"] as const)("an archive that is killed %s each call of the seat store", (moment) => {
	it.each([
		["finds no buyer and is finished by the next attempt", false],
		["finds a hold and reopens everything at the next attempt", true],
	])(
		"the killed archive %s",
		async (_what, hasHold) => {
			let kills = 0;
			for (let call = 1; call < 40; call += STRIDE) {
				const programme = await openMovie({ count: 2, rows: 1 });
				const held = hasHold ? await holdSeats(test.seatStore, await showtimeAt(programme, 1), [0]) : null;
				await start(programme.movieId);
				const killed = await driveArchive(killedAt(call, moment), programme.movieId).catch((error: unknown) => error);
				if (!(killed instanceof Killed)) break;
				kills += 1;
				// Calls that the dead process had sent are done, or never were.
				await new Promise((resolve) => setTimeout(resolve, 5));
				const result = await finish(programme.movieId);
				if (held === null) {
					expect(result).toEqual({ outcome: "archived" });
					await expectArchived(programme);
				} else {
					expect(result).toEqual({ outcome: "has_bookings", showtimes: 1, holds: 1, bookings: 0 });
					await expectOpen(programme);
					expect(await test.seatStore.readBooking(held.bookingId)).toMatchObject({ state: "HELD" });
				}
			}
			expect(kills).toBeGreaterThanOrEqual(10 / STRIDE);
		},
		120_000,
	);
});

it("a showtime that staff reopen after it was counted is not cancelled under the buyer who holds a seat then", async () => {
	const programme = await openMovie({ count: 1 });
	const { movieId } = programme;
	let held: Awaited<ReturnType<typeof holdSeats>> | null = null;
	const { setTerms } = test.seatStore;
	const seatStore: ActionDeps["seatStore"] = {
		...test.seatStore,
		setTerms: async (change) => {
			if (change.terms.state === "cancelled" && held === null) {
				await setTerms({ showtimeId: change.showtimeId, terms: { state: "open" }, ifVersions: null, command: command() });
				held = await holdSeats(test.seatStore, await showtimeAt(programme, 0), [5]);
			}
			return setTerms(change);
		},
	};
	await start(movieId);
	expect(await driveArchive({ ...deps, seatStore }, movieId)).toEqual({ outcome: "has_bookings", showtimes: 1, holds: 1, bookings: 0 });
	expect(await statesOf(programme)).toEqual(["open"]);
	expect(held).not.toBeNull();
});
