/** Lets another process decide when a round begins, so that two benches never load the machine at once. */
import { createInterface } from "node:readline";

const TURN_OVER = "turn over ";

/** Microseconds per request and round, by `name role`. */
export type Figures = Readonly<Record<string, readonly number[]>>;

export type Turns = {
	/** Resolves when a line arrives on standard input; rejects when it ends. */
	begin(): Promise<void>;
	/** Prints the figures of all rounds so far, as `readTurn` reads them. */
	end(figures: Figures): void;
	close(): void;
};

/** Reads standard input from now on. */
export function takeTurns(): Turns {
	const input = createInterface({ input: process.stdin });
	const lines = input[Symbol.asyncIterator]();
	return {
		async begin() {
			if ((await lines.next()).done === true) throw new Error("no further turn: standard input has ended");
		},
		end: (figures) => console.log(`${TURN_OVER}${JSON.stringify(figures)}`),
		close: () => input.close(),
	};
}

/** Rounds follow each other at once. */
export const NO_TURNS: Turns = { begin: async () => {}, end: () => {}, close: () => {} };

/** The figures that end a turn; null for any other line that a bench prints. */
export function readTurn(line: string): Figures | null {
	return line.startsWith(TURN_OVER) ? JSON.parse(line.slice(TURN_OVER.length)) : null;
}
