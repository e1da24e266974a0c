import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createTestMovie } from "../testing/admin.ts";
import { problemIn, type TestAnswer } from "../testing/read-answers.ts";
import { startTestApi, type TestApi, type TestUser } from "../testing/start-test-api.ts";

let api: TestApi;
let admin: TestUser;
beforeAll(async () => {
	api = await startTestApi();
	admin = await api.newAdmin();
	for (const title of ["Alien", "Aliens", "Brazil", "Zodiac"])
		await createTestMovie(api, admin, { title, status: title === "Zodiac" ? "ended" : "now_showing" });
	await api.sql("update movies set archived_at = now() where title in ('Aliens', 'Zodiac')");
});
afterAll(() => api.close());

const list = (query: string): Promise<TestAnswer> => api.call(`GET /admin/movies${query}`, { token: admin.token });
const titlesIn = ({ body }: TestAnswer): string[] => Object(body).items.map(({ title }: { title: string }) => title);

describe("200", () => {
	it.each([
		["", ["Alien", "Aliens", "Brazil", "Zodiac"]],
		["?archived=true", ["Aliens", "Zodiac"]],
		["?archived=false", ["Alien", "Brazil"]],
		["?q=alien", ["Alien", "Aliens"]],
		["?q=alien&archived=true", ["Aliens"]],
		["?status=ended", ["Zodiac"]],
		["?status=ended&archived=false", []],
	])("the list %s has the movies %j, by title", async (query, titles) => {
		expect(titlesIn(await list(query))).toEqual(titles);
	});

	it("shows the version of a movie and when it was archived", async () => {
		const [archived] = Object((await list("?q=aliens")).body).items;
		expect(archived).toMatchObject({ version: 1, archivedAt: expect.stringMatching(/^\d{4}-\d\d-\d\dT/) });
	});

	it("gives pages that neither repeat nor skip a movie", async () => {
		const first = await list("?limit=3");
		const second = await list(`?limit=3&cursor=${Object(first.body).nextCursor}`);
		expect([titlesIn(first), titlesIn(second), Object(second.body).nextCursor]).toEqual([["Alien", "Aliens", "Brazil"], ["Zodiac"], null]);
	});
});

describe("400 invalid_request", () => {
	it.each([
		["archived=maybe", "/query/archived"],
		["status=gone", "/query/status"],
		["cursor=nonsense", "/query/cursor"],
		["limit=101", "/query/limit"],
		["title=Alien", "/query/title"],
	])("refuses the movies query ?%s of staff and points at its parameter", async (query, pointer) => {
		const problem = problemIn(await list(`?${query}`));
		expect([problem.code, problem.errors?.[0]?.pointer]).toEqual(["invalid_request", pointer]);
	});
});
