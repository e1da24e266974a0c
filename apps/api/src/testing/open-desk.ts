/** What staff do at the desk, for tests: sales, changes of bookings, and their settling. */
import type { ShowtimeId } from "@holdfast/domain";
import { settleAll } from "@holdfast/rebuild/testing";
import { askRedis, waitUntil } from "@holdfast/testing";
import type { AdminBookingBody } from "../contract/admin-booking.ts";
import { sellSeats } from "./admin.ts";
import { recordKey, uninstall } from "./provoke.ts";
import { matrixIn, type TestAnswer } from "./read-answers.ts";
import type { TestApi, TestApp, TestUser } from "./start-test-api.ts";

type Headers = Readonly<Record<string, string>>;

/** Why the desk changes a booking, unless a test says otherwise. */
export const DESK_REASON = "Asked at the counter";

/** Returns the booking in a response to staff. Throws if the response is an error. */
export function adminBookingIn({ status, body }: TestAnswer): AdminBookingBody {
	if (status >= 300) throw new Error(`expected a booking, got ${JSON.stringify(body)}`);
	return body as AdminBookingBody;
}

/** Creates an admin, and returns what the admin can do. `app` sends a request through another app. */
export async function openDesk(api: TestApi) {
	const admin = await api.newAdmin();
	const send = (app: TestApp, request: string, body: object, headers: Headers): Promise<TestAnswer> =>
		app.call(request, { token: admin.token, body, headers });
	const settle = async (): Promise<void> => {
		const { waitingForRebuild } = await settleAll({ seatStore: api.seatStore, database: api.database });
		if (waitingForRebuild > 0) throw new Error(`${waitingForRebuild} entries were not settled`);
	};
	/** Sells seats of a new showtime to a new user. */
	const sold = async (labels: readonly string[] = ["A1", "A2"]) => {
		const showtimeId = await api.newShowtime();
		return { showtimeId, ...(await sellSeats(api, showtimeId, labels)) };
	};
	return {
		admin,
		settle,
		sell: (body: object, headers: Headers = {}, app: TestApp = api) => send(app, "POST /admin/bookings", body, headers),
		setStatus: (id: string, body: object, headers: Headers = {}, app: TestApp = api) =>
			send(app, `PUT /admin/bookings/${id}/status`, { reason: DESK_REASON, ...body }, headers),
		reseat: (id: string, seats: readonly string[], headers: Headers = {}, app: TestApp = api) =>
			send(app, `PUT /admin/bookings/${id}/seats`, { reason: DESK_REASON, seats }, headers),
		/** Sends a request that waits for the ledger, and settles what it does. */
		async recorded(ask: (headers: Headers) => Promise<TestAnswer>): Promise<TestAnswer> {
			await settle();
			const answer = ask({ prefer: "wait=5" });
			await waitUntil("the change to be in the outbox", async () => (await api.seatStore.outboxDepths()).some((depth) => depth > 0));
			await settle();
			return answer;
		},
		/** Returns what a user sees of the own booking. */
		seenBy: async ({ token }: TestUser, id: string) => Object((await api.call(`GET /bookings/${id}`, { token })).body),
		/** Returns the status of each seat in the live map, by label. */
		async seats(showtimeId: ShowtimeId): Promise<Record<string, string>> {
			const { rows } = matrixIn(await api.call(`GET /showtimes/${showtimeId}/seats`));
			return Object.fromEntries(rows.flatMap((row) => row.seats.flatMap((seat) => (seat === null ? [] : [[seat.label, seat.status]]))));
		},
		sold,
		/** As `sold`, and settles the sale. */
		async bought(labels?: readonly string[]) {
			const booking = await sold(labels);
			await settle();
			return booking;
		},
		/** Removes the record of a booking from Redis, as time does. */
		forget: (id: string) => askRedis(api.redis.port, "DEL", recordKey(id)),
		/** Makes another process rebuild the showtime without an end. */
		async rebuildForever(showtimeId: ShowtimeId): Promise<void> {
			await uninstall(api, showtimeId);
			await api.seatStore.claimShowtime(showtimeId, { token: "another process", ledgerEpoch: 1 });
		},
	};
}
