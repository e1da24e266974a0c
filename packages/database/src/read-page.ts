/**
 * Keyset pagination: a page starts after a row instead of at an offset, so adding or removing rows between pages never repeats or skips
 * another row. A cursor holds the sort key and the id of the last row of a page.
 */
import { isUtf8 } from "node:buffer";

/** `bad_cursor`: the cursor in the request is not a valid cursor of this list. */
export type PageOutcome<Item> = Page<Item> | { readonly outcome: "bad_cursor" };
/** One page. `nextCursor` is null on the last page. */
export type Page<Item> = { readonly outcome: "page"; readonly items: readonly Item[]; readonly nextCursor: string | null };

/** `limit` is the maximum number of items; the caller checks its range (1..100). `cursor` is the `nextCursor` of an earlier page. */
export type PageRequest = { readonly limit: number; readonly cursor?: string | undefined };

/** The row after which a page starts: its sort key and its id. */
export type Position<Id extends string> = { readonly key: string; readonly id: Id };

/** A longer cursor is refused unread. This has room for a title and an id. */
const CURSOR_MAX_CHARS = 2_000;

/** Returns the cursor of a row. Base64url makes the text opaque, so that clients do not build cursors themselves. */
export function writeCursor(position: Position<string>): string {
	return Buffer.from(JSON.stringify([position.key, position.id])).toString("base64url");
}

/** Parses a cursor; null when the text is not a valid cursor. `parseId` and `isKey` check the id and the sort key of this list. */
export function parseCursor<Id extends string>(
	cursor: string,
	parseId: (text: string) => Id | null,
	isKey: (key: string) => boolean,
): Position<Id> | null {
	if (cursor.length > CURSOR_MAX_CHARS || !/^[A-Za-z0-9_-]+$/.test(cursor)) return null;
	const bytes = Buffer.from(cursor, "base64url");
	const [key, rawId, ...rest] = isUtf8(bytes) ? parseList(bytes.toString()) : [];
	if (typeof key !== "string" || typeof rawId !== "string" || rest.length > 0) return null;
	// Postgres can store neither a NUL character nor half of a surrogate pair.
	if (key.includes("\0") || !key.isWellFormed() || !isKey(key)) return null;
	const id = parseId(rawId);
	return id === null ? null : { key, id };
}

/** Whether a sort key is epoch milliseconds up to the year 9999. Postgres and JavaScript format years up to 9999 alike. */
export const isInstantKey = (key: string): boolean => /^\d{1,15}$/.test(key) && Number(key) < Date.UTC(10_000, 0);

/** Returns a page from up to `limit + 1` rows. The extra row only shows that there is another page. */
export function pageOf<Item>(rows: readonly Item[], limit: number, positionOf: (item: Item) => Position<string>): Page<Item> {
	const items = rows.slice(0, limit);
	const last = items.at(-1);
	const more = rows.length > limit && last !== undefined;
	return { outcome: "page", items, nextCursor: more ? writeCursor(positionOf(last)) : null };
}

function parseList(text: string): unknown[] {
	try {
		const value: unknown = JSON.parse(text);
		return Array.isArray(value) ? value : [];
	} catch {
		return [];
	}
}
