/**
 * Every change of a showtime that the seat store accepts from staff is settled: none is dead-lettered, the ledger ends as the seat store is,
 * and the audit trail has each change once, in order, with the values before and after it. Random commands run on a real Redis and a real
 * Postgres, settled and rebuilt in between at random.
 */
import { findDeadLetter } from "@holdfast/database";
import { bucketOf, INSTANT_MAX_MS, newUserId, type OpenShowtime, PRICE_MAX, type ShowtimeId, type StaffCommand } from "@holdfast/domain";
import type { TermsToSet } from "@holdfast/seat-store";
import { holdSeats, installedShowtime, installSnapshot } from "@holdfast/seat-store/testing";
import { buildShowtime, byRunLength, insertUsers } from "@holdfast/testing";
import fc from "fast-check";
import { afterAll, beforeAll, expect, it } from "vitest";
import { createSweeperMetrics } from "./sweeper-metrics.ts";
import { openTestSweeper, type TestSweeper } from "./testing/open-test-sweeper.ts";

const SEATS = 6;
const HOUR_MS = 3_600_000;
const SEQUENCES = byRunLength({ short: 12, long: 1_500 });

let test: TestSweeper;
const metrics = createSweeperMetrics();
beforeAll(async () => {
	test = await openTestSweeper();
});
afterAll(() => test.stop());

/** One accepted change, as the audit trail must have it. */
type Accepted = { readonly requestId: string; readonly reason: string | null };
type Scenario = { readonly id: ShowtimeId; readonly accepted: Accepted[]; requests: number; cancelled: boolean };

type Step =
	| { what: "terms"; terms: TermsToSet; ifVersions: number[] | null; reason: string | null }
	| { what: "block"; seats: number[]; isBlocked: boolean; reason: string | null }
	/** `between`: terms that are set between the change of the ledger and that of the seat store. */
	| { what: "move"; byMs: number; isRebuiltBetween: boolean; between: TermsToSet; reason: string | null }
	| { what: "buy"; seat: number }
	| { what: "settle" | "rebuild" | "cancel" };

const nowMs = Date.now();
const instant = fc.constantFrom(0, nowMs - HOUR_MS, nowMs, nowMs + HOUR_MS, nowMs + 24 * HOUR_MS, INSTANT_MAX_MS);
const price = fc.constantFrom(0, 1250, 990, PRICE_MAX);
const prices = fc.oneof(
	{ weight: 5, arbitrary: price.map((standard) => ({ standard })) },
	{ weight: 1, arbitrary: fc.constantFrom({}, { premium: 1 }, { standard: 1, premium: 1 }) },
);
const reason = fc.option(fc.constantFrom("The projector is broken.", "\"'\\\n\u{1F39F}", "x".repeat(500)));
const terms = fc.record(
	{
		state: fc.constantFrom("open", "paused", "closed"),
		prices,
		currency: fc.constantFrom("USD", "USD", "USD", "EUR"),
		salesOpenAt: instant,
		salesCloseAt: instant,
	},
	{ requiredKeys: [] },
);
const ifVersions = fc.oneof(
	{ weight: 3, arbitrary: fc.constant(null) },
	{ weight: 1, arbitrary: fc.uniqueArray(fc.integer({ min: 1, max: 6 }), { maxLength: 3 }) },
);
const seats = fc.uniqueArray(fc.nat(SEATS - 1), { minLength: 1, maxLength: 4 });
const step: fc.Arbitrary<Step> = fc.oneof(
	{ weight: 6, arbitrary: fc.record({ what: fc.constant("terms"), terms, ifVersions, reason }) },
	{ weight: 3, arbitrary: fc.record({ what: fc.constant("block"), seats, isBlocked: fc.boolean(), reason }) },
	{
		weight: 3,
		arbitrary: fc.record({
			what: fc.constant("move"),
			byMs: fc.constantFrom(-20 * HOUR_MS, -1, 0, 1, 30 * HOUR_MS),
			isRebuiltBetween: fc.boolean(),
			between: fc.constantFrom({}, { state: "paused" }, { state: "open" }),
			reason,
		}),
	},
	{ weight: 1, arbitrary: fc.record({ what: fc.constant("buy"), seat: fc.nat(SEATS - 1) }) },
	{ weight: 3, arbitrary: fc.record({ what: fc.constant("settle") }) },
	{ weight: 2, arbitrary: fc.record({ what: fc.constant("rebuild") }) },
	{ weight: 1, arbitrary: fc.record({ what: fc.constant("cancel") }) },
);

async function settle(): Promise<void> {
	await test.newSweeper({ metrics }).runOnce();
}

/** Merges what both stores have. A rebuild leaves an installed showtime as it is, unless the ledger's epoch is newer. */
async function rebuild(id: ShowtimeId): Promise<void> {
	await test.query(`update showtimes set redis_epoch = redis_epoch + 1 where id = '${id}'`);
	expect(await test.rebuild(id)).toBe("opened");
}

