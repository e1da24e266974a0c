/** The typed client against the API that it was generated from: what an app does from its first start to signing out. */
import { createClient, createSessionTokens, type Session } from "@holdfast/client";
import { waitUntil } from "@holdfast/testing";
import { afterAll, beforeAll, expect, it } from "vitest";
import { originOf } from "./testing/read-stream.ts";
import { expired } from "./testing/sign-in.ts";
import { startTestApi, type TestApi } from "./testing/start-test-api.ts";

let api: TestApi;
let baseUrl: string;
beforeAll(async () => {
	api = await startTestApi();
	baseUrl = await originOf(api);
});
afterAll(() => api.close());

/** The tabs of one browser: each has its own client, and all share one session storage. */
function openBrowser() {
	let stored: Session | null = null;
	const openTab = () => {
		const tokens = createSessionTokens({
			baseUrl,
			session: stored,
			reload: () => stored,
			onChange: (session) => {
				stored = session;
			},
		});
		return { tokens, client: createClient({ baseUrl, tokens }) };
	};
	return {
		openTab,
		expireToken() {
			if (stored !== null) stored = { ...stored, accessToken: expired(stored.accessToken) };
		},
	};
}

async function register({ tokens, client }: ReturnType<ReturnType<typeof openBrowser>["openTab"]>, email: string) {
	const { data } = await client.POST("/api/v1/auth/register", { body: { email, password: "correct horse", displayName: "Ada" } });
	if (data === undefined) throw new Error("the new user was not registered");
	tokens.set(data);
}

it("the client registers, holds a seat, sees it change, confirms it, and signs out", async () => {
	const tab = openBrowser().openTab();
	await register(tab, "ada@client.example");
	const showtimeId = await api.newShowtime();
	/** The statuses of the first seat as the client sees them. */
	const seen: string[] = [];
	const leave = new AbortController();
	const watching = tab.client.watchSeats({
		showtimeId,
		signal: leave.signal,
		onMap: ({ statuses }) => seen.push(statuses.slice(0, 1)),
		onSeats: ({ seats }) => seen.push(...seats.map(([, letter]) => letter)),
	});
	const sees = (letter: string) => waitUntil(`seat A1 to be seen as ${letter}`, () => seen.at(-1) === letter);
	await sees("A");

	const held = await tab.client.POST("/api/v1/bookings", { body: { showtimeId, seats: ["A1"] } });
	if (held.data === undefined) throw new Error(JSON.stringify(held.error));
	const [remainingMs, answeredMs] = [tab.client.clock.remainingMs(held.data.expiresAt), (held.data.expiresInSeconds ?? 0) * 1_000];
	expect(remainingMs).toBeGreaterThan(answeredMs - 5_000);
	expect(remainingMs).toBeLessThan(answeredMs + 1_000);
	await sees("H");
	const params = { path: { id: held.data.id } };
	expect((await tab.client.POST("/api/v1/bookings/{id}/confirm", { params })).data?.status).toBe("confirmed");
	await sees("S");
	leave.abort();
	await watching;
	expect(seen).toEqual(["A", "H", "S"]);

	expect((await tab.client.POST("/api/v1/auth/logout")).response.status).toBe(204);
	tab.tokens.set(null);
	expect((await tab.client.GET("/api/v1/bookings")).error?.code).toBe("unauthenticated");
});

it("the client gets a large seat plan compressed, without doing anything for it", async () => {
	const { client } = openBrowser().openTab();
	const showtimeId = await api.newShowtime({ rows: 20, seatsPerRow: 50 });
	const [row] = await api.sql(`select seat_plan_id from showtimes where id = '${showtimeId}'`);
	const { data, response } = await client.GET("/api/v1/plans/{id}", { params: { path: { id: row?.seat_plan_id ?? "" } } });
	expect([data?.seatCount, data?.rows.length, response.headers.get("content-encoding")]).toEqual([1_000, 20, "gzip"]);
});

it("the client refreshes an expired access token once for all concurrent requests of all tabs", async () => {
	const browser = openBrowser();
	const [one, other] = [browser.openTab(), browser.openTab()];
	await register(one, "grace@client.example");
	for (let round = 0; round < 3; round += 1) {
		browser.expireToken();
		const requests = [one, other, one, other].map(({ client }) => client.GET("/api/v1/auth/me"));
		for (const { data } of await Promise.all(requests)) expect(data?.email).toBe("grace@client.example");
	}
	expect(other.tokens.session()).toEqual(one.tokens.session());
	// After the grace period for repeated refreshes: if one tab had used the other's old token, the session would end here.
	await api.sql("update refresh_families set rotated_at = rotated_at - interval '1 hour'");
	browser.expireToken();
	for (const { client } of [other, one]) expect((await client.GET("/api/v1/auth/me")).data?.displayName).toBe("Ada");
});

it("the client returns the code of a problem, and throws when there is no response", async () => {
	const tab = openBrowser().openTab();
	await register(tab, "joan@client.example");
	const showtimeId = await api.newShowtime();
	const request = { showtimeId, seats: ["A1", "Z99"] };
	const { error } = await tab.client.POST("/api/v1/bookings", { body: request });
	expect(error).toMatchObject({ code: "unknown_seats", seats: ["Z99"] });
	const unreachable = createClient({ baseUrl: "http://127.0.0.1:1", retry: false });
	await expect(unreachable.GET("/api/v1/movies")).rejects.toThrow("fetch failed");
	const stop = new AbortController();
	const watching = tab.client.watchSeats({ showtimeId: request.seats.join(), signal: stop.signal, onMap: () => {}, onSeats: () => {} });
	await expect(watching).rejects.toThrow("the server refused to send the seats (status 404)");
});

it("the client reads the bookings of staff as typed JSON, and the same request as a CSV file", async () => {
	const { token } = await api.newAdmin();
	const client = createClient({ baseUrl, tokens: { access: () => token } });
	const { booking, showtimeId, user } = await api.newHold(["A1"]);
	const query = { status: "pending" as const, showtimeId: [showtimeId, showtimeId] };
	const page = await client.GET("/api/v1/admin/bookings", { params: { query } });
	if (page.data === undefined || typeof page.data === "string") throw new Error(JSON.stringify(page.error));
	expect(page.data.items.map(({ id, user: holder }) => [id, holder.id])).toEqual([[booking.id, user.id]]);
	const file = await client.GET("/api/v1/admin/bookings", {
		params: { query: { ...query, rows: "seats" } },
		headers: { accept: "text/csv" },
		parseAs: "text",
	});
	expect(String(file.data).split("\r\n")[1]).toMatch(new RegExp(`^${booking.id},pending,`));
	const statistics = await client.GET("/api/v1/admin/stats", { params: { query: { from: "2031-01-01", to: "2031-01-01" } } });
	expect(statistics.data?.totals.money).toEqual([]);
});
