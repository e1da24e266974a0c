/** The list of words that docs/style.md asks not to use, held in code, scripts, documents and the OpenAPI document. */
import { globSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { findWords } from "./find-words.ts";

const root = fileURLToPath(new URL("..", import.meta.url));

/** None of these has a use that a plainer word does not have as well. */
const WORDS = [
	"told",
	"tell",
	"tells",
	"anew",
	"whoever",
	"nobody",
	"lapse",
	"lapsed",
	"wish",
	"wishes",
	"so be it",
	"stands still",
	"heed",
	"teller",
	"looker",
];

/** Names that were replaced. Their words have a plain meaning too (line, claim, flaw, word, gone), so only the names are refused. */
const REPLACED_NAMES = [
	"buriedEntries",
	"claimsOf",
	"configFlaws",
	"cutClaim",
	"describeFlaw",
	"endLeftOver",
	"expectNoFlaws",
	"fateOf",
	"findFlaw",
	"findFlawsAtRest",
	"findHistoryFlaws",
	"findSeatFlaws",
	"flawOfBooking",
	"flawOfInstants",
	"flawOfLayout",
	"flawOfSeats",
	"flawOfShowtime",
	"flawsOf",
	"flawsOfProblem",
	"hearAndGather",
	"heardBlind",
	"heedHttp",
	"isBlind",
	"isHeard",
	"isNews",
	"isRisen",
	"joinLine",
	"JUDGE_MAX_MS",
	"judgeBooking",
	"judgeClaims",
	"JudgedLine",
	"judgeHistory",
	"judgeLedger",
	"judgeLine",
	"judgeReplicas",
	"leaveOut",
	"ledger_line",
	"LedgerLine",
	"line_key",
	"LineJudgement",
	"lineStartedAt",
	"LOOK_AFTER_HOLD_MS",
	"lookAtPrimary",
	"lookOnce",
	"lookOnTime",
	"lookTogether",
	"lookWithin",
	"mapFlaws",
	"MINDER_DEADLINE_MS",
	"onDecided",
	"onNews",
	"openedLine",
	"raiseLine",
	"readLeftRecord",
	"readNews",
	"readStanding",
	"RecordedOrBuried",
	"recordOrBury",
	"refuseFlawedRedis",
	"refuseUselessRedis",
	"reportFlaws",
	"saysInternalWhenBroken",
	"SeatClaim",
	"SeatNews",
	"sentWhenHeard",
	"stampAnswers",
	"stampHeaders",
	"standingArbitrary",
	"standingOf",
	"StandingShowtime",
	"untilHeard",
];

/** The extensions of files that people write. Migrations (SQL) and film titles (JSON) are not among them. */
const FILES = ["{apps,packages,bench,scripts,docs,.ci}/**/*.{ts,lua,md,mjs,cjs}", "*.{ts,md,mjs,cjs}", "packages/client/openapi.json"];
/** These two name the words in order to refuse them. */
const EXCEPTIONS = ["docs/style.md", "scripts/plain-words.test.ts"];

const read = (file: string): string => readFileSync(`${root}/${file}`, "utf8");

it("no file uses a word or a name of the list", () => {
	const files = FILES.flatMap((pattern) => globSync(pattern, { cwd: root, exclude: (name) => name.includes("node_modules") }));
	expect(files.length).toBeGreaterThan(700);
	expect(files).toEqual(expect.arrayContaining(["README.md", "packages/client/openapi.json", ...EXCEPTIONS]));
	const judged = files.filter((file) => !EXCEPTIONS.includes(file));
	expect(judged.flatMap((file) => findWords(file, read(file), { words: WORDS, identifiers: REPLACED_NAMES }))).toEqual([]);
});

it("docs/style.md names every word of the list", () => {
	const page = read("docs/style.md");
	expect(WORDS.filter((word) => !page.includes(`\`${word}\``))).toEqual([]);
});

describe("findWords", () => {
	const find = (text: string) => findWords("a.ts", text, { words: WORDS, identifiers: REPLACED_NAMES });

	it.each(WORDS)("finds the word %s in any case", (word) => {
		expect(find(`x\n// It is ${word}.`)).toEqual([`a.ts:2: ${word}`]);
		expect(find(`${word.charAt(0).toUpperCase()}${word.slice(1)}: one`)).toHaveLength(1);
	});

	it("finds a word that is a part of a name, and a phrase that a comment wraps", () => {
		expect(find("const wasTold = NOTHING_TOLD + told_ms + lapseMs;")).toEqual([
			"a.ts:1: Told",
			"a.ts:1: TOLD",
			"a.ts:1: told",
			"a.ts:1: lapse",
		]);
		expect(find("/* the server stands\n * still */")).toEqual(["a.ts:1: stands * still"]);
		expect(findWords("src/tell-story.ts", "", { words: WORDS, identifiers: [] })).toEqual(["src/tell-story.ts: tell in the file name"]);
	});

	it.each(REPLACED_NAMES)("finds the replaced name %s", (name) => {
		expect(find(`const ${name} = 1;`)).toEqual([`a.ts:1: ${name}`]);
	});

	it("finds no word inside another word, and no plain use of a word whose name was replaced", () => {
		expect(
			find("intelligent elapsed swished heedless tellers isHeardTwice; // a line of the table, a claim, a flaw, a word, gone"),
		).toEqual([]);
	});
});
