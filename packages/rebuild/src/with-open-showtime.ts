/** Ask the seat store about a showtime and, while the store says that the showtime is not open there, open it and ask again. */

type Answer = { readonly outcome: string };
/** The store has not installed the showtime, or not since its server started or took over. */
type Closed = { readonly outcome: "not_ready" | "fenced" };
type Opened = { readonly outcome: "opened" };

/** One ask, and one more after each of two openings: a server may be lost again in between. */
const ASKS_MAX = 3;

/**
 * Gives the first answer that is neither `not_ready` nor `fenced`, or why the showtime was not opened; `recovering` when the store
 * lost it again each time. `ask` must be safe to repeat after these two answers, which change nothing.
 */
export async function withOpenShowtime<Asked extends Answer, NotOpen extends Answer>(
	open: () => Promise<Opened | NotOpen>,
	ask: () => Promise<Asked>,
): Promise<Exclude<Asked, Closed> | Exclude<NotOpen, Opened> | { outcome: "recovering" }> {
	for (let asks = 1; ; asks += 1) {
		const answer = await ask();
		if (isJudged(answer)) return answer;
		if (asks === ASKS_MAX) return { outcome: "recovering" };
		const opening = await open();
		if (isRefused(opening)) return opening;
	}
}

const isJudged = <Asked extends Answer>(answer: Asked): answer is Exclude<Asked, Closed> =>
	answer.outcome !== "not_ready" && answer.outcome !== "fenced";

const isRefused = <Opening extends Answer>(opening: Opening): opening is Exclude<Opening, Opened> => opening.outcome !== "opened";
