/** Helpers for the tests of the admin routes. */
import type { AdminMovieBody } from "../contract/admin-movie.ts";
import type { TestApi, TestUser } from "./start-test-api.ts";

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
