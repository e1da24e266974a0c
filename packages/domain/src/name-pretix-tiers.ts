/**
 * Tiers and pretix categories. A category has only a name; a tier also has an id, under which showtimes store prices. A name that ends in
 * an id in square brackets, `Upper tier [upper]`, gives the id; otherwise it is made from the name.
 */
import { TIER_ID_PATTERN } from "./limits.ts";
import { tidyText } from "./plan-text.ts";
import type { PlanTier } from "./seat-plan.ts";

const NAME_AND_ID = new RegExp(`^(.+) \\[(${TIER_ID_PATTERN.slice(1, -1)})\\]$`, "u");
/** Room for a number after it, within the 32 characters of an id. */
const SLUG_MAX_CHARS = 24;

/**
 * Returns a tier for each name, in their order. Ids that the names give stay as they are, even if two are equal. The others are unique:
 * the name in lower case without accents, with hyphens (`Balcón Sur` is `balcon-sur`; `tier` if nothing is left), and `-2`, `-3` and so
 * on after an id that is taken.
 */
export function nameTiers(categoryNames: readonly string[]): readonly PlanTier[] {
	const drafts = categoryNames.map((given) => {
		const name = tidyText(given);
		const [, before, id] = NAME_AND_ID.exec(name) ?? [];
		return before !== undefined && id !== undefined ? { name: before, id } : { name, id: null };
	});
	const taken = new Set(drafts.flatMap(({ id }) => id ?? []));
	const counts = new Map<string, number>();
	return drafts.map(({ name, id }) => {
		if (id !== null) return { id, name };
		const slug = slugOf(name);
		let count = counts.get(slug) ?? 1;
		while (taken.has(numbered(slug, count))) count += 1;
		counts.set(slug, count + 1);
		taken.add(numbered(slug, count));
		return { id: numbered(slug, count), name };
	});
}

/** Returns the category name of each tier, such that `nameTiers` makes the same tiers of them: with the id only where it is needed. */
export function nameCategories(tiers: readonly PlanTier[]): readonly string[] {
	return tiers.map(({ id, name }) => (slugOf(name) === id && !NAME_AND_ID.test(name) ? name : `${name} [${id}]`));
}

const numbered = (slug: string, count: number): string => (count === 1 ? slug : `${slug}-${count}`);

function slugOf(name: string): string {
	const plain = name.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase().replaceAll("ß", "ss");
	const slug = plain
		.replace(/[^a-z0-9]+/g, "-")
		.replace(/^-/, "")
		.slice(0, SLUG_MAX_CHARS)
		.replace(/-$/, "");
	return slug === "" ? "tier" : slug;
}
