/** A showtime that cannot be shown is left out of the lists and counted. The other showtimes are listed. */
import type { ShowtimeId } from "@holdfast/domain";
import { afterAll, beforeAll, expect, it } from "vitest";
import type { TestAnswer } from "../testing/read-answers.ts";
import { startTestApi, type TestApi } from "../testing/start-test-api.ts";

let api: TestApi;
let showtimeIds: ShowtimeId[];
beforeAll(async () => {
	api = await startTestApi();
	showtimeIds = [];
	for (const startsInMs of [3_600_000, 7_200_000, 10_800_000]) showtimeIds.push(await api.newShowtime({ startsInMs }));
	await api.sql(`update showtimes set movie_id = (select movie_id from showtimes where id = '${showtimeIds[0]}')`);
	await api.sql(`update showtimes set sales_open_at = '-infinity' where id = '${showtimeIds[1]}'`);
});
afterAll(() => api.close());

function pageIn({ status, body }: TestAnswer): { items: { id: string; movie: { id: string } }[]; nextCursor: string | null } {
	if (status !== 200) throw new Error(`expected showtimes, got ${JSON.stringify(body)}`);
	return body as { items: { id: string; movie: { id: string } }[]; nextCursor: string | null };
}

it.each(["/showtimes", "movie"])(
	"a showtime with an infinite start of sales is left out of the list %s, and later pages still work",
	async (list) => {
		const [row] = await api.sql("select movie_id from showtimes limit 1");
		const path = list === "movie" ? `/movies/${row?.movie_id}/showtimes` : list;
		const seen: string[] = [];
		let cursor: string | null = "";
		for (let page = 0; cursor !== null && page < 5; page += 1) {
			const query: string = cursor && `&cursor=${cursor}`;
			const answer = pageIn(await api.call(`GET ${path}?limit=1${query}`));
			seen.push(...answer.items.map(({ id }) => id));
			cursor = answer.nextCursor;
		}
		expect([seen, cursor]).toEqual([[showtimeIds[0], showtimeIds[2]], null]);
		const { payload } = await api.app.inject("/metrics");
		expect(Number(/^holdfast_unreadable_total (\d+)$/m.exec(payload)?.[1])).toBeGreaterThan(0);
	},
);
