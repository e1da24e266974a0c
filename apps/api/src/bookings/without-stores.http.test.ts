/** What still works while Postgres or Redis is stopped or paused, and after it is back. */

import { readFileSync } from "node:fs";
import { migrateDatabase } from "@holdfast/database";
import type { ShowtimeId } from "@holdfast/domain";
import { makeScratchFolder, type RunningPostgres, startPostgres } from "@holdfast/local-stack";
import { timeWork, waitUntil } from "@holdfast/testing";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { bookingIn, problemIn } from "../testing/read-answers.ts";
import { startTestApi, type TestApi, type TestUser } from "../testing/start-test-api.ts";
import { writeAllHeartbeats } from "../testing/write-all-heartbeats.ts";

let api: TestApi;
let postgres: RunningPostgres;
let dataDir: string;
beforeAll(async () => {
	dataDir = makeScratchFolder();
	postgres = await startPostgres({ dataDir, throwaway: true });
	await migrateDatabase(postgres.url, postgres.applicationUrl);
	api = await startTestApi({ databaseUrl: postgres.applicationUrl });
});
afterAll(async () => {
	await api.close();
	await postgres.stop();
});

describe("503 unavailable, with Postgres stopped", () => {
	it("still holds, confirms, shows and cancels bookings of an installed showtime, and answers unavailable to the rest", async () => {
		const [user, next] = [await api.newUser(), await api.newUser()];
		const [installed, unknown] = [await api.newShowtime(), await api.newShowtime()];
		await api.call(`GET /showtimes/${installed}/seats`);
		await postgres.stop();

		const held = await api.held(user, installed, ["A1", "A2"]);
		expect(problemIn(await api.hold(next, installed, ["A2"])).code).toBe("seats_taken");
		const confirmed = await api.call(`POST /bookings/${held.id}/confirm`, { token: user.token });
		expect(bookingIn(confirmed)).toMatchObject({ status: "confirmed", recorded: false });
		const shown = await api.call(`GET /bookings/${held.id}`, { token: user.token });
		expect(bookingIn(shown)).toMatchObject({ status: "confirmed", showtime: { movie: { title: "The Third Man" } } });
		expect((await api.call(`GET /showtimes/${installed}/seats`, { token: user.token })).status).toBe(200);
		expect(bookingIn(await api.call(`DELETE /bookings/${held.id}`, { token: user.token })).status).toBe("cancelled");

		// A process that starts now serves the installed showtime as well.
		const newProcess = await api.startAnother();
		expect((await newProcess.hold(next, installed, ["B1"])).status).toBe(201);

		for (const request of ["GET /movies", "GET /showtimes", `GET /showtimes/${installed}`, `GET /showtimes/${unknown}/seats`]) {
			expect(problemIn(await api.call(request))).toMatchObject({ code: "unavailable", retryable: true });
		}
		expect(problemIn(await api.hold(user, unknown, ["A1"])).code).toBe("unavailable");
		expect(problemIn(await api.call("GET /bookings", { token: user.token })).code).toBe("unavailable");

		postgres = await startPostgres({ dataDir, port: postgres.port, throwaway: true });
		await waitUntil("the catalogue to be back", async () => (await api.call("GET /movies")).status === 200);
		expect((await api.hold(user, unknown, ["A1"])).status).toBe(201);
	});
});

