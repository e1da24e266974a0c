/** A showtime and its seats on the wire. */
import { SEAT_KINDS, SEAT_STATUSES, SHOWTIME_STATES } from "@holdfast/domain";
import { type Static, Type } from "typebox";
import { Money } from "./money.ts";
import { page } from "./page.ts";
import { CLOSED, instant, oneOf, share } from "./share.ts";

const ShowtimeObject = Type.Object(
	{
		id: Type.String(),
		movie: Type.Object({ id: Type.String(), title: Type.String() }, CLOSED),
		auditorium: Type.Object({ id: Type.String(), name: Type.String() }, CLOSED),
		startsAt: instant("When it starts"),
		endsAt: instant("When it ends"),
		timeZone: Type.String({ description: "IANA zone of the venue" }),
		salesOpenAt: instant("From when on seats are sold"),
		salesCloseAt: instant("From when on they are not any more"),
		state: oneOf(SHOWTIME_STATES),
		prices: Type.Array(Type.Object({ tier: Type.String({ description: "Id of a price class of seats" }), price: Money.ref }, CLOSED)),
	},
	CLOSED,
);
export const Showtime = share("Showtime", ShowtimeObject);
export type ShowtimeBody = Static<typeof ShowtimeObject>;
export const ShowtimePage = share("ShowtimePage", page(Showtime.ref));

const count = Type.Integer({ minimum: 0 });
const SeatCountsObject = Type.Object(
	{ total: count, available: count, held: count, sold: count, blocked: count, quarantined: count },
	CLOSED,
);
export const SeatCounts = share("SeatCounts", SeatCountsObject);

const ShowtimeDetailsObject = Type.Object(
	{
		...ShowtimeObject.properties,
		counts: Type.Unsafe<Static<typeof SeatCountsObject> | null>({
			anyOf: [SeatCounts.ref, { type: "null" }],
			description: "Seats by status, now; null once the showtime is over or cancelled and has no live seats any more",
		}),
	},
	CLOSED,
);
export const ShowtimeDetails = share("ShowtimeDetails", ShowtimeDetailsObject);

const MatrixSeat = Type.Object(
	{
		label: Type.String(),
		tier: Type.String({ description: "Id of a tier" }),
		kind: oneOf(SEAT_KINDS),
		status: oneOf(SEAT_STATUSES, "`held` never says by whom"),
		mine: Type.Optional(Type.Boolean({ description: "Held or bought by the signed-in user; left out otherwise" })),
	},
	CLOSED,
);
const SeatMatrixObject = Type.Object(
	{
		showtimeId: Type.String(),
		version: Type.Integer({ description: "Rises with each change of a seat" }),
		tiers: Type.Array(Type.Object({ id: Type.String(), name: Type.String(), price: Money.ref }, CLOSED)),
		counts: SeatCounts.ref,
		rows: Type.Array(
			Type.Object(
				{
					label: Type.String(),
					seats: Type.Array(
						Type.Unsafe<Static<typeof MatrixSeat> | null>({ anyOf: [MatrixSeat, { type: "null" }], description: "null: a gap, an aisle" }),
					),
				},
				CLOSED,
			),
		),
	},
	CLOSED,
);
export const SeatMatrix = share("SeatMatrix", SeatMatrixObject);
export type SeatMatrixBody = Static<typeof SeatMatrixObject>;

export const SHOWTIME_DATE = Type.Optional(Type.String({ format: "date", description: "A day at the venue, `2026-11-22`" }));
