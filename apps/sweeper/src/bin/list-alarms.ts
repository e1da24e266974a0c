/**
 * Lists the alarms: `npm run alarms`. What `GET /admin/alarms` shows, also while Redis does not answer, when no access token can be checked.
 * Changes nothing. Exit code 0: no alarm is raised and every one could be read; 1: otherwise.
 */
import { LIMIT_SPECS, SETTLE_LAG_SPEC } from "@holdfast/domain";
import { type Alarm, readAlarms } from "@holdfast/rebuild";
import { readSettings } from "@holdfast/runtime";
import { withTools } from "./open-tools.ts";

await withTools(async ({ seatStore, database }) => {
	const settings = readSettings(process.env, (env) => ({
		outboxMax: env.integer(LIMIT_SPECS.outboxMax),
		settleLagMaxMs: env.integer(SETTLE_LAG_SPEC),
	}));
	const { alarms, unread } = await readAlarms({ seatStore, database, ...settings });
	for (const [name, alarm] of Object.entries(alarms)) print(name, alarm);
	for (const store of unread) console.log(`${store} did not answer: what could not be read is unknown.`);
	return unread.length === 0 && Object.values(alarms).every(({ status }) => status === "clear") ? 0 : 1;
});

/** Prints one line, and one for each item of a raised alarm. */
function print(name: string, { status, guide, count, items }: Alarm<object>): void {
	console.log(`${status.padEnd(7)}  ${name}  ${count ?? "?"}${status === "clear" ? "" : `  what to do: ${guide}`}`);
	if (status === "raised") for (const item of items) console.log(`\t${JSON.stringify(item)}`);
}
