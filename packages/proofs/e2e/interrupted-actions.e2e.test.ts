/**
 * API and PostgreSQL killed between the steps of a reschedule, a cancel and an archive. The sweeper alone finishes what was begun: each
 * booking gets one notice, each cancelled one a refund, and no movie is archived under a buyer. `sweeper/src/showtime-actions.pg` and
 * `sweeper/src/archive-movie.pg` kill the sweeper and Redis between these steps.
 */
import { isDeepStrictEqual } from "node:util";
import { DEFAULT_LIMITS, type ShowtimeId } from "@holdfast/domain";
import { createSeatStore, type SeatStore } from "@holdfast/seat-store";
import { installedShowtime } from "@holdfast/seat-store/testing";
import { byRunLength, waitUntil } from "@holdfast/testing";
import { afterAll, beforeAll, expect, it } from "vitest";
import { closeGate } from "./close-gate.ts";
import { openTestStack, type TestStack } from "./open-test-stack.ts";
import { type Action, type ActionKind, type Actions, createActions } from "./prepare-actions.ts";

/**
 * `at`: the write to `showtime_actions` before which the API waits; `waiting`: how many sessions do. `states`: the actions that are begun, and
 * what Redis has of their showtimes at this moment: state and schedule version.
 */
type Moment = {
	readonly after: string;
	readonly at: string;
	readonly waiting: number;
	readonly states: readonly (readonly [ActionKind, string])[];
};

const NOT_SEEN = "new.is_paused_here is not distinct from old.is_paused_here";
const MOMENTS: readonly Moment[] = [
	{
		after: "the ledger has its half",
		at: "true",
		waiting: 3,
		states: [
			["move", "open 1"],
			["cancel", "open 1"],
			["archive", "open 1"],
		],
	},
	{
		...{ after: "Redis has its half", at: `new.tries = old.tries and ${NOT_SEEN}`, waiting: 3 },
		states: [
			["move", "open 2"],
			["cancel", "cancelled 1"],
			["held", "paused 1"],
		],
	},
	{
		...{ after: "all is counted", at: "new.step <> old.step and new.step in ('cancel', 'reopen')", waiting: 2 },
		states: [
			["archive", "paused 1"],
			["held", "paused 1"],
		],
	},
	{
		...{ after: "Redis has the end of an archive", at: "new.finished_at is not null", waiting: 2 },
		states: [
			["archive", "cancelled 1"],
			["held", "open 1"],
		],
	},
];
const VICTIMS = ["api", "postgres"] as const;
const RUNS = byRunLength({ short: [1], long: [1, 2, 3, 4, 5] });
const REST_DEADLINE_MS = 60_000;

let test: TestStack;
let actions: Actions;
let seatStore: SeatStore;
beforeAll(async () => {
	test = await openTestStack({}, { ownPostgres: true });
	actions = await createActions(test);
	seatStore = createSeatStore({ url: test.stack.info.redisUrl, limits: DEFAULT_LIMITS });
});
afterAll(async () => {
	await seatStore.close();
	await test.close();
});

const stateOf = async (id: ShowtimeId): Promise<string> => {
	const { state, scheduleVersion } = await installedShowtime(seatStore, id);
	return `${state} ${scheduleVersion}`;
};

/** Sends the requests, and kills the victim when each of them has come as far as the moment says. Resolves when it runs again. */
async function interrupt(victim: (typeof VICTIMS)[number], { after, at, waiting, states }: Moment, subjects: readonly Action[]) {
	const gate = await closeGate(test.stack.info.databaseOwnerUrl, at);
	const answers = Promise.allSettled(subjects.map(({ send }) => send()));
	await gate.reached(waiting);
	const inRedis = () => Promise.all(subjects.map(async ({ kind, ids }) => [kind, ...new Set(await Promise.all(ids.map(stateOf)))]));
	await waitUntil(`${after}: Redis to be as far`, async () => isDeepStrictEqual(await inRedis(), states));
	await test.stack[victim]?.kill("SIGKILL");
	if (victim === "api") await gate.dropWaiting();
	await test.stack[victim]?.start();
	await gate.open();
	expect(await inRedis()).toEqual(states);
	const codes = (await answers).map((answer) => (answer.status === "fulfilled" ? answer.value.code : "no answer"));
	expect(codes).toEqual(states.map(() => (victim === "api" ? "no answer" : "outcome_unknown")));
}

