/** Converts an auditorium to its response body. */
import type { Auditorium } from "@holdfast/database";
import type { AuditoriumBody } from "../contract/admin-auditorium.ts";
import { toInstant } from "../contract/share.ts";
import { presentTierPrices } from "../contract/tier-prices.ts";

/** Returns the body of an auditorium. */
export const presentAuditorium = ({ defaultPrices, defaultBlocks, archivedAt, createdAt, ...auditorium }: Auditorium): AuditoriumBody => ({
	...auditorium,
	defaultPrices: defaultPrices && presentTierPrices(defaultPrices.prices, defaultPrices.currency),
	defaultBlocks: [...defaultBlocks],
	archivedAt: archivedAt === null ? null : toInstant(archivedAt),
	createdAt: toInstant(createdAt),
});
