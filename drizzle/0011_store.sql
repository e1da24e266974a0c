ALTER TABLE "notices" DROP CONSTRAINT "notices_kind_known";--> statement-breakpoint
ALTER TABLE "audit_events" DROP CONSTRAINT "audit_events_target_known";--> statement-breakpoint
ALTER TABLE "booking_events" DROP CONSTRAINT "booking_events_type_known";--> statement-breakpoint
ALTER TABLE "refunds" DROP CONSTRAINT "refunds_reason_known";--> statement-breakpoint
ALTER TABLE "refunds" DROP CONSTRAINT "refunds_state_known";--> statement-breakpoint
ALTER TABLE "refunds" ADD COLUMN "withdraw_version" integer;--> statement-breakpoint
ALTER TABLE "refunds" ADD COLUMN "withdraw_until" timestamp (3) with time zone;--> statement-breakpoint
CREATE INDEX "refunds_withdrawing" ON "refunds" USING btree ("withdraw_until") WHERE "refunds"."state" = 'withdrawing';--> statement-breakpoint
ALTER TABLE "notices" ADD CONSTRAINT "notices_kind_known" CHECK ("notices"."kind" in ('showtime.rescheduled', 'booking.cancelled', 'booking.revived', 'booking.reseated'));--> statement-breakpoint
ALTER TABLE "audit_events" ADD CONSTRAINT "audit_events_target_known" CHECK ("audit_events"."target_type" in ('movie', 'auditorium', 'plan', 'showtime', 'batch', 'user', 'booking'));--> statement-breakpoint
ALTER TABLE "booking_events" ADD CONSTRAINT "booking_events_type_known" CHECK ("booking_events"."type" in ('booking.confirmed', 'booking.cancelled', 'booking.reseated', 'booking.conflict', 'admin.released'));--> statement-breakpoint
ALTER TABLE "refunds" ADD CONSTRAINT "refunds_withheld_exactly_when_withdrawing" CHECK (num_nonnulls("refunds"."withdraw_version", "refunds"."withdraw_until") = case when "refunds"."state" = 'withdrawing' then 2 else 0 end);--> statement-breakpoint
ALTER TABLE "refunds" ADD CONSTRAINT "refunds_reason_known" CHECK ("refunds"."reason" in ('conflict', 'showtime_cancelled', 'cancelled', 'staff'));--> statement-breakpoint
ALTER TABLE "refunds" ADD CONSTRAINT "refunds_state_known" CHECK ("refunds"."state" in ('due', 'withdrawing', 'sent', 'done', 'failed', 'not_owed'));