/** Runs a change with a command of staff. Notes it as accepted when it raised a version of the showtime. */
async function change(
	scenario: Scenario,
	{ reason: why = null }: { reason?: string | null },
	run: (command: StaffCommand) => Promise<{ outcome: string }>,
): Promise<void> {
	scenario.requests += 1;
	const command = { actor: newUserId(), requestId: `request-${scenario.requests}`, reason: why };
	const before = await installedShowtime(test.seatStore, scenario.id);
	const { outcome } = await run(command);
	const after = await installedShowtime(test.seatStore, scenario.id);
	const isChanged = before.showtimeVersion !== after.showtimeVersion || before.scheduleVersion !== after.scheduleVersion;
	if (outcome === "set" && isChanged) scenario.accepted.push({ requestId: command.requestId, reason: why });
	else expect(after).toEqual(before);
}

/** Moves the showtime as an action does: in the ledger first, then in the seat store, twice as after a lost answer. */
async function move(scenario: Scenario, { byMs, isRebuiltBetween, between, ...rest }: Extract<Step, { what: "move" }>): Promise<void> {
	const { id } = scenario;
	if (scenario.cancelled) return;
	// The API moves no showtime into the past, and one that has ended does not stay in the seat store.
	if ((await installedShowtime(test.seatStore, id)).startsAt + byMs < nowMs + HOUR_MS) return;
	const [row] = await test.query(
		`with before as (select id, starts_at, ends_at from showtimes where id = '${id}')
		 update showtimes set starts_at = showtimes.starts_at + interval '${byMs} ms', ends_at = showtimes.ends_at + interval '${byMs} ms',
			occupied_until = occupied_until + interval '${byMs} ms', schedule_version = schedule_version + 1
		 from before where showtimes.id = before.id
		 returning schedule_version, extract(epoch from before.starts_at) * 1000 as starts_at, extract(epoch from before.ends_at) * 1000 as ends_at`,
	);
	const movedFrom = { startsAt: Math.round(Number(row?.starts_at)), endsAt: Math.round(Number(row?.ends_at)) };
	const [startsAt, endsAt] = [movedFrom.startsAt + byMs, movedFrom.endsAt + byMs];
	if (isRebuiltBetween) await rebuild(id);
	await change(scenario, {}, (command) => test.seatStore.setTerms({ showtimeId: id, terms: between, ifVersions: null, command }));
	await change(scenario, rest, async (command) => {
		const before = await installedShowtime(test.seatStore, id);
		const request = { showtimeId: id, scheduleVersion: Number(row?.schedule_version), startsAt, endsAt, movedFrom, command };
		const moved = await test.seatStore.reschedule(request);
		// Every version of the schedule is an event of its own, so one of the versions that name it must be new.
		expect(moved).not.toMatchObject({ showtimeVersion: before.showtimeVersion, scheduleVersion: before.scheduleVersion });
		return test.seatStore.reschedule(request);
	});
}

async function run(scenario: Scenario, { id, cancelled }: Scenario, next: Step): Promise<void> {
	const { seatStore } = test;
	switch (next.what) {
		case "terms":
			return change(scenario, next, (command) =>
				seatStore.setTerms({ showtimeId: id, terms: next.terms, ifVersions: next.ifVersions, command }),
			);
		case "block":
			return change(scenario, next, (command) =>
				seatStore.blockSeats({ showtimeId: id, seats: next.seats, isBlocked: next.isBlocked, ifVersions: null, command }),
			);
		case "move":
			return move(scenario, next);
		case "buy": {
			const [userId] = await insertUsers(test.databaseUrl, 1);
			const held =
				userId && (await holdSeats(seatStore, await installedShowtime(seatStore, id), [next.seat], { userId }).catch(() => null));
			if (held) await seatStore.confirmBooking(held);
			return;
		}
		case "settle":
			return settle();
		case "rebuild":
			if (!cancelled) await rebuild(id);
			return;
		case "cancel":
			await change(scenario, {}, (command) =>
				seatStore.setTerms({ showtimeId: id, terms: { state: "cancelled" }, ifVersions: null, command }),
			);
			scenario.cancelled = true;
	}
}

/** The terms and the schedule as the audit trail shows them. */
type Shown = Record<string, unknown> & { blockedSeats: string[] };
const shownOf = ({ state, prices: tiers, salesOpenAt, salesCloseAt, startsAt, endsAt }: OpenShowtime, blocked: string[]): Shown => {
	const instants = { salesOpenAt, salesCloseAt, startsAt, endsAt };
	const shown = Object.entries(instants).map(([name, ms]) => [name, new Date(ms).toISOString()]);
	return { state, prices: tiers, ...Object.fromEntries(shown), blockedSeats: blocked };
};

/** Applies the rows of the trail to the showtime as it was; each must find the values that it names as those before it. */
function replay(start: Shown, rows: readonly { before: string; after: string }[]): Shown {
	let current = start;
	for (const row of rows) {
		const [before, after]: Partial<Shown>[] = [JSON.parse(row.before), JSON.parse(row.after)];
		const { blockedSeats: freed = [], ...fields } = before ?? {};
		expect(current).toMatchObject(fields);
		expect(current.blockedSeats).toEqual(expect.arrayContaining(freed));
		const kept = current.blockedSeats.filter((seat) => !freed.includes(seat));
		current = { ...current, ...after, blockedSeats: [...kept, ...(after?.blockedSeats ?? [])].sort() };
	}
	return current;
}

