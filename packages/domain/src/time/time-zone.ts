/** Time zones of venues: which names are accepted, and how far the clocks of a zone are ahead of UTC. */
import { TIME_ZONE_CHARS_MAX } from "../limits.ts";

/** `Area/Location`. ICU still has the area SystemV, which the IANA database removed in 2020. */
const AREA_AND_LOCATION = /^(?!SystemV\/)[A-Z][A-Za-z]+(?:\/[A-Z][A-Za-z0-9_+-]*)+$/;
/** Formatters that are kept. Making one takes far longer than using it. */
const FORMATTERS_MAX = 64;
const formatters = new Map<string, Intl.DateTimeFormat>();

/**
 * Whether `name` is the name of a time zone, as the IANA database spells it: `Europe/London`, or `UTC`. Links such as `Asia/Kolkata` and
 * `US/Eastern` are accepted, and kept as given: the name that Intl resolves them to is often the older one (`Asia/Calcutta`).
 *
 * Refuses what Intl accepts besides: offsets (`+01:00`), another case (`europe/london`; a link's case is only checked roughly), and names
 * without an area (`PST`, `EST`, `GB`). Postgres reads several of the latter as abbreviations: its `PST` has no summer time, ICU's has.
 */
export function isTimeZone(name: string): boolean {
	if (name.length > TIME_ZONE_CHARS_MAX || (name !== "UTC" && !AREA_AND_LOCATION.test(name))) return false;
	try {
		const resolved = formatterOf(name).resolvedOptions().timeZone;
		return resolved === name || resolved.toLowerCase() !== name.toLowerCase();
	} catch (error) {
		if (error instanceof RangeError) return false;
		throw error;
	}
}

/** How far the clocks of a zone are ahead of UTC at an instant, in ms; negative west of it. Throws a RangeError for an unknown zone. */
export function offsetAt(timeZone: string, instantMs: number): number {
	const text = formatterOf(timeZone).format(instantMs);
	// Offsets before the standard times of about 1900 have seconds (until 1972 in Liberia).
	const match = /GMT(?:([+-])(\d\d):(\d\d)(?::(\d\d))?)?$/.exec(text);
	if (match === null) throw new Error(`no offset found in ${JSON.stringify(text)}`);
	const [, sign, hours = "0", minutes = "0", seconds = "0"] = match;
	const aheadMs = ((Number(hours) * 60 + Number(minutes)) * 60 + Number(seconds)) * 1000;
	return sign === "-" ? -aheadMs : aheadMs;
}

function formatterOf(timeZone: string): Intl.DateTimeFormat {
	const known = formatters.get(timeZone);
	if (known !== undefined) return known;
	const formatter = new Intl.DateTimeFormat("en-US", { timeZone, timeZoneName: "longOffset" });
	const [oldest] = formatters.keys();
	if (formatters.size >= FORMATTERS_MAX && oldest !== undefined) formatters.delete(oldest);
	formatters.set(timeZone, formatter);
	return formatter;
}
