/**
 * Puts quarantined seats on sale again. `npm run seats:open` lists the showtimes in quarantine, `npm run seats:open -- <showtime>...`
 * opens the given showtimes, `npm run seats:open -- --all` opens all. Seats are in quarantine because Redis is proven to have lost sales
 * (docs/reliability.md): before you open them, check which of them were sold, for example in the payment provider's records.
 */
import { listQuarantined, OPERATOR } from "@holdfast/database";
import { parseShowtimeId, type ShowtimeId } from "@holdfast/domain";
import { createRebuilder, openQuarantinedSeats } from "@holdfast/rebuild";
import { type Tools, withTools } from "./open-tools.ts";

await withTools(async (tools) => {
	const args = process.argv.slice(2);
	const quarantined = await listQuarantined(tools.database);
	if (args.length === 0) return list(quarantined);
	const ids = args.includes("--all") ? quarantined.map(({ showtimeId }) => showtimeId) : args.map(readShowtimeId);
	let failures = 0;
	for (const id of ids) failures += (await openSeats(tools, id)) ? 0 : 1;
	return failures === 0 ? 0 : 1;
});

function list(quarantined: Awaited<ReturnType<typeof listQuarantined>>): number {
	for (const { showtimeId, bucket, timeline } of quarantined) console.log(`${showtimeId}  bucket ${bucket}, timeline ${timeline}`);
	console.log(`${quarantined.length} showtimes are in quarantine. To sell their seats: npm run seats:open -- <showtime>, or -- --all`);
	return 0;
}

function readShowtimeId(text: string): ShowtimeId {
	const id = parseShowtimeId(text);
	if (id === null) throw new Error(`${JSON.stringify(text)} is not a valid showtime id. Nothing was changed.`);
	return id;
}

async function openSeats(tools: Tools, showtimeId: ShowtimeId): Promise<boolean> {
	const rebuilder = createRebuilder({ ...tools, quarantineMs: null });
	const open = (id: ShowtimeId) => rebuilder.rebuild(id, 0);
	const result = await openQuarantinedSeats({ ...tools, open }, showtimeId, OPERATOR);
	switch (result.outcome) {
		case "opened":
			console.log(`${showtimeId}  quarantine ended: ${result.seats} seats are on sale again`);
			return true;
		case "not_quarantined":
			console.log(`${showtimeId}  not in quarantine; nothing was changed`);
			return true;
		case "unknown":
			console.log(`${showtimeId}  no such showtime; nothing was changed`);
			return false;
		case "recovering":
		case "claim_not_replicated":
			console.log(`${showtimeId}  not opened: the showtime must be rebuilt first and cannot be now; run this again in a few seconds`);
			return false;
		case "locked":
			console.log(
				`${showtimeId}  seats are on sale, but the end of the quarantine is not recorded: the row in Postgres is locked; run this again to finish`,
			);
			return false;
	}
}
