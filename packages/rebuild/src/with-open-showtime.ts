/** Runs an operation of the seat store on a showtime. If the showtime is not open there, opens it and retries the operation. */

type Outcome = { readonly outcome: string };
/** `not_ready`: the showtime is not installed. `fenced`: it was installed before its Redis server last started or was promoted. */
type Closed = { readonly outcome: "not_ready" | "fenced" };
type Opened = { readonly outcome: "opened" };

/** One attempt and two retries, each after an opening. Two, because the server may be lost again after the first opening. */
const ATTEMPTS_MAX = 3;

/**
 * Returns the first outcome of `operation` that is neither `not_ready` nor `fenced`, or the outcome of `open` if that is not `opened`;
 * `recovering` if the showtime was closed again after each opening. `operation` must have changed nothing if its outcome is `not_ready`
 * or `fenced`. Throws what `open` and `operation` throw.
 */
export async function withOpenShowtime<Result extends Outcome, NotOpened extends Outcome>(
	open: () => Promise<Opened | NotOpened>,
	operation: () => Promise<Result>,
): Promise<Exclude<Result, Closed> | Exclude<NotOpened, Opened> | { outcome: "recovering" }> {
	for (let attempts = 1; ; attempts += 1) {
		const result = await operation();
		if (wasOpen(result)) return result;
		if (attempts === ATTEMPTS_MAX) return { outcome: "recovering" };
		const opening = await open();
		if (isNotOpened(opening)) return opening;
	}
}

const wasOpen = <Result extends Outcome>(result: Result): result is Exclude<Result, Closed> =>
	result.outcome !== "not_ready" && result.outcome !== "fenced";

const isNotOpened = <Opening extends Outcome>(opening: Opening): opening is Exclude<Opening, Opened> => opening.outcome !== "opened";
