/**
 * Handles dead letters: outbox entries that could not be settled. `npm run dead-letters` lists them. `-- show <bucket> <entry>` prints one
 * in full. `-- replay <bucket> <entry>` puts it back into the outbox, for after its cause is fixed; `-- replay --all` does so for every
 * one. `-- resolve <bucket> <entry>` removes it from the list without a replay. A replay is safe to repeat: the ledger records an event
 * only once.
 */
import { type DeadLetter, findDeadLetter, listDeadLetters, OPERATOR, resolveDeadLetter } from "@holdfast/database";
import { replayDeadLetter } from "@holdfast/rebuild";
import { type Tools, withTools } from "./open-tools.ts";

const LIST_MAX = 1_000;
const USAGE = "Usage: npm run dead-letters [-- show|replay|resolve <bucket> <entry> | -- replay --all]";

await withTools(async (tools) => {
	const [action = "list", ...args] = process.argv.slice(2);
	if (action === "list") return list(tools);
	if (action === "replay" && args[0] === "--all") {
		const deadLetters = await listDeadLetters(tools.database, { limit: LIST_MAX });
		for (const deadLetter of deadLetters) await replay(tools, deadLetter);
		if (deadLetters.length === LIST_MAX) console.log(`Replayed ${LIST_MAX} dead letters. There may be more: run the command again.`);
		return 0;
	}
	const act = new Map([
		["show", show],
		["replay", replay],
		["resolve", resolve],
	]).get(action);
	if (act === undefined) throw new Error(USAGE);
	return act(tools, await find(tools, args));
});

function nameOf({ bucket, entryId }: Pick<DeadLetter, "bucket" | "entryId">): string {
	return `${bucket} ${entryId}`;
}

async function list({ database }: Tools): Promise<number> {
	const deadLetters = await listDeadLetters(database, { limit: LIST_MAX });
	for (const deadLetter of deadLetters) console.log(`${nameOf(deadLetter)}  ${deadLetter.errorCode}  ${deadLetter.errorMessage}`);
	console.log(`${deadLetters.length} dead letters are unresolved.`);
	return 0;
}

async function find({ database }: Tools, [bucket = "", entryId = ""]: readonly string[]): Promise<DeadLetter> {
	if (!/^\d{1,2}$/.test(bucket) || entryId === "") throw new Error(USAGE);
	const deadLetter = await findDeadLetter(database, { bucket: Number(bucket), entryId });
	if (deadLetter === null)
		throw new Error(`There is no dead letter ${bucket} ${entryId}. Nothing was changed. List all: npm run dead-letters`);
	return deadLetter;
}

async function show(_tools: Tools, deadLetter: DeadLetter): Promise<number> {
	console.log(JSON.stringify(deadLetter, null, "\t"));
	return 0;
}

async function resolve({ database }: Tools, deadLetter: DeadLetter): Promise<number> {
	await resolveDeadLetter(database, deadLetter, { how: "discarded", origin: OPERATOR });
	console.log(`${nameOf(deadLetter)}  resolved without a replay`);
	return 0;
}

async function replay(tools: Tools, deadLetter: DeadLetter): Promise<number> {
	await replayDeadLetter(tools, deadLetter, OPERATOR);
	console.log(`${nameOf(deadLetter)}  put back into the outbox; the sweeper settles it next`);
	return 0;
}
