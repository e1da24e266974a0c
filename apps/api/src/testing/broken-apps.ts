/** Apps that stand on something broken, for the answers that nobody hopes for. Closed with the API that they belong to. */
import type { ShowtimeId } from "@holdfast/domain";
import { waitUntil } from "@holdfast/testing";
import type { TestAnswer } from "./read-answers.ts";
import type { TestApi, TestApp } from "./start-test-api.ts";

/** tcpmux (RFC 1078): nobody listens there. */
const NOBODY = "127.0.0.1:1";

/** Its Postgres is not there. */
export const withoutPostgres = (api: TestApi): Promise<TestApp> => api.another({ databaseUrl: `postgres://holdfast@${NOBODY}/holdfast` });

/** Its Postgres has no tables: every query is a fault of ours. */
export function withoutTables(api: TestApi): Promise<TestApp> {
	const url = new URL(api.databaseUrl);
	url.pathname = "/postgres";
	return api.another({ databaseUrl: url.href });
}

/** Reading a seat map breaks, as only a bug of ours could make it. */
export const withBrokenMaps = (api: TestApi): Promise<TestApp> =>
	api.another({ wrapStore: (seatStore) => ({ ...seatStore, readSeatMap: () => Promise.reject(new Error("the map is torn")) }) });

/** Open a large showtime: asks again while it is being prepared, as a client would. */
export function opened(app: TestApp, showtimeId: ShowtimeId): Promise<TestAnswer> {
	return waitUntil(
		"the showtime to be open",
		async () => {
			const answer = await app.call(`GET /showtimes/${showtimeId}/seats?view=status`);
			return answer.status === 200 && answer;
		},
		20_000,
	);
}
