import { newMovieId } from "@holdfast/domain";
import { createTestDatabase, type TestDatabase } from "@holdfast/testing";
import { sql } from "drizzle-orm";
import { afterAll, beforeAll, expect, it } from "vitest";
import { createDatabase, type Database } from "../create-database.ts";
import { writeCursor } from "../read-page.ts";
import { writeTo } from "../run-queries.ts";
import { movies, TITLE_MAX_CHARS } from "../schema/index.ts";
import { findMovie } from "./find-movie.ts";
import { type ListMoviesRequest, listMovies, titleHas } from "./list-movies.ts";

let database: Database;
let test: TestDatabase;
beforeAll(async () => {
	test = await createTestDatabase();
	database = createDatabase({ url: test.url });
	for (const title of ["100% Wolf", "1000 Wolves", "Face_Off", "Face/Off", "Twin", "Twin", "Twin", "Back\\slash"]) await add(title);
	await add("Soon", { status: "coming_soon" });
	await add("Archived", { archivedAt: new Date() });
});
afterAll(async () => {
	await database.close();
	await test.drop();
});

async function add(title: string, overrides: Partial<typeof movies.$inferInsert> = {}) {
	const id = newMovieId();
	const row = { id, title, description: "A film.", durationMinutes: 90, genre: "Drama", status: "now_showing" as const, ...overrides };
	await writeTo(database, "catalogue", (queries) => queries.insert(movies).values(row));
	return id;
}

async function titles(request: Partial<ListMoviesRequest>) {
	const page = await listMovies(database, { limit: 100, ...request });
	return page.outcome === "page" ? page.items.map(({ title }) => title) : page.outcome;
}

it("lists movies by title, filters them by status, and never lists or finds an archived movie", async () => {
	expect(await titles({})).toEqual(["100% Wolf", "1000 Wolves", "Back\\slash", "Face/Off", "Face_Off", "Soon", "Twin", "Twin", "Twin"]);
	expect(await titles({ status: "coming_soon" })).toEqual(["Soon"]);
	expect(await titles({ status: "ended" })).toEqual([]);
	expect(await findMovie(database, await add("Hidden", { archivedAt: new Date() }))).toBeNull();
	expect(await findMovie(database, newMovieId())).toBeNull();
});

it("a search finds part of a title in any letter case, and treats %, _ and \\ as plain characters", async () => {
	expect(await titles({ q: "WOL" })).toEqual(["100% Wolf", "1000 Wolves"]);
	expect(await titles({ q: "100%" })).toEqual(["100% Wolf"]);
	expect(await titles({ q: "e_o" })).toEqual(["Face_Off"]);
	expect(await titles({ q: "k\\s" })).toEqual(["Back\\slash"]);
	expect(await titles({ q: "nul\0" })).toEqual([]);
});

it.each([
	["Amélie", ["amelie", "AMÉLIE", "Ame\u0301lie", "ÉL", " amélie "]],
	["Børning", ["borning", "BØRN", "ning"]],
	["Weiß wie Æther", ["weiss", "WEISS WIE", "aether", "ß"]],
	["Жизнь", ["жиз", "ЖИЗНЬ"]],
	["千と千尋の神隠し", ["千尋", "神"]],
	["Ｎｅｏ％", ["neo%", "Neo％", "％"]],
])("a search finds %s regardless of case, accents and Unicode normalization form", async (title, searches) => {
	await add(title);
	for (const q of searches) expect(await titles({ q })).toContain(title);
	expect(await titles({ q: "amelia" })).toEqual([]);
});

it("a search uses the trigram index instead of scanning every title", async () => {
	const owner = createDatabase({ url: test.ownerUrl, poolMax: 1 });
	const explain = writeTo(
		owner,
		"rebuilding",
		(queries) =>
			queries.transaction(async (transaction) => {
				await transaction.execute(sql`insert into movies (id, title, description, duration_minutes, genre, status)
				select uuidv7(), md5(n::text), '', 90, 'Drama', 'ended' from generate_series(1, 20000) as n`);
				await transaction.execute(sql`analyze movies`);
				const wanted = sql`archived_at is null and ${titleHas("volver")}`;
				const plan = await transaction.execute(sql`explain select id from movies where ${wanted} order by title, id limit 21`);
				throw new Error(`rolled back: ${JSON.stringify(plan)}`);
			}),
		20_000,
	);
	await expect(explain).rejects.toThrow("movies_by_search_title");
	await owner.close();
});

it("pages neither repeat nor skip a movie while movies are added, even among equal titles", async () => {
	const before = (await titles({})).length;
	const seen: string[] = [];
	let cursor: string | undefined;
	do {
		const page = await listMovies(database, { limit: 2, cursor });
		if (page.outcome !== "page") throw new Error(page.outcome);
		seen.push(...page.items.map(({ id }) => id));
		cursor = page.nextCursor ?? undefined;
		if (seen.length === 4) await add("A first one");
	} while (cursor !== undefined);
	expect(new Set(seen).size).toBe(seen.length);
	expect(seen).toHaveLength(before);
});

it("a page that holds exactly the remaining movies is the last page", async () => {
	expect(await listMovies(database, { q: "twin", limit: 3 })).toMatchObject({ nextCursor: null });
	expect(await listMovies(database, { q: "twin", limit: 2 })).toMatchObject({ nextCursor: expect.any(String) });
});

it("returns bad_cursor for text that is not a cursor of this list", async () => {
	expect(await titles({ cursor: "nonsense" })).toBe("bad_cursor");
	expect(await titles({ cursor: writeCursor({ key: "nul\0", id: newMovieId() }) })).toBe("bad_cursor");
	expect(await titles({ cursor: writeCursor({ key: "Twin", id: "42" }) })).toBe("bad_cursor");
});

it.each([
	["letters", "x"],
	["characters beyond 16 bits", "🎬"],
	["characters that JSON escapes", "\u0001"],
])("a title has at most 200 %s, and the cursor after the longest title is accepted", async (_what, character) => {
	const status = "ended" as const;
	for (const _ of [1, 2]) await add(character.repeat(TITLE_MAX_CHARS), { status });
	const first = await listMovies(database, { limit: 1, status });
	if (first.outcome !== "page" || first.nextCursor === null) throw new Error("the first page has no next cursor");
	// The longest cursor that the API accepts.
	expect(first.nextCursor.length).toBeLessThanOrEqual(2_000);
	expect(await titles({ status, cursor: first.nextCursor })).toContain(character.repeat(TITLE_MAX_CHARS));
	await expect(add(character.repeat(TITLE_MAX_CHARS + 1))).rejects.toThrow("movies_title_length");
	await writeTo(database, "catalogue", (queries) => queries.delete(movies).where(sql`status = 'ended'`));
});

it("a title has at least one character", async () => {
	await expect(add("")).rejects.toThrow("movies_title_length");
});
