/**
 * Verifies the audit trail: `npm run audit:verify`. Recomputes the digest of every closed day and prints it, so that it can be compared with
 * the log (`audit day closed`). Changes nothing. Exit code 0: every day has the digest that was stored; 1: at least one day differs.
 */
import { type AuditDayCheck, verifyAuditTrail } from "@holdfast/database";
import { withTools } from "./open-tools.ts";

await withTools(async ({ database }) => {
	let days = 0;
	let differences = 0;
	for await (const check of verifyAuditTrail(database)) {
		if (check.outcome !== "too_early") days += 1;
		if (check.outcome !== "same") differences += 1;
		console.log(lineOf(check));
	}
	console.log(summaryOf(days, differences));
	return differences === 0 ? 0 : 1;
});

function lineOf(check: AuditDayCheck): string {
	switch (check.outcome) {
		case "same":
			return `${check.stored.day}  ${rows(check.stored.count)}  ${check.stored.sha256}`;
		case "differs":
			return (
				`${check.stored.day}  DIFFERS: closed with ${rows(check.stored.count)} and ${check.stored.sha256}, ` +
				`now ${rows(check.found.count)} and ${check.found.sha256}`
			);
		case "not_closed":
			return `${check.found.day}  DIFFERS: the digest of this day is missing; now ${rows(check.found.count)} and ${check.found.sha256}`;
		case "too_early":
			return `before ${check.firstDay}  DIFFERS: ${rows(check.count)}, although the trail began on ${check.firstDay}`;
	}
}

function rows(count: number): string {
	return `${count} ${count === 1 ? "row" : "rows"}`;
}

function summaryOf(days: number, differences: number): string {
	if (days === 0) return "No day of the audit trail is closed yet: the sweeper closes a day an hour after it ended, in UTC.";
	if (differences === 0) return `All ${days} closed days have the digests that were stored. Compare them with the log as well.`;
	return (
		`${differences} of ${days} closed days differ. A digest does not show which row of a day was changed, removed or added, ` +
		"and the digest itself may have been changed: compare the days with the log, and the rows with a backup."
	);
}
