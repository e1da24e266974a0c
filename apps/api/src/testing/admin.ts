/** Helpers for the tests of the admin routes. */
import { setTimeout as delay } from "node:timers/promises";
import { createDatabase } from "@holdfast/database";
import {
	type BookingId,
	gridLayout,
	newAuditoriumId,
	newBookingId,
	newSeatPlanId,
	parseShowtimeId,
	type ShowtimeId,
	type UserId,
} from "@holdfast/domain";
import { settleAll } from "@holdfast/rebuild/testing";
import type { ShowtimeOptions } from "@holdfast/testing";
import type { AuditoriumBody } from "../contract/admin-auditorium.ts";
import type { AdminMovieBody } from "../contract/admin-movie.ts";
import type { AdminSeatPlanBody } from "../contract/admin-seat-plan.ts";
import type { TestApi, TestUser } from "./start-test-api.ts";

const SETTLE_PAUSE_MS = 100;

/** One row of the audit trail. */
export type AuditRow = {
	readonly action: string;
	readonly actor: string | null;
	readonly targetId: string;
	readonly before: unknown;
	readonly after: unknown;
	readonly reason: string | null;
	readonly requestId: string | null;
};

/** Returns the audit rows of a target, oldest first. */
export async function auditOf(api: TestApi, targetId: string): Promise<AuditRow[]> {
	const rows = await api.sql(`select action, actor, target_id, before, after, reason, request_id from audit_events
		where target_id = '${targetId}' order by id`);
	return rows.map((row) => ({
		action: row.action ?? "",
		actor: row.actor ?? null,
		targetId: row.target_id ?? "",
		before: JSON.parse(row.before ?? "null"),
		after: JSON.parse(row.after ?? "null"),
		reason: row.reason ?? null,
		requestId: row.request_id ?? null,
	}));
}

/** Adds a movie through the API and returns it. Throws if the request is refused. */
export async function createTestMovie(api: TestApi, admin: TestUser, fields: object = {}): Promise<AdminMovieBody> {
	const body = { title: "The Third Man", durationMinutes: 104, genre: "Thriller", rating: "PG", status: "now_showing", ...fields };
	const answer = await api.call("POST /admin/movies", { token: admin.token, body });
	if (answer.status !== 201) throw new Error(`expected a movie, got ${JSON.stringify(answer.body)}`);
	return answer.body as AdminMovieBody;
}

/** Adds an auditorium through the API and returns it. Throws if the request is refused. */
export async function createTestAuditorium(api: TestApi, admin: TestUser, fields: object = {}): Promise<AuditoriumBody> {
	const body = { name: "Hall 1", timeZone: "Europe/Vienna", currency: "EUR", ...fields };
	const answer = await api.call("POST /admin/auditoriums", { token: admin.token, body });
	if (answer.status !== 201) throw new Error(`expected an auditorium, got ${JSON.stringify(answer.body)}`);
	return answer.body as AuditoriumBody;
}

/** Returns the auditorium of a new showtime that starts in 24 hours, with a current plan of 10 x 10 seats and prices in USD. */
export async function auditoriumOfNewShowtime(api: TestApi, options: ShowtimeOptions = {}): Promise<{ id: string; showtimeId: string }> {
	const showtimeId = await api.newShowtime(options);
	const [row] = await api.sql(`select auditorium_id from showtimes where id = '${showtimeId}'`);
	return { id: row?.auditorium_id ?? "", showtimeId };
}

/** The layout of a small plan: two rows of three seats in two tiers, with a gap. */
export const SMALL_LAYOUT = {
	tiers: [
		{ id: "standard", name: "Standard" },
		{ id: "premium", name: "Premium" },
	],
	rows: ["A", "B"].map((label) => ({
		label,
		seats: [
			{ label: `${label}1`, tier: "standard", kind: "wheelchair" },
			null,
			{ label: `${label}2`, tier: "standard", kind: "standard" },
			{ label: `${label}3`, tier: "premium", kind: "standard" },
		],
	})),
};

/** Adds a plan to an auditorium through the API and returns it. Throws if the request is refused. */
export async function createTestPlan(
	api: TestApi,
	admin: TestUser,
	auditoriumId: string,
	body: object = SMALL_LAYOUT,
): Promise<AdminSeatPlanBody> {
	const answer = await api.call(`POST /admin/auditoriums/${auditoriumId}/plans`, { token: admin.token, body });
	if (answer.status !== 201) throw new Error(`expected a plan, got ${JSON.stringify(answer.body)}`);
	return answer.body as AdminSeatPlanBody;
}

/** Options of `insertTestRoom`. */
export type TestRoomOptions = {
	readonly timeZone?: string;
	readonly currency?: string;
	readonly cleaningMinutes?: number;
	readonly dayStartsAt?: string;
};

