/**
 * Moving a showtime across the clock changes of four zones, through the route. In 2035, so that the showtimes are to come for years, with
 * instants that were worked out by hand from the rules of each zone.
 */
import { waitUntil } from "@holdfast/testing";
import { afterAll, beforeAll, expect, it } from "vitest";
import { auditOf, createTestShowtime, insertTestRoom, sellSeats, settleContinuously } from "../testing/admin.ts";
import { bookingDetailsIn, problemIn, type TestAnswer } from "../testing/read-answers.ts";
import { startTestApi, type TestApi, type TestUser } from "../testing/start-test-api.ts";

/** The running time of the movie: a start within this time before a clock change ends after it. */
const LENGTH_MS = 104 * 60_000;

type Moment = readonly [localStart: string, startsAt: string];
type Zone = {
	readonly timeZone: string;
	/** Evening before, night of, and evening after the first clock change of the year, and then of the second. */
	readonly starts: readonly [Moment, ...Moment[]];
	/** A local time that never is, and one that is twice; each with both instants that could be meant. */
	readonly skipped: readonly [localStart: string, before: string, after: string];
	readonly repeated: readonly [localStart: string, first: string, second: string];
};

const ZONES: readonly Zone[] = [
	{
		timeZone: "Europe/Vienna",
		starts: [
			["2035-03-24T20:15", "2035-03-24T19:15:00.000Z"],
			["2035-03-25T00:30", "2035-03-24T23:30:00.000Z"],
			["2035-03-25T20:15", "2035-03-25T18:15:00.000Z"],
			["2035-10-27T20:15", "2035-10-27T18:15:00.000Z"],
			["2035-10-28T00:30", "2035-10-27T22:30:00.000Z"],
			["2035-10-28T20:15", "2035-10-28T19:15:00.000Z"],
		],
		skipped: ["2035-03-25T02:30", "2035-03-25T00:30:00.000Z", "2035-03-25T01:30:00.000Z"],
		repeated: ["2035-10-28T02:30", "2035-10-28T00:30:00.000Z", "2035-10-28T01:30:00.000Z"],
	},
	{
		timeZone: "America/New_York",
		starts: [
			["2035-03-10T20:15", "2035-03-11T01:15:00.000Z"],
			["2035-03-11T00:30", "2035-03-11T05:30:00.000Z"],
			["2035-03-11T20:15", "2035-03-12T00:15:00.000Z"],
			["2035-11-03T20:15", "2035-11-04T00:15:00.000Z"],
			["2035-11-04T00:30", "2035-11-04T04:30:00.000Z"],
			["2035-11-04T20:15", "2035-11-05T01:15:00.000Z"],
		],
		skipped: ["2035-03-11T02:30", "2035-03-11T06:30:00.000Z", "2035-03-11T07:30:00.000Z"],
		repeated: ["2035-11-04T01:30", "2035-11-04T05:30:00.000Z", "2035-11-04T06:30:00.000Z"],
	},
	{
		timeZone: "Australia/Sydney",
		starts: [
			["2035-03-31T20:15", "2035-03-31T09:15:00.000Z"],
			["2035-04-01T01:30", "2035-03-31T14:30:00.000Z"],
			["2035-04-01T20:15", "2035-04-01T10:15:00.000Z"],
			["2035-10-06T20:15", "2035-10-06T10:15:00.000Z"],
			["2035-10-07T00:30", "2035-10-06T14:30:00.000Z"],
			["2035-10-07T20:15", "2035-10-07T09:15:00.000Z"],
		],
		skipped: ["2035-10-07T02:30", "2035-10-06T15:30:00.000Z", "2035-10-06T16:30:00.000Z"],
		repeated: ["2035-04-01T02:30", "2035-03-31T15:30:00.000Z", "2035-03-31T16:30:00.000Z"],
	},
	{
		// The clocks of Chile change at midnight: the hour before it is repeated in April, the hour after it is skipped in September.
		timeZone: "America/Santiago",
		starts: [
			["2035-04-07T20:15", "2035-04-07T23:15:00.000Z"],
			["2035-04-08T00:00", "2035-04-08T04:00:00.000Z"],
			["2035-04-08T20:15", "2035-04-09T00:15:00.000Z"],
			["2035-09-01T22:30", "2035-09-02T02:30:00.000Z"],
			["2035-09-02T01:00", "2035-09-02T04:00:00.000Z"],
			["2035-09-02T20:15", "2035-09-02T23:15:00.000Z"],
		],
		skipped: ["2035-09-02T00:30", "2035-09-02T03:30:00.000Z", "2035-09-02T04:30:00.000Z"],
		repeated: ["2035-04-07T23:30", "2035-04-08T02:30:00.000Z", "2035-04-08T03:30:00.000Z"],
	},
];

