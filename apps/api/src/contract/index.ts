/** Lists every schema that the OpenAPI document names under `components.schemas`. */
import type { TSchema } from "typebox";
import { ReasonGiven } from "./admin.ts";
import { Auditorium, AuditoriumChange, AuditoriumPage, NewAuditorium } from "./admin-auditorium.ts";
import { AdminBooking, AdminBookingDetails, AdminBookingPage } from "./admin-booking.ts";
import { AdminMovie, AdminMoviePage, MovieChange, NewMovie } from "./admin-movie.ts";
import { AdminSeatPlan, AdminSeatPlanDetails, AdminSeatPlanPage, NewSeatPlan, SeatPlanChange, SeatPlanDraft } from "./admin-seat-plan.ts";
import {
	AdminShowtime,
	AdminShowtimeDetails,
	AdminShowtimePage,
	BlockChange,
	ClashingShowtime,
	NewSchedule,
	NewShowtime,
	PlannedShowtime,
	Schedule,
	ShowtimeChange,
} from "./admin-showtime.ts";
import { AdminUser, AdminUserPage, UserChange } from "./admin-user.ts";
import { AlarmReport, DeadLetter, DeadLetterResolution, OpenedSeats } from "./alarm.ts";
import { AuditEvent, AuditEventPage } from "./audit-event.ts";
import { Booking, BookingDetails, BookingPage, HoldRequest } from "./booking.ts";
import { BookingReseat, BookingStatusChange, StaffSale } from "./booking-change.ts";
import { Health } from "./health.ts";
import { SeatDelta, SeatReset, SeatStatuses } from "./live-seats.ts";
import { Money, Price, Sum } from "./money.ts";
import { Movie, MoviePage } from "./movie.ts";
import { Notice, NoticePage } from "./notice.ts";
import { Problem } from "./problem-schema.ts";
import { AdminRefund, RefundPage, RefundPayment } from "./refund.ts";
import { SeatPlan } from "./seat-plan.ts";
import type { SharedSchema } from "./share.ts";
import { SeatCounts, SeatMatrix, Showtime, ShowtimeDetails, ShowtimePage } from "./showtime.ts";
import { Figures, Statistics, StatisticsRow } from "./statistics.ts";
import { AccountDeletion, Credentials, RefreshRequest, Registration, Session, User } from "./user.ts";

/** Typed by what all schemas share: inferring the union of their own types takes the compiler seconds. */
const SHARED: readonly Pick<SharedSchema<TSchema>, "schema">[] = [
	Problem,
	Money,
	Price,
	User,
	Session,
	Registration,
	Credentials,
	RefreshRequest,
	AccountDeletion,
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
	AdminMovie,
	AdminMoviePage,
	NewMovie,
	MovieChange,
	AuditEvent,
	AuditEventPage,
	Auditorium,
	AuditoriumPage,
	NewAuditorium,
	AuditoriumChange,
	AdminSeatPlan,
	AdminSeatPlanPage,
	AdminSeatPlanDetails,
	NewSeatPlan,
	SeatPlanDraft,
	SeatPlanChange,
	AdminShowtime,
	AdminShowtimePage,
	AdminShowtimeDetails,
	ShowtimeChange,
	BlockChange,
	NewShowtime,
	NewSchedule,
	ClashingShowtime,
	PlannedShowtime,
	Schedule,
	ReasonGiven,
	AdminRefund,
	RefundPage,
	RefundPayment,
	Notice,
	NoticePage,
	AlarmReport,
	DeadLetter,
	DeadLetterResolution,
	OpenedSeats,
	AdminUser,
	AdminUserPage,
	UserChange,
	AdminBooking,
	AdminBookingPage,
	AdminBookingDetails,
	Sum,
	Figures,
	StatisticsRow,
	Statistics,
	StaffSale,
	BookingStatusChange,
	BookingReseat,
];

/** The schemas to add to the server with `addSchema`, each with its `$id`. */
export const SHARED_SCHEMAS = SHARED.map(({ schema }) => schema);
