/** Lets another process start each round, so that two benches never load the machine at the same time. */
import { createInterface } from "node:readline";

const TURN_OVER = "turn over ";

/** Microseconds per request and round, by `name role`. */
export type Figures = Readonly<Record<string, readonly number[]>>;

/** Decides when rounds begin. */
export type Turns = {
	/** Resolves when the next line arrives on standard input; rejects when standard input ends. */
	begin(): Promise<void>;
	/** Prints the figures of all rounds so far, as `readTurn` reads them. */
	end(figures: Figures): void;
	close(): void;
};

/** Returns turns that are controlled by lines on standard input. Starts to read it at once. */
export function takeTurns(): Turns {
	const input = createInterface({ input: process.stdin });
	const lines = input[Symbol.asyncIterator]();
	return {
		async begin() {
			if ((await lines.next()).done === true) throw new Error("standard input ended before the next round");
		},
		end: (figures) => console.log(`${TURN_OVER}${JSON.stringify(figures)}`),
		close: () => input.close(),
	};
}

/** Turns without a pause: each round begins at once. */
export const NO_TURNS: Turns = { begin: async () => {}, end: () => {}, close: () => {} };

/** Parses a line that a bench printed. Returns the figures if the line ends a turn, else null. */
export function readTurn(line: string): Figures | null {
	return line.startsWith(TURN_OVER) ? JSON.parse(line.slice(TURN_OVER.length)) : null;
}
