/** Converts alarms to the bodies that staff get. */
import type { DeadLetter, Loss, OpenConflict, QuarantinedShowtime, UnfinishedAction } from "@holdfast/database";
import type { Alarm, AlarmReport } from "@holdfast/rebuild";
import type { AlarmReportBody, DeadLetterBody } from "../contract/alarm.ts";
import { toInstant } from "../contract/share.ts";

type Items = { readonly [Name in keyof AlarmReportBody["alarms"]]: AlarmReportBody["alarms"][Name]["items"][number] };

/** Returns the body of all alarms, which were read at `nowMs`. */
export function presentAlarms({ alarms, unread }: AlarmReport, nowMs: number): AlarmReportBody {
	return {
		alarms: {
			deadLetters: presentAlarm(alarms.deadLetters, presentDeadLetter),
			losses: presentAlarm(alarms.losses, presentLoss),
			quarantined: presentAlarm(alarms.quarantined, presentQuarantined),
			outbox: presentAlarm(alarms.outbox, (outbox) => ({ ...outbox })),
			unfinishedActions: presentAlarm(alarms.unfinishedActions, presentAction),
			conflicts: presentAlarm(alarms.conflicts, presentConflict),
		},
		unread: [...unread],
		asOf: toInstant(nowMs),
	};
}

/** Returns the body of a dead letter. */
export const presentDeadLetter = ({ raw, createdAt, resolvedAt, ...deadLetter }: DeadLetter): DeadLetterBody => ({
	...deadLetter,
	entry: raw,
	createdAt: toInstant(createdAt),
	resolvedAt: resolvedAt === null ? null : toInstant(resolvedAt),
});

const presentAlarm = <Item, Body>({ items, ...alarm }: Alarm<Item>, present: (item: Item) => Body) => ({
	...alarm,
	items: items.map(present),
});

const presentLoss = ({ lastRecordedAt, foundAt, ...loss }: Loss): Items["losses"] => ({
	...loss,
	lastRecordedAt: lastRecordedAt === null ? null : toInstant(lastRecordedAt),
	foundAt: toInstant(foundAt),
});

const presentQuarantined = ({ endsAt, ...showtime }: QuarantinedShowtime): Items["quarantined"] => ({
	...showtime,
	endsAt: toInstant(endsAt),
});

/** Leaves out `lastError`, which may quote a statement: it is in the log, and in `npm run alarms`. */
const presentAction = ({ id, kind, showtimeId, movieId, command, createdAt, tries, nextTryAt }: UnfinishedAction) => ({
	id,
	kind,
	showtimeId,
	movieId,
	actor: command.actor,
	reason: command.reason,
	startedAt: toInstant(createdAt),
	tries,
	nextTryAt: toInstant(nextTryAt),
});

const presentConflict = ({ amount, currency, foundAt, ...conflict }: OpenConflict): Items["conflicts"] => ({
	...conflict,
	amount: { amount, currency },
	foundAt: toInstant(foundAt),
});