const AT_REST = { confirmed: "0", cancelled: "0", notices: "0", noticed: "0", refunds: "0", audited: null, archived: "f" };
const EXPECTED: Record<ActionKind, object> = {
	move: { ...AT_REST, state: "open 2", confirmed: "3", notices: "3", noticed: "3", audited: "showtime.rescheduled" },
	cancel: { ...AT_REST, state: "cancelled 1", cancelled: "2", notices: "2", noticed: "2", refunds: "2", audited: "showtime.cancelled" },
	archive: { ...AT_REST, state: "cancelled 1", audited: "movie.archived, showtime.cancelled", archived: "t" },
	held: { ...AT_REST, state: "open 1" },
};
/** How a request is answered that is sent again at the end. */
const REPEATED: Record<ActionKind, string> = { move: "200 null", cancel: "200 null", archive: "200 null", held: "409 has_bookings" };

async function readLedger(id: ShowtimeId, movieId: string) {
	const of = `showtime_id = '${id}'`;
	const [row] = await test.query(`select state || ' ' || schedule_version as state,
		(select count(*) from bookings where ${of} and state = 'CONFIRMED') as confirmed,
		(select count(*) from bookings where ${of} and state = 'CANCELLED') as cancelled,
		(select count(*) from notices where ${of}) as notices, (select count(distinct booking_id) from notices where ${of}) as noticed,
		(select count(*) from refunds where ${of} and state = 'due' and amount = 1250 and percent = 100) as refunds,
		(select string_agg(action, ', ' order by action) from audit_events where ${of} or target_id = '${movieId}') as audited,
		(select archived_at is not null from movies where id = '${movieId}') as archived
		from showtimes where id = '${id}'`);
	return row;
}

async function rest(): Promise<void> {
	const open = "select 1 from showtime_actions where finished_at is null";
	await waitUntil("every action to be finished", async () => (await test.query(open)).length === 0, REST_DEADLINE_MS);
	await test.proof.drained(REST_DEADLINE_MS);
}

async function expectAtRest(subjects: readonly Action[]): Promise<void> {
	for (const { kind, ids, movieId } of subjects)
		for (const [place, id] of ids.entries()) {
			const expected = { ...EXPECTED[kind], ...(kind === "held" && place === 0 && { confirmed: "1" }) };
			expect([kind, await readLedger(id, movieId)]).toEqual([kind, expected]);
			// The seat store keeps the seats of a cancelled showtime as they were.
			const violations = kind === "cancel" ? [] : await test.proof.violations(id);
			expect([kind, await stateOf(id), violations]).toEqual([kind, Object(EXPECTED[kind]).state, []]);
		}
}

it.each(RUNS)("the sweeper finishes each action of which API or Postgres was killed after any step, run %i", async () => {
	const rounds = VICTIMS.flatMap((victim) => MOMENTS.map((moment) => ({ victim, moment })));
	const interrupted = await Promise.all(
		rounds.map(async ({ victim, moment }) => {
			const count = moment.waiting === 2 ? 2 : 1;
			return { victim, moment, subjects: await Promise.all(moment.states.map(([kind]) => actions.prepare(kind, count))) };
		}),
	);
	const subjects = interrupted.flatMap((round) => round.subjects);
	await test.proof.drained(REST_DEADLINE_MS);
	test.stack.sweeper.pause();
	for (const subject of subjects) await actions.takeSeats(subject);
	for (const { victim, moment, ...round } of interrupted) await interrupt(victim, moment, round.subjects);

	const confirm = async (kind: ActionKind) => {
		for (const subject of subjects.filter((each) => each.kind === kind)) {
			const answer = await actions.confirmHold(subject);
			expect([answer?.status, answer?.code]).toEqual(kind === "cancel" ? [409, "showtime_cancelled"] : [200, null]);
		}
	};
	// A hold that is older than the move is confirmed after it.
	await confirm("move");
	test.stack.sweeper.resume();
	await test.query("update showtime_actions set next_try_at = now() where finished_at is null");
	await rest();
	await confirm("held");
	await confirm("cancel");
	await test.proof.drained(REST_DEADLINE_MS);
	await expectAtRest(subjects);

	for (const { kind, send } of subjects) {
		const { status, code } = await send();
		expect([kind, `${status} ${code}`]).toEqual([kind, REPEATED[kind]]);
	}
	await rest();
	await expectAtRest(subjects);
	expect(await test.query("select 1 from dead_letters")).toEqual([]);
});
