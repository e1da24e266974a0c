/**
 * Reads everything that needs an operator or the staff, from both stores: for `GET /admin/alarms` and `npm run alarms`. What a store does not
 * answer is reported as unknown, never left out.
 */
import {
	countDeadLetters,
	countLosses,
	countOpenConflicts,
	countQuarantined,
	countUnfinishedActions,
	type Database,
	type DeadLetter,
	isDatabaseUnavailable,
	type Loss,
	listDeadLetters,
	listLosses,
	listOpenConflicts,
	listQuarantined,
	listUnfinishedActions,
	type OpenConflict,
	type QuarantinedShowtime,
	type UnfinishedAction,
} from "@holdfast/database";
import type { SeatStore } from "@holdfast/seat-store";

/** Items of one alarm. `count` counts the others too. */
export const ALARM_ITEMS_MAX = 100;

/** What to do about each alarm: a section of the documents, by its path in the repository. */
export const ALARM_GUIDES = {
	deadLetters: "docs/operations.md#dead-letters",
	losses: "docs/operations.md#losses",
	quarantined: "docs/operations.md#quarantined-seats",
	outbox: "docs/operations.md#outbox",
	unfinishedActions: "docs/operations.md#unfinished-actions",
	conflicts: "docs/operations.md#conflicts",
} as const;

/** The statuses of an alarm. `raised`: there is something to do. `unknown`: a store did not answer. */
export const ALARM_STATUSES = ["raised", "clear", "unknown"] as const;

/** One alarm. `count` is null while it is unknown. `items` has at most `ALARM_ITEMS_MAX`, the most urgent first. */
export type Alarm<Item> = {
	readonly status: (typeof ALARM_STATUSES)[number];
	/** What to do about it: one of `ALARM_GUIDES`. */
	readonly guide: string;
	readonly count: number | null;
	readonly items: readonly Item[];
};

/** The outbox of one bucket; null: its server did not answer. `oldestMs`: the age of the oldest entry, 0 when there is none. */
export type BucketOutbox = { readonly bucket: number; readonly entries: number | null; readonly oldestMs: number | null };

/** Every alarm. */
export type Alarms = {
	readonly deadLetters: Alarm<DeadLetter>;
	readonly losses: Alarm<Loss>;
	readonly quarantined: Alarm<QuarantinedShowtime>;
	/** `count` is the number of entries; `items` has every bucket. */
	readonly outbox: Alarm<BucketOutbox>;
	readonly unfinishedActions: Alarm<UnfinishedAction>;
	readonly conflicts: Alarm<OpenConflict>;
};

/** `alarms`, and the stores of which at least one alarm could not be read. */
export type AlarmReport = { readonly alarms: Alarms; readonly unread: readonly ("postgres" | "redis")[] };

/** The stores, and from where on an outbox is an alarm: at `outboxMax` entries, or when an entry is older than `settleLagMaxMs`. */
export type AlarmDeps = {
	readonly seatStore: Pick<SeatStore, "outboxDepths" | "outboxAgesMs">;
	readonly database: Database;
	readonly outboxMax: number;
	readonly settleLagMaxMs: number;
};

/** Returns every alarm. Takes a few seconds when a store does not answer. Throws for a fault that is no outage. Changes nothing. */
export async function readAlarms(deps: AlarmDeps): Promise<AlarmReport> {
	const { database } = deps;
	const [deadLetters, losses, quarantined, outbox, unfinishedActions, conflicts] = await Promise.all([
		readAlarm(database, ALARM_GUIDES.deadLetters, { countAll: countDeadLetters, list: listDeadLetters }),
		readAlarm(database, ALARM_GUIDES.losses, { countAll: countLosses, list: listLosses }),
		readAlarm(database, ALARM_GUIDES.quarantined, { countAll: countQuarantined, list: listQuarantined }),
		readOutbox(deps),
		readAlarm(database, ALARM_GUIDES.unfinishedActions, { countAll: countUnfinishedActions, list: listUnfinishedActions }),
		readAlarm(database, ALARM_GUIDES.conflicts, { countAll: countOpenConflicts, list: listOpenConflicts }),
	]);
	const ofLedger = [deadLetters, losses, quarantined, unfinishedActions, conflicts];
	const isLedgerRead = ofLedger.every(({ status }) => status !== "unknown");
	return {
		alarms: { deadLetters, losses, quarantined, outbox, unfinishedActions, conflicts },
		unread: [...(isLedgerRead ? [] : ["postgres" as const]), ...(outbox.count === null ? ["redis" as const] : [])],
	};
}

type LedgerReads<Item> = {
	readonly countAll: (database: Database) => Promise<number>;
	readonly list: (database: Database, request: { readonly limit: number }) => Promise<Item[]>;
};

async function readAlarm<Item>(database: Database, guide: string, { countAll, list }: LedgerReads<Item>): Promise<Alarm<Item>> {
	try {
		const [count, items] = await Promise.all([countAll(database), list(database, { limit: ALARM_ITEMS_MAX })]);
		return { status: count > 0 ? "raised" : "clear", guide, count, items };
	} catch (error) {
		if (isDatabaseUnavailable(error)) return { status: "unknown", guide, count: null, items: [] };
		throw error;
	}
}

/** An outbox that is read and too full or too old raises the alarm, also while the others cannot be read. */
async function readOutbox({ seatStore, outboxMax, settleLagMaxMs }: AlarmDeps): Promise<Alarm<BucketOutbox>> {
	const [depths, ages] = await Promise.all([seatStore.outboxDepths(), seatStore.outboxAgesMs()]);
	const items = depths.map((depth, bucket) => ({ bucket, entries: knownOrNull(depth), oldestMs: knownOrNull(ages[bucket] ?? Number.NaN) }));
	const isRaised = items.some(({ entries, oldestMs }) => (entries ?? 0) >= outboxMax || (oldestMs ?? 0) > settleLagMaxMs);
	const count = knownOrNull(depths.reduce((sum, depth) => sum + depth, 0));
	const isKnown = items.every(({ entries, oldestMs }) => entries !== null && oldestMs !== null);
	return { status: isRaised ? "raised" : isKnown ? "clear" : "unknown", guide: ALARM_GUIDES.outbox, count: isKnown ? count : null, items };
}

/** The seat store returns NaN for a bucket whose server does not answer. */
const knownOrNull = (figure: number): number | null => (Number.isNaN(figure) ? null : figure);
