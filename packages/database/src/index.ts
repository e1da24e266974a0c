/**
 * Stores bookings durably and reads the catalogue. This package is the only one that talks to Postgres. Every function takes the
 * process's `Database` as its first argument, and every function may throw. `isDatabaseUnavailable` distinguishes an unreachable Postgres
 * from a bug. A write that may or may not have happened throws `DatabaseOutcomeUnknown`.
 */
export {
	type ArchiveAction,
	type ArchiveNote,
	type ArchiveResult,
	concludeArchive,
	decideArchive,
	findArchiveResult,
	listArchiveActions,
	noteArchive,
} from "./actions/archive-steps.ts";
export { findAction } from "./actions/find-open-action.ts";
export type { ShowtimeAction } from "./actions/showtime-action.ts";
export { type ArchiveRequest, type ArchiveStart, startArchive } from "./actions/start-archive.ts";
export { type CancelRequest, type CancelStart, startCancel } from "./actions/start-cancel.ts";
export { type RescheduleRequest, type RescheduleStart, startReschedule } from "./actions/start-reschedule.ts";
export {
	ACTION_RETRY_MAX_S,
	ACTION_UNFINISHED_MS,
	countUnfinishedActions,
	finishAction,
	finishIfOver,
	finishIfSettled,
	listUnfinishedActions,
	noteAttempt,
	takeAction,
	takeDueActions,
	type UnfinishedAction,
} from "./actions/take-actions.ts";
export {
	endWithdrawal,
	findWithdrawal,
	listOverdueWithdrawals,
	type Withdrawal,
	type WithholdOutcome,
	withholdRefund,
} from "./actions/withhold-refund.ts";
export type { Auditorium, AuditoriumFields, PricesIn, Venue } from "./admin/admin-auditorium.ts";
export type { AdminMovie, MovieFields } from "./admin/admin-movie.ts";
export type { AdminRefund } from "./admin/admin-refund.ts";
export type { AdminSeatPlan, SeatPlanFields } from "./admin/admin-seat-plan.ts";
export type { AdminShowtime } from "./admin/admin-showtime.ts";
export type { AuditDigest } from "./admin/audit-digest.ts";
export type { BookedShowtime, BookingContext, BookingUser } from "./admin/booking-context.ts";
export { BOOKING_PERIODS, type BookingFilter, type BookingPeriod } from "./admin/booking-filter.ts";
export { type CloseAuditDayOptions, type CloseAuditDayOutcome, closeAuditDay } from "./admin/close-audit-day.ts";
export { createAuditorium, type NewAuditorium } from "./admin/create-auditorium.ts";
export { createMovie } from "./admin/create-movie.ts";
export { createSeatPlan, type NewSeatPlan } from "./admin/create-seat-plan.ts";
export { type BookingHistory, type BookingNotice, findBookingHistory, type PastEvent } from "./admin/find-booking-history.ts";
export type { ClashingShowtime } from "./admin/find-clashing-showtimes.ts";
export { findSold, type SoldInLedger } from "./admin/find-sold.ts";
export type { TermsRefusal } from "./admin/find-terms.ts";
export {
	type AdminBooking,
	type AdminBookingsOutcome,
	findBookingContexts,
	findUserId,
	type ListAdminBookingsRequest,
	listAdminBookings,
} from "./admin/list-admin-bookings.ts";
export { findAdminMovie, type ListAdminMoviesRequest, listAdminMovies } from "./admin/list-admin-movies.ts";
export { findAdminShowtime, type ListAdminShowtimesRequest, listAdminShowtimes } from "./admin/list-admin-showtimes.ts";
export { type AuditEvent, type ListAuditEventsRequest, listAuditEvents } from "./admin/list-audit-events.ts";
export { findAuditorium, type ListAuditoriumsRequest, listAuditoriums } from "./admin/list-auditoriums.ts";
export { type ListNoticesRequest, listNotices, type Notice } from "./admin/list-notices.ts";
export { listRefunds, type RefundFilters, type RefundTotal } from "./admin/list-refunds.ts";
export { findAdminSeatPlan, type ListSeatPlansRequest, listSeatPlans } from "./admin/list-seat-plans.ts";
export { type MarkRefundPaidOutcome, type MarkRefundPaidRequest, markRefundPaid } from "./admin/mark-refund-paid.ts";
export {
	type Figures,
	type MoneyFigures,
	readStatistics,
	readTotals,
	type StatisticsRequest,
	type StatisticsRow,
} from "./admin/read-statistics.ts";
export { type AuditOrigin, OPERATOR } from "./admin/record-audit.ts";
export { type BatchAnswer, type BulkOutcome, type BulkRequest, scheduleInBulk } from "./admin/schedule-in-bulk.ts";
export { type ScheduleOneOutcome, type ScheduleOneRequest, scheduleOne } from "./admin/schedule-one.ts";
export type { JudgedStart, PlanOutcome, ScheduleRefusal, ScheduleShowtimes } from "./admin/schedule-showtimes.ts";
export { STATISTICS_GROUPS, type StatisticsGroup, type StatisticsPeriod } from "./admin/select-statistics.ts";
export { type AuditoriumRefusal, archiveAuditorium, updateAuditorium } from "./admin/update-auditorium.ts";
export { updateMovie } from "./admin/update-movie.ts";
export { updateSeatPlan } from "./admin/update-seat-plan.ts";
export { type AuditDayCheck, verifyAuditTrail } from "./admin/verify-audit-trail.ts";
export type { ChangeOutcome, VersionCondition } from "./admin/version-condition.ts";
export { findMovie } from "./catalog/find-movie.ts";
export { findSeatPlan, type SeatPlanReader } from "./catalog/find-seat-plan.ts";
export { findShowtime } from "./catalog/find-showtime.ts";
export { type ListMoviesRequest, listMovies } from "./catalog/list-movies.ts";
export { type ListShowtimesRequest, listShowtimes } from "./catalog/list-showtimes.ts";
export type { Movie, MovieSummary } from "./catalog/movie.ts";
export type { Showtime } from "./catalog/showtime.ts";
export { warnOfRisksAtStart } from "./check-application-role.ts";
export { isDatabaseWritable } from "./check-writable.ts";
export { classifySettleError, DatabaseOutcomeUnknown, isDatabaseUnavailable, type SettleErrorClass } from "./classify-error.ts";
export { CONNECTION_BUDGETS, type ConnectionBudget, type DatabaseWork } from "./connection-budgets.ts";
export { createDatabase, type Database, type DatabaseOptions } from "./create-database.ts";
export { checkBuckets, checkBucketsAtStart } from "./ledger/check-buckets.ts";
export { type CheckTimelineOutcome, checkTimeline } from "./ledger/check-timeline.ts";
export {
	countDeadLetters,
	type DeadLetter,
	type DeadLetterKey,
	type DeadLetterResolution,
	findDeadLetter,
	listDeadLetters,
	resolveDeadLetter,
} from "./ledger/dead-letters.ts";
export { findBooking } from "./ledger/find-booking.ts";
export type { Gap } from "./ledger/find-gap.ts";
export { type BookedSchedule, findMoves, type Move } from "./ledger/find-moves.ts";
export { findOpening, type Opening } from "./ledger/find-opening.ts";
export { type BookingRefund, findRefunds, REFUND_STATUSES } from "./ledger/find-refunds.ts";
export type { LedgerBooking, UnreadableRow } from "./ledger/ledger-booking.ts";
export { type ListBookingsRequest, listBookings } from "./ledger/list-bookings.ts";
export { countLosses, LOSS_ALARM_DAYS, type Loss, listLosses } from "./ledger/list-losses.ts";
export { countOpenConflicts, listOpenConflicts, type OpenConflict } from "./ledger/list-open-conflicts.ts";
export { countQuarantined, listQuarantined, listQuarantineEnded, type QuarantinedShowtime } from "./ledger/list-quarantined.ts";
export { countSoldSeats, type SeatOwner, seatOwners } from "./ledger/list-seat-owners.ts";
export { listUncorrectedConflicts, markConflictCorrected } from "./ledger/list-uncorrected-conflicts.ts";
export {
	type LedgerState,
	listBookingsAt,
	listUnendedShowtimes,
	type UnendedShowtime,
} from "./ledger/list-unended-showtimes.ts";
export { listUpcomingShowtimes, type UpcomingShowtime } from "./ledger/list-upcoming-showtimes.ts";
export { type MarkQuarantineEndedOutcome, markQuarantineEnded } from "./ledger/mark-quarantine-ended.ts";
export { type OpenInLedgerOutcome, type OpenInLedgerRequest, openShowtimeInLedger } from "./ledger/open-showtime-in-ledger.ts";
export { type SettleBatch, type SettleOutcome, settleBatch, UnknownEntryVersion } from "./ledger/settle-batch.ts";
export { migrateDatabase } from "./migrate-database.ts";
export { type Page, type PageOutcome, type PageRequest, parseCursor, writeCursor } from "./read-page.ts";
export {
	type ActionKind,
	type ActionOutcome,
	AUDIT_TARGETS,
	type AuditFields,
	type AuditTarget,
	MOVIE_STATUSES,
	type MovieStatus,
	NOTICE_KINDS,
	type NoticeKind,
	REFUND_REASONS,
	TITLE_MAX_CHARS,
	USER_ROLES,
	type UserRole,
} from "./schema/index.ts";
export { type SeedTally, seedDemo } from "./seed/seed-demo.ts";
export type { AdminUser } from "./users/admin-user.ts";
export {
	type ChangeUserOutcome,
	changeUser,
	countAdmins,
	findUserAccess,
	type UserAccess,
} from "./users/change-user.ts";
export { type CreateAdminOutcome, createAdmin, type NewAdmin } from "./users/create-admin.ts";
export {
	type Account,
	allowSignIn,
	anonymiseUser,
	denySignIn,
	endRefreshFamilies,
	findAccount,
	findAccountById,
	listRefreshFamilies,
} from "./users/end-account.ts";
export { type EnsureAdminOutcome, ensureAdmin } from "./users/ensure-admin.ts";
export { findUser, findUserByEmail, findUserWithPassword } from "./users/find-user.ts";
export { findAdminUser, type ListUsersRequest, listUsers } from "./users/list-users.ts";
export {
	FAMILIES_PER_USER_MAX,
	FAMILY_LIFE_MAX_MS,
	type OpenedFamily,
	type OpenFamilyOutcome,
	openRefreshFamily,
	REFRESH_TTL_MS,
} from "./users/open-refresh-family.ts";
export { type RegisterUserOutcome, registerUser } from "./users/register-user.ts";
export { replacePasswordHash } from "./users/replace-password-hash.ts";
export { endRefreshFamily, REFRESH_GRACE_MS, type RotateOutcome, rotateRefreshToken } from "./users/rotate-refresh-token.ts";
export type { User } from "./users/user.ts";
