/** Prepares showtimes, buyers and the request of an admin, for tests that interrupt a reschedule, a cancel or an archive. */
import type { ShowtimeId } from "@holdfast/domain";
import { type Answer, idOf, type TestStack } from "./open-test-stack.ts";

/** `held`: the archive of a movie of which a buyer holds a seat. */
export type ActionKind = "move" | "cancel" | "archive" | "held";

/** One action: the showtimes that it changes, and its request. A repeat is the same request. */
export type Action = {
	readonly kind: ActionKind;
	readonly ids: readonly [ShowtimeId, ...ShowtimeId[]];
	readonly movieId: string;
	readonly send: () => Promise<Answer>;
	/** The hold that `takeSeats` placed. */
	holdId: string | null;
};

/** Makes actions, and buys for them. */
export type Actions = {
	/** Inserts `count` showtimes of one movie. Seat A1 of a showtime that will be moved or cancelled is sold. */
	prepare(kind: ActionKind, count: number): Promise<Action>;
	/** Sells A2 of a showtime that will be moved or cancelled, and holds A3 of it, or of the movie that is `held`. */
	takeSeats(action: Action): Promise<void>;
	/** Confirms the hold; null if there is none. */
	confirmHold(action: Action): Promise<Answer | null>;
};

const MOVE_MS = 48 * 3_600_000;
const REASON = "The projector is broken.";

/** Inserts an admin and a buyer. */
export async function createActions(test: TestStack): Promise<Actions> {
	const [admin, [buyer]] = await Promise.all([test.admin(), test.buyers(1)]);
	if (buyer === undefined) throw new Error("no user was inserted");
	const buy = async (id: ShowtimeId, seat: string): Promise<void> => {
		const { status, code } = await buyer.confirm(idOf(await buyer.hold(id, [seat])));
		if (status !== 200) throw new Error(`the confirm of a live hold got ${code}`);
	};
	return {
		async prepare(kind, count) {
			const [id, ...others] = await test.showtimes(count);
			if (id === undefined) throw new Error("no showtime was inserted");
			const [row] = await test.query(`select movie_id from showtimes where id = '${id}'`);
			const movieId = row?.movie_id ?? "";
			for (const each of [id, ...others]) await test.get(`/showtimes/${each}/seats`);
			if (kind === "move" || kind === "cancel") await buy(id, "A1");
			const body = { startsAt: new Date(Date.now() + MOVE_MS).toISOString(), reason: REASON };
			const query = `?reason=${encodeURIComponent(REASON)}`;
			const send = () => {
				if (kind === "move") return admin("PUT", `/admin/showtimes/${id}`, body);
				return admin("DELETE", kind === "cancel" ? `/admin/showtimes/${id}${query}` : `/admin/movies/${movieId}${query}`);
			};
			return { kind, ids: [id, ...others], movieId, send, holdId: null };
		},
		async takeSeats(action) {
			const { kind, ids } = action;
			if (kind === "archive") return;
			if (kind !== "held") await buy(ids[0], "A2");
			action.holdId = idOf(await buyer.hold(ids[0], ["A3"]));
		},
		confirmHold: async ({ holdId }) => (holdId === null ? null : buyer.confirm(holdId)),
	};
}