let api: TestApi;
let admin: TestUser;
let endSettling: () => Promise<void>;
beforeAll(async () => {
	api = await startTestApi({ rates: { userBurst: 10_000, userRate: 10_000 } });
	admin = await api.newAdmin();
	endSettling = settleContinuously(api);
});
afterAll(async () => {
	await endSettling();
	await api.close();
});

type Booking = Awaited<ReturnType<typeof sellSeats>>;

const endOf = (startsAt: string): string => new Date(Date.parse(startsAt) + LENGTH_MS).toISOString();
const timesOf = (startsAt: string) => ({ startsAt, endsAt: endOf(startsAt) });

async function schedule({ timeZone, starts: [[localStart]] }: Zone) {
	const auditoriumId = await insertTestRoom(api, { timeZone });
	const id = await createTestShowtime(api, admin, { auditoriumId, startsAt: undefined, localStart });
	const move = (start: object): Promise<TestAnswer> =>
		api.call(`PUT /admin/showtimes/${id}`, { token: admin.token, body: { reason: "The print arrives late.", ...start } });
	return { id, move };
}

const showBooking = async ({ id, user }: Booking) => bookingDetailsIn(await api.call(`GET /bookings/${id}`, { token: user.token }));
/** A process shows a move to buyers within a second. */
const waitForMove = (booking: Booking, startsAt: string) =>
	waitUntil("the buyer to see the move", async () => {
		const shown = await showBooking(booking);
		return shown.showtime.startsAt === startsAt && shown;
	});

it.concurrent.each(ZONES)(
	"a showtime moves across both clock changes of $timeZone, with its end, its sales and its buyers",
	async (zone) => {
		const { id, move } = await schedule(zone);
		const booking = await sellSeats(api, id, ["A1"]);
		const [[, bookedAt], ...moves] = zone.starts;
		const [repeated, , second] = zone.repeated;
		// An instant says which of two equal local times is meant.
		const steps = [
			...moves.map(([localStart, startsAt]) => ({ start: { localStart }, localStart, startsAt })),
			{ start: { startsAt: second }, localStart: repeated, startsAt: second },
		];
		for (const [index, { start, localStart, startsAt }] of steps.entries()) {
			const version = `${index + 2}.${index + 2}`;
			const moved = { ...timesOf(startsAt), localStart, salesCloseAt: startsAt, version, recorded: true };
			const answer = await move(start);
			expect([answer.status, answer.body]).toMatchObject([200, moved]);
			if (index === 1 || index === steps.length - 1)
				expect(await waitForMove(booking, startsAt)).toMatchObject({
					showtime: timesOf(startsAt),
					rescheduled: { from: timesOf(bookedAt) },
				});
		}
		const notices = await api.sql(`select version from notices where booking_id = '${booking.id}' order by version`);
		expect(notices.map(({ version }) => Number(version))).toEqual(steps.map((_, index) => index + 2));
	},
);

it.concurrent.each(ZONES)(
	"a move to a local time that the clocks of $timeZone skip or repeat changes nothing and names both instants",
	async (zone) => {
		const { id, move } = await schedule(zone);
		const booking = await sellSeats(api, id, ["A1"]);
		const [[localStart, startsAt]] = zone.starts;
		for (const [code, [time, ...instants]] of [
			["time_skipped", zone.skipped],
			["time_ambiguous", zone.repeated],
		] as const) {
			const problem = problemIn(await move({ localStart: time }));
			expect([problem.status, problem.code, problem.instants]).toEqual([422, code, instants]);
		}
		const showtime = await api.call(`GET /admin/showtimes/${id}`, { token: admin.token });
		expect(showtime.body).toMatchObject({ ...timesOf(startsAt), localStart, salesCloseAt: startsAt, version: "1.1" });
		expect((await showBooking(booking)).rescheduled).toBeNull();
		expect((await auditOf(api, id)).map(({ action }) => action)).toEqual(["showtime.scheduled"]);
	},
);
