/**
 * Pages by keyset: a page begins after a row, not at a number, so rows added or removed meanwhile neither repeat nor
 * skip any other. A cursor is the sort key and the id of the last row shown.
 */
import { isUtf8 } from "node:buffer";

/** `nextCursor` is null on the last page. `bad_cursor`: this text is none of our cursors. */
export type PageOutcome<Item> = Page<Item> | { readonly outcome: "bad_cursor" };
export type Page<Item> = { readonly outcome: "page"; readonly items: readonly Item[]; readonly nextCursor: string | null };

/** `limit` is judged by the caller's contract (1..100); `cursor` is a `nextCursor` as it was given out. */
export type PageRequest = { readonly limit: number; readonly cursor?: string | undefined };

/** Where a page begins. */
export type Position<Id extends string> = { readonly key: string; readonly id: Id };

/** Longest cursor looked at: a title and an id, with room to spare. */
const CURSOR_MAX_CHARS = 2_000;

/** Cursor text of a row. Opaque to clients: base64url, so that nobody builds one. */
export function writeCursor(position: Position<string>): string {
	return Buffer.from(JSON.stringify([position.key, position.id])).toString("base64url");
}

/** Parse a cursor; null when it is not one. `parseId` and `isKey` say what this list is sorted by. */
export function parseCursor<Id extends string>(
	cursor: string,
	parseId: (text: string) => Id | null,
	isKey: (key: string) => boolean,
): Position<Id> | null {
	if (cursor.length > CURSOR_MAX_CHARS || !/^[A-Za-z0-9_-]+$/.test(cursor)) return null;
	const bytes = Buffer.from(cursor, "base64url");
	const [key, rawId, ...rest] = isUtf8(bytes) ? parseList(bytes.toString()) : [];
	if (typeof key !== "string" || typeof rawId !== "string" || rest.length > 0) return null;
	// Postgres stores neither a NUL nor half of a surrogate pair.
	if (key.includes("\0") || !key.isWellFormed() || !isKey(key)) return null;
	const id = parseId(rawId);
	return id === null ? null : { key, id };
}

/** Make a page of up to `limit + 1` rows: the extra row only tells that there is more. */
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
