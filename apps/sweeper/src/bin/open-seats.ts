/**
 * Put the quarantined seats of showtimes on sale again: `npm run seats:open` lists what is in quarantine,
 * `npm run seats:open -- <showtime>...` opens these, `npm run seats:open -- --all` opens everything. Seats are in
 * quarantine when Redis is proven to have forgotten sales (docs/reliability.md): look at what was sold elsewhere first.
 */
import { listQuarantined } from "@holdfast/database";
import { parseShowtimeId, type ShowtimeId } from "@holdfast/domain";
import { createRebuilder, openQuarantinedShowtime, withOpenShowtime } from "@holdfast/rebuild";
import { type Tools, withTools } from "./open-tools.ts";

await withTools(async (tools) => {
	const asked = process.argv.slice(2);
	const quarantined = await listQuarantined(tools.database);
	if (asked.length === 0) return list(quarantined);
	const ids = asked.includes("--all") ? quarantined.map(({ showtimeId }) => showtimeId) : asked.map(readShowtimeId);
	let failures = 0;
	for (const id of ids) failures += (await open(tools, id)) ? 0 : 1;
	return failures === 0 ? 0 : 1;
});

function list(quarantined: Awaited<ReturnType<typeof listQuarantined>>): number {
	for (const { showtimeId, bucket, timeline } of quarantined) console.log(`${showtimeId}  bucket ${bucket}, timeline ${timeline}`);
	console.log(`${quarantined.length} in quarantine. Open: npm run seats:open -- <showtime>, or -- --all`);
	return 0;
}

function readShowtimeId(text: string): ShowtimeId {
	const id = parseShowtimeId(text);
	if (id === null) throw new Error(`${JSON.stringify(text)} is no showtime's id.`);
	return id;
}

async function open(tools: Tools, showtimeId: ShowtimeId): Promise<boolean> {
	const rebuilder = createRebuilder({ ...tools, quarantineMs: null });
	const result = await withOpenShowtime(
		() => rebuilder.rebuild(showtimeId, 0),
		() => openQuarantinedShowtime(tools, showtimeId),
	);
	switch (result.outcome) {
		case "opened":
			console.log(`${showtimeId}  ${result.seats} seats are on sale again`);
			return true;
		case "not_quarantined":
			console.log(`${showtimeId}  is not in quarantine`);
			return true;
		case "unknown":
			console.log(`${showtimeId}  is no showtime`);
			return false;
		case "recovering":
		case "unkept":
			console.log(`${showtimeId}  is being rebuilt; try again`);
			return false;
		case "locked":
			console.log(`${showtimeId}  is on sale, but its row in Postgres is locked; run this again to finish`);
			return false;
	}
}