describe("health during a Postgres outage", () => {
	/** Waits for a health status and returns the time until then, ms. Expects that the status then remains. */
	async function until(status: string): Promise<number> {
		const { tookMs } = await timeWork(() => waitUntil(`health to be ${status}`, async () => (await health()).status === status));
		expect((await health()).status).toBe(status);
		return tookMs;
	}
	const health = async () => Object((await api.call("GET /health")).body);

	/** Signals the postmaster and its children: a SIGSTOP of the postmaster alone would not stop the processes that serve the pool. */
	function signalPostgres(signal: "SIGSTOP" | "SIGCONT"): void {
		const children = readFileSync(`/proc/${postgres.pid}/task/${postgres.pid}/children`, "utf8").trim().split(" ");
		for (const pid of [postgres.pid, ...children.filter(Boolean).map(Number)]) process.kill(pid, signal);
	}

	it("becomes degraded within 2 s after Postgres is stopped or paused, and ok within 2 s after its return", async () => {
		if (!postgres.isRunning()) postgres = await startPostgres({ dataDir, port: postgres.port, throwaway: true });
		signalPostgres("SIGCONT");
		await writeAllHeartbeats(api.seatStore, 60_000);
		await until("ok");
		await postgres.stop();
		expect(await until("degraded")).toBeLessThan(2_000);
		expect(await health()).toMatchObject({
			checks: { redis: { status: "ok" }, postgres: { status: "failed" }, sweeper: { status: "ok" } },
		});
		postgres = await startPostgres({ dataDir, port: postgres.port, throwaway: true });
		expect(await until("ok")).toBeLessThan(2_000);

		signalPostgres("SIGSTOP");
		expect(await until("degraded")).toBeLessThan(2_000);
		signalPostgres("SIGCONT");
		expect(await until("ok")).toBeLessThan(2_000);
	});
});

describe("bookings during a Redis outage", () => {
	const askAll = (user: TestUser, showtimeId: ShowtimeId, id: string) =>
		Promise.all([
			api.hold(user, showtimeId, ["A2"], { "idempotency-key": "lost-answer" }),
			api.call(`POST /bookings/${id}/confirm`, { token: user.token }),
			api.call(`GET /showtimes/${showtimeId}/seats`),
			api.call("GET /movies"),
		]);

	async function worksAgain(user: TestUser, showtimeId: ShowtimeId, id: string): Promise<void> {
		const again = await waitUntil("bookings to work again", async () => {
			const answer = await api.call(`POST /bookings/${id}/confirm`, { token: user.token });
			return answer.status === 200 && answer;
		});
		expect(bookingIn(again).status).toBe("confirmed");
		const repeat = await api.hold(user, showtimeId, ["A2"], { "idempotency-key": "lost-answer" });
		expect(bookingIn(repeat).seats).toEqual(["A2"]);
		// Until then each request with a token needs Redis to check for denials, and is rightly answered `unavailable`.
		await waitUntil("the deny list to be readable again", () => api.authStore.isDenied("no-user") === false);
	}

	it("are answered 503 unavailable while Redis is stopped, because nothing was sent, and work again after its restart", async () => {
		const [user, showtimeId] = [await api.newUser(), await api.newShowtime()];
		const { id } = await api.held(user, showtimeId, ["A1"]);
		await api.redis.kill();
		const [hold, confirm, matrix, movies] = await askAll(user, showtimeId, id);
		expect([hold, confirm, matrix].map((answer) => problemIn(answer).code)).toEqual(["unavailable", "unavailable", "unavailable"]);
		expect(movies.status).toBe(200);
		await api.redis.restart();
		await worksAgain(user, showtimeId, id);
	});

	// A paused Redis has received the command and may still run it.
	describe("503 outcome_unknown, with Redis paused", () => {
		it("answers outcome_unknown to a write that Redis may still run, and a repeat shows the outcome", async () => {
			const [user, showtimeId] = [await api.newUser(), await api.newShowtime()];
			const { id } = await api.held(user, showtimeId, ["A1"]);
			api.redis.pause();
			const [hold, confirm, matrix, movies] = await askAll(user, showtimeId, id);
			api.redis.resume();
			expect([problemIn(hold).code, problemIn(confirm).code]).toEqual(["outcome_unknown", "outcome_unknown"]);
			expect(problemIn(matrix).code).toBe("unavailable");
			expect(movies.status).toBe(200);
			await worksAgain(user, showtimeId, id);
		});
	});
});
