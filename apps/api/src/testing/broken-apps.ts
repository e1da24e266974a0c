/** Apps with a broken dependency, for tests of error responses. They are closed together with the API that created them. */
import type { ShowtimeId } from "@holdfast/domain";
import { waitUntil } from "@holdfast/testing";
import { UNREACHABLE_POSTGRES, UNREACHABLE_REDIS } from "./provoke.ts";
import type { TestAnswer } from "./read-answers.ts";
import type { TestApi, TestApp, TestAppOptions } from "./start-test-api.ts";

/** An app whose Postgres is unreachable. */
export const withoutPostgres = (api: TestApi, options: TestAppOptions = {}): Promise<TestApp> =>
	api.startAnother({ ...options, databaseUrl: UNREACHABLE_POSTGRES });

/** An app whose Redis is unreachable. */
export const withoutRedis = (api: TestApi, options: TestAppOptions = {}): Promise<TestApp> =>
	api.startAnother({ ...options, redisUrl: UNREACHABLE_REDIS });

/** An app in which reading a seat map throws, as a bug would make it. */
export const withBrokenMaps = (api: TestApi): Promise<TestApp> =>
	api.startAnother({ wrapStore: (seatStore) => ({ ...seatStore, readSeatMap: () => Promise.reject(new Error("the map is corrupt")) }) });

/** Opens a large showtime and returns its statuses. Retries while it is being rebuilt, as a client would. */
export function waitUntilOpen(app: TestApp, showtimeId: ShowtimeId): Promise<TestAnswer> {
	return waitUntil(
		"the showtime to be open",
		async () => {
			const answer = await app.call(`GET /showtimes/${showtimeId}/seats?view=status`);
			return answer.status === 200 && answer;
		},
		20_000,
	);
}
