/** The type and the columns of an auditorium as staff see it. */
import type { AuditoriumId, TierPrices } from "@holdfast/domain";
import { eq } from "drizzle-orm";
import type { Queries } from "../create-database.ts";
import { auditoriums } from "../schema/index.ts";

/** The building that an auditorium is in. */
export type Venue = { readonly name: string; readonly address: string | null };
/** Prices by tier id, in minor units of `currency`. */
export type PricesIn = { readonly currency: string; readonly prices: TierPrices };

/** The fields of an auditorium that staff set. */
export type AuditoriumFields = {
	readonly name: string;
	/** Null: not stated. */
	readonly venue: Venue | null;
	/** IANA name. */
	readonly timeZone: string;
	readonly cleaningMinutes: number;
	/** `HH:MM`, local time. */
	readonly dayStartsAt: string;
	/** ISO 4217. */
	readonly currency: string;
	/** Prices for a new showtime that states none; null when there are none. They name exactly the tiers of the current plan. */
	readonly defaultPrices: PricesIn | null;
	/** Labels of seats of the current plan that a new showtime keeps off sale. */
	readonly defaultBlocks: readonly string[];
};

/** An auditorium. Instants are epoch ms. */
export type Auditorium = AuditoriumFields & {
	readonly id: AuditoriumId;
	/** Counts the changes from 1. */
	readonly version: number;
	/** When the auditorium was archived; null when it is in use. */
	readonly archivedAt: number | null;
	readonly createdAt: number;
};

/** Maps a row of the table. */
export const auditoriumOf = (row: typeof auditoriums.$inferSelect): Auditorium => ({
	id: row.id,
	name: row.name,
	venue: row.venueName === null ? null : { name: row.venueName, address: row.venueAddress },
	timeZone: row.timeZone,
	cleaningMinutes: row.cleaningMinutes,
	dayStartsAt: row.dayStartsAt,
	currency: row.currency,
	defaultPrices: row.defaultPrices && { currency: row.currency, prices: row.defaultPrices },
	defaultBlocks: row.defaultBlocks,
	version: row.version,
	archivedAt: row.archivedAt?.getTime() ?? null,
	createdAt: row.createdAt.getTime(),
});

/** Returns the columns that store these fields. Absent fields are left out. */
export const auditoriumColumnsOf = ({ venue, defaultPrices, defaultBlocks, ...fields }: Partial<AuditoriumFields>) => ({
	...fields,
	...(venue !== undefined && { venueName: venue?.name ?? null, venueAddress: venue?.address ?? null }),
	...(defaultPrices !== undefined && { defaultPrices: defaultPrices?.prices ?? null }),
	...(defaultBlocks !== undefined && { defaultBlocks: [...defaultBlocks] }),
});

/** Returns the fields of an auditorium that staff set. */
export const auditoriumFieldsOf = ({ id, version, archivedAt, createdAt, ...fields }: Auditorium): AuditoriumFields => fields;

/**
 * Locks the auditorium until the end of the transaction, and returns it; undefined when it does not exist. Changes of an auditorium and of
 * its plans take this lock first, so they happen one after the other. It waits for showtimes that are being inserted: their foreign key
 * locks the row too.
 */
export async function lockAuditorium(tx: Queries, id: AuditoriumId): Promise<Auditorium | undefined> {
	const [row] = await tx.select().from(auditoriums).where(eq(auditoriums.id, id)).for("update");
	return row && auditoriumOf(row);
}
