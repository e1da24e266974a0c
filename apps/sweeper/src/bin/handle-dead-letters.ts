/**
 * Entries of the outbox that could not be settled. `npm run dead-letters` lists them; `-- show <bucket> <entry>` prints one
 * whole; `-- replay <bucket> <entry>` puts it into the outbox again once its cause is mended, `-- replay --all` every one;
 * `-- resolve <bucket> <entry>` sets it aside. Replaying is safe to repeat: what the ledger has it does not write twice.
 */
import { findDeadLetter, listDeadLetters, resolveDeadLetter } from "@holdfast/database";
import { type Tools, withTools } from "./open-tools.ts";

const LIST_MAX = 1_000;
const USAGE = "Usage: npm run dead-letters [-- show|replay|resolve <bucket> <entry> | -- replay --all]";

type Letter = Awaited<ReturnType<typeof listDeadLetters>>[number];

await withTools(async (tools) => {
	const [action = "list", ...words] = process.argv.slice(2);
	if (action === "list") return list(tools);
	if (action === "replay" && words[0] === "--all") {
		const letters = await listDeadLetters(tools.database, { limit: LIST_MAX });
		for (const letter of letters) await replay(tools, letter);
		if (letters.length === LIST_MAX) console.log(`${LIST_MAX} were replayed; there may be more: run it again.`);
		return 0;
	}
	const act = new Map([
		["show", show],
		["replay", replay],
		["resolve", setAside],
	]).get(action);
	if (act === undefined) throw new Error(USAGE);
	return act(tools, await find(tools, words));
});

function nameOf({ bucket, entryId }: Pick<Letter, "bucket" | "entryId">): string {
	return `${bucket} ${entryId}`;
}

async function list({ database }: Tools): Promise<number> {
	const letters = await listDeadLetters(database, { limit: LIST_MAX });
	for (const letter of letters) console.log(`${nameOf(letter)}  ${letter.errorCode}  ${letter.errorMessage}`);
	console.log(`${letters.length} dead letters wait for a decision.`);
	return 0;
}

async function find({ database }: Tools, [bucket = "", entryId = ""]: readonly string[]): Promise<Letter> {
	if (!/^\d{1,2}$/.test(bucket) || entryId === "") throw new Error(USAGE);
	const letter = await findDeadLetter(database, { bucket: Number(bucket), entryId });
	if (letter === null) throw new Error(`There is no dead letter ${bucket} ${entryId}.`);
	return letter;
}

async function show(_tools: Tools, letter: Letter): Promise<number> {
	console.log(JSON.stringify(letter, null, "\t"));
	return 0;
}

async function setAside({ database }: Tools, letter: Letter): Promise<number> {
	await resolveDeadLetter(database, letter);
	console.log(`${nameOf(letter)}  set aside`);
	return 0;
}

/** Into the outbox first: should this die in between, it is replayed twice, and the second time changes nothing. */
async function replay({ seatStore, database }: Tools, letter: Letter): Promise<number> {
	await seatStore.requeueEntry(letter.bucket, letter.raw);
	await resolveDeadLetter(database, letter);
	console.log(`${nameOf(letter)}  is in the outbox again`);
	return 0;
}
