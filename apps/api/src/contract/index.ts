/** The contract as a whole: every schema that the OpenAPI document lists by name. */
import { Booking, BookingDetails, BookingPage, HoldRequest } from "./booking.ts";
import { Health } from "./health.ts";
import { SeatDelta, SeatReset, SeatStatuses } from "./live-seats.ts";
import { Money, Price } from "./money.ts";
import { Movie, MoviePage } from "./movie.ts";
import { Problem } from "./problem-schema.ts";
import { SeatPlan } from "./seat-plan.ts";
import { SeatCounts, SeatMatrix, Showtime, ShowtimeDetails, ShowtimePage } from "./showtime.ts";
import { Credentials, RefreshRequest, Registration, Session, User } from "./user.ts";

export const SHARED_SCHEMAS = [
	Problem,
	Money,
	Price,
	User,
	Session,
	Registration,
	Credentials,
	RefreshRequest,
	Movie,
	MoviePage,
	Showtime,
	ShowtimePage,
	ShowtimeDetails,
	SeatCounts,
	SeatMatrix,
	SeatStatuses,
	SeatDelta,
	SeatReset,
	SeatPlan,
	Booking,
	BookingDetails,
	BookingPage,
	HoldRequest,
	Health,
].map(({ schema }) => schema);