it("every change that the seat store accepts from staff is settled and audited once, and both stores agree in the end", async () => {
	let changes = 0;
	const sequence = fc.array(step, { minLength: 1, maxLength: 14, size: "max" });
	const property = fc.asyncProperty(sequence, fc.boolean(), async (steps, closesEarly) => {
		const inserted = await test.rebuiltShowtime({ rows: 1, seatsPerRow: SEATS });
		const { id } = inserted;
		// A move raises both versions when sales close at the start.
		const early = { salesCloseAt: inserted.startsAt - HOUR_MS };
		if (closesEarly) await test.seatStore.setTerms({ showtimeId: id, terms: early, ifVersions: null, command: null });
		const showtime = await installedShowtime(test.seatStore, id);
		const scenario: Scenario = { id, accepted: [], requests: 0, cancelled: false };
		for (const next of steps) await run(scenario, scenario, next);
		if (!scenario.cancelled) await rebuild(id);
		await settle();
		const installed = await installedShowtime(test.seatStore, id);
		const [row] = await test.query(
			`select state, prices::text, currency, price_version, showtime_version, schedule_version, array_to_string(blocked_seats, ',') as blocked,
				(extract(epoch from sales_open_at) * 1000)::bigint as opens, (extract(epoch from sales_close_at) * 1000)::bigint as closes,
				(extract(epoch from starts_at) * 1000)::bigint as starts, (extract(epoch from ends_at) * 1000)::bigint as ends
			from showtimes where id = '${id}'`,
		);
		const { state, currency, priceVersion, showtimeVersion, scheduleVersion, salesOpenAt, salesCloseAt, startsAt, endsAt } = installed;
		const { statuses } = await test.seatStore.inspectSeats(id);
		const blocked = [...statuses].flatMap((letter, seat) => (letter === "X" ? [seat] : []));
		expect({ ...row, prices: JSON.parse(row?.prices ?? "") }).toEqual({
			...{ state, currency, prices: installed.prices, blocked: blocked.join(",") },
			...{ price_version: `${priceVersion}`, showtime_version: `${showtimeVersion}`, schedule_version: `${scheduleVersion}` },
			...{ opens: `${salesOpenAt}`, closes: `${salesCloseAt}`, starts: `${startsAt}`, ends: `${endsAt}` },
		});
		const rows = await test.query(
			`select request_id, reason, before::text, after::text from audit_events where showtime_id = '${id}' order by id`,
		);
		expect(rows.map(({ request_id, reason: why }) => ({ requestId: request_id, reason: why }))).toEqual(scenario.accepted);
		const texts = rows.map(({ before, after }) => ({ before: before ?? "", after: after ?? "" }));
		const labels = blocked.map((seat) => `A${seat + 1}`);
		expect(replay(shownOf(showtime, []), texts)).toEqual(shownOf(installed, labels));
		changes += rows.length;
	});
	await fc.assert(property, { numRuns: SEQUENCES });
	expect(await test.query("select error_code, error_message from dead_letters")).toEqual([]);
	expect((await metrics.render()).text).not.toMatch(/^holdfast_(outbox_gaps|schedule_clashes|dead_letters)_total [1-9]/m);
	console.log(`${changes} changes of staff settled and audited`);
	expect(changes).toBeGreaterThan(SEQUENCES / 2);
}, 600_000);

it("a change of staff that was dead-lettered and is put back into the outbox is settled and audited once", async () => {
	const { seatStore, query } = test;
	const showtime = buildShowtime();
	await installSnapshot(seatStore, { showtime });
	const command = { actor: newUserId(), requestId: "request-1", reason: 'two\nlines "quoted"' };
	await seatStore.setTerms({ showtimeId: showtime.id, terms: { state: "paused" }, ifVersions: null, command });
	await settle();
	const [letter] = await query("select bucket, entry_id, error_code from dead_letters");
	expect(letter?.error_code).toBe("unknown_showtime");
	const { id } = await test.openShowtime(bucketOf(showtime.id));
	await query(`update showtimes set id = '${showtime.id}' where id = '${id}'`);
	const key = { bucket: Number(letter?.bucket), entryId: letter?.entry_id ?? "" };
	for (let replays = 0; replays < 2; replays += 1) {
		await seatStore.requeueEntry(key.bucket, (await findDeadLetter(test.database, key))?.raw ?? {});
		await settle();
	}
	expect(
		await query(`select action, actor, reason, before::text, after::text from audit_events where showtime_id = '${showtime.id}'`),
	).toEqual([
		{ action: "showtime.paused", actor: command.actor, reason: command.reason, before: '{"state": "open"}', after: '{"state": "paused"}' },
	]);
	expect(await query(`select state from showtimes where id = '${showtime.id}'`)).toEqual([{ state: "paused" }]);
});
