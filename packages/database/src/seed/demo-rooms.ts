/** The auditoriums of the demo: four venues in four time zones and currencies, from a hall of 100 seats to an arena of 8,000. */
import { gridLayout, type SeatKind, type SeatPlanLayout, type TierPrices } from "@holdfast/domain";

/** An auditorium of the demo, with the prices and start times of its showtimes. */
export type DemoRoom = {
	readonly name: string;
	/** IANA name of the venue's time zone. */
	readonly timeZone: string;
	/** ISO 4217. */
	readonly currency: string;
	/** Prices in minor units, by tier id. */
	readonly prices: TierPrices;
	readonly layout: SeatPlanLayout;
	/** Start of the first and latest start of the last showtime of a day, in minutes after midnight at the venue. */
	readonly firstStartMinutes: number;
	readonly lastStartMinutes: number;
};

const STANDARD = { id: "standard", name: "Standard" };
const PREMIUM = { id: "premium", name: "Premium" };
const RECLINER = { id: "recliner", name: "Recliner" };

/** The smallest plan: 10 rows of 10 seats at one price. */
const plainHall = gridLayout({ rows: 10, seatsPerRow: 10, tiers: [STANDARD], tierOfRow: () => "standard" });

/** 12 rows of 16 seats with two aisles. The back rows cost more. The front row has wheelchair places, each beside a companion's seat. */
const wideHall = gridLayout({
	rows: 12,
	seatsPerRow: 16,
	tiers: [STANDARD, PREMIUM],
	tierOfRow: (row) => (row < 8 ? "standard" : "premium"),
	kindOf: frontCorners(16),
	aisleAfter: [4, 12],
});

/** 9 rows of 14 seats with a middle aisle, in three price classes. */
const fineHall = gridLayout({
	rows: 9,
	seatsPerRow: 14,
	tiers: [STANDARD, PREMIUM, RECLINER],
	tierOfRow: (row) => (row < 3 ? "standard" : row < 7 ? "premium" : "recliner"),
	kindOf: frontCorners(14),
	aisleAfter: [7],
});

/** 80 rows of 100 seats in five blocks and three sections. */
const arena = gridLayout({
	rows: 80,
	seatsPerRow: 100,
	tiers: [
		{ id: "floor", name: "Floor" },
		{ id: "lower", name: "Lower tier" },
		{ id: "upper", name: "Upper tier" },
	],
	tierOfRow: (row) => (row < 20 ? "floor" : row < 50 ? "lower" : "upper"),
	kindOf: frontCorners(100),
	aisleAfter: [20, 40, 60, 80],
	sectionOfRow: (row) => (row < 20 ? "Floor" : row < 50 ? "Lower tier" : "Upper tier"),
});

const CINEMA_DAY = { firstStartMinutes: 10 * 60, lastStartMinutes: 22 * 60 + 30 };
const ARENA_DAY = { firstStartMinutes: 14 * 60, lastStartMinutes: 20 * 60 };

const orpheum = { timeZone: "America/New_York", currency: "USD", ...CINEMA_DAY };
const rialto = { timeZone: "Europe/London", currency: "GBP", ...CINEMA_DAY };
const metropol = { timeZone: "Europe/Berlin", currency: "EUR", ...CINEMA_DAY };
/** The yen has no minor unit: 4,800 is 4,800 yen. */
const tokyoBay = { timeZone: "Asia/Tokyo", currency: "JPY", ...ARENA_DAY };

/** All auditoriums of the demo. */
export const DEMO_ROOMS: readonly DemoRoom[] = [
	{ name: "Orpheum, Hall 1", ...orpheum, layout: plainHall, prices: { standard: 1450 } },
	{ name: "Orpheum, Hall 2", ...orpheum, layout: plainHall, prices: { standard: 1450 } },
	{ name: "Orpheum, Hall 3", ...orpheum, layout: plainHall, prices: { standard: 1250 } },
	{ name: "Orpheum, Grand Hall", ...orpheum, layout: wideHall, prices: { standard: 1550, premium: 1950 } },
	{ name: "Rialto, Screen 1", ...rialto, layout: plainHall, prices: { standard: 1100 } },
	{ name: "Rialto, Screen 2", ...rialto, layout: wideHall, prices: { standard: 1200, premium: 1600 } },
	{ name: "Metropol, Saal 1", ...metropol, layout: plainHall, prices: { standard: 1190 } },
	{ name: "Metropol, Saal 2", ...metropol, layout: fineHall, prices: { standard: 1090, premium: 1390, recliner: 1790 } },
	{ name: "Tokyo Bay Arena", ...tokyoBay, layout: arena, prices: { floor: 4800, lower: 3600, upper: 2400 } },
];

/** Puts one wheelchair place, with a companion's seat beside it, at each end of the front row. */
function frontCorners(seatsPerRow: number): (row: number, seat: number) => SeatKind {
	return (row, seat) => {
		if (row !== 0) return "standard";
		if (seat === 1 || seat === seatsPerRow) return "wheelchair";
		return seat === 2 || seat === seatsPerRow - 1 ? "companion" : "standard";
	};
}
