import { describe, expect, it } from "vitest";
import { withOpenShowtime } from "./with-open-showtime.ts";

type Asked = { outcome: "done" } | { outcome: "not_ready" } | { outcome: "fenced" } | { outcome: "recovering" };
type Opening = { outcome: "opened" } | { outcome: "showtime_closed" };

/** Answers in turn. Gives the outcome, and what was done in which order. */
async function run(answers: Asked["outcome"][], openings: Opening["outcome"][]) {
	const steps: string[] = [];
	const take = <Word extends string>(name: string, words: Word[]): { outcome: Word } => {
		const outcome = words.shift();
		if (outcome === undefined) throw new Error(`no ${name} was planned`);
		steps.push(`${name} ${outcome}`);
		return { outcome };
	};
	const { outcome } = await withOpenShowtime(
		async () => take("open", openings),
		async () => take("ask", answers),
	);
	return { outcome, steps };
}

describe("withOpenShowtime", () => {
	it.each(["done", "recovering"] as const)("gives the answer %s as it is, and opens nothing", async (word) => {
		expect(await run([word], [])).toEqual({ outcome: word, steps: [`ask ${word}`] });
	});

	it.each(["not_ready", "fenced"] as const)("opens the showtime after %s and asks again", async (word) => {
		expect(await run([word, "done"], ["opened"])).toEqual({ outcome: "done", steps: [`ask ${word}`, "open opened", "ask done"] });
	});

	it("gives why the showtime was not opened, and does not ask again", async () => {
		expect(await run(["fenced"], ["showtime_closed"])).toEqual({
			outcome: "showtime_closed",
			steps: ["ask fenced", "open showtime_closed"],
		});
	});

	it("asks three times at most: then the showtime is recovering", async () => {
		const { outcome, steps } = await run(["not_ready", "fenced", "not_ready"], ["opened", "opened"]);
		expect([outcome, steps.length]).toEqual(["recovering", 5]);
	});
});