/** Inserts an auditorium with a current plan of 10 x 10 seats in one tier, `standard`, at 1,250 minor units by default. Returns its id. */
export async function insertTestRoom(api: TestApi, options: TestRoomOptions = {}): Promise<string> {
	const { timeZone = "Europe/Vienna", currency = "EUR", cleaningMinutes = 20, dayStartsAt = "00:00" } = options;
	const [id, planId] = [newAuditoriumId(), newSeatPlanId()];
	const tiers = [{ id: "standard", name: "Standard" }];
	const layout = JSON.stringify(gridLayout({ rows: 10, seatsPerRow: 10, tiers, tierOfRow: () => "standard" }));
	await api.sql(`insert into auditoriums (id, name, time_zone, currency, cleaning_minutes, day_starts_at, default_prices)
			values ('${id}', 'Hall 1', '${timeZone}', '${currency}', ${cleaningMinutes}, '${dayStartsAt}', '{"standard": 1250}');
		insert into seat_plans (id, auditorium_id, layout, seat_count, is_current) values ('${planId}', '${id}', '${layout}', 100, true)`);
	return id;
}

/** Schedules a showtime in a new auditorium through the API: 100 seats at 12.50 EUR, tomorrow. Returns its id. */
export async function createTestShowtime(api: TestApi, admin: TestUser, fields: object = {}): Promise<ShowtimeId> {
	const [movie, auditoriumId] = [await createTestMovie(api, admin), await insertTestRoom(api)];
	const startsAt = new Date(Date.now() + 24 * 3_600_000).toISOString();
	const body = { movieId: movie.id, auditoriumId, startsAt, ...fields };
	const answer = await api.call("POST /admin/showtimes", { token: admin.token, body });
	const id = parseShowtimeId(Object(answer.body).id ?? "");
	if (id === null) throw new Error(`expected a showtime, got ${JSON.stringify(answer.body)}`);
	return id;
}

/** Settles all outboxes again and again, as a sweeper does. Returns a function that ends it. */
export function settleContinuously(api: TestApi): () => Promise<void> {
	const database = createDatabase({ url: api.databaseUrl });
	let isStopped = false;
	const loop = async (): Promise<void> => {
		while (!isStopped) {
			// An entry may have to wait until a showtime is opened, or for a row that an action has locked: the next pass settles it.
			await settleAll({ seatStore: api.seatStore, database }).catch((error: unknown) => {
				if (!(error instanceof Error && error.message.endsWith("was not settled: locked"))) throw error;
			});
			await delay(SETTLE_PAUSE_MS);
		}
		await database.close();
	};
	const settling = loop();
	return async () => {
		isStopped = true;
		await settling;
	};
}

/** Sells seats of a showtime to a new user. Returns the booking and its buyer. */
export async function sellSeats(api: TestApi, showtimeId: ShowtimeId, labels: readonly string[]) {
	const user = await api.newUser();
	const { id } = await api.held(user, showtimeId, labels);
	await api.call(`POST /bookings/${id}/confirm`, { token: user.token });
	return { id, user };
}

/** Options of `insertRefund`. `state` is that of the row: `done` is shown as `refunded`. */
export type TestRefundOptions = {
	readonly showtimeId: ShowtimeId;
	readonly userId: UserId;
	readonly reason?: "conflict" | "showtime_cancelled" | "cancelled";
	readonly amount?: number;
	readonly currency?: string;
	readonly percent?: number;
	readonly state?: "due" | "sent" | "done" | "failed" | "not_owed";
	readonly dueAt?: string;
};

/** Inserts a cancelled booking and its refund, as settling writes them: 12.50 USD, due now, unless the options say otherwise. Returns the booking. */
export async function insertRefund(api: TestApi, { showtimeId, userId, ...options }: TestRefundOptions): Promise<BookingId> {
	const { reason = "cancelled", amount = 1250, currency = "USD", percent = 100, state = "due" } = options;
	const dueAt = options.dueAt ?? new Date().toISOString();
	const id = newBookingId(showtimeId);
	const bookingState = reason === "conflict" ? "CONFLICT" : "CANCELLED";
	await api.sql(`insert into bookings (id, user_id, showtime_id, seat_plan_id, state, version, amount, currency, created_at, expires_at, confirmed_at,
			schedule_version)
		select '${id}', '${userId}', id, seat_plan_id, '${bookingState}', 3, ${(amount * 100) / percent}, '${currency}', now(), now(), now(), 1
		from showtimes where id = '${showtimeId}';
		insert into refunds (booking_id, showtime_id, reason, amount, currency, percent, state, due_at, provider_ref, done_at)
		select '${id}', '${showtimeId}', '${reason}', ${amount}, '${currency}', ${percent}, '${state}', '${dueAt}'
			${state === "done" ? ", 'Receipt 1', '2031-01-01T00:00:00Z'" : ", null, null"}`);
	return id;
}

/** Inserts a dead letter, as settling writes it, and returns its id. */
export async function insertDeadLetter(
	api: TestApi,
	{ bucket, raw }: { bucket: number; raw: Readonly<Record<string, string>> },
): Promise<string> {
	const [row] = await api.sql(`insert into dead_letters (bucket, entry_id, raw, error_code, error_message)
		values (${bucket}, '1-' || floor(random() * 1e9)::bigint, '${JSON.stringify(raw)}', 'unparsable', 'the fields do not form a valid event')
		returning id`);
	return row?.id ?? "";
}
