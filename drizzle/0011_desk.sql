ALTER TABLE "notices" DROP CONSTRAINT "notices_kind_known";--> statement-breakpoint
ALTER TABLE "audit_events" DROP CONSTRAINT "audit_events_target_known";--> statement-breakpoint
ALTER TABLE "booking_events" DROP CONSTRAINT "booking_events_type_known";--> statement-breakpoint
ALTER TABLE "refunds" DROP CONSTRAINT "refunds_reason_known";--> statement-breakpoint
ALTER TABLE "refunds" DROP CONSTRAINT "refunds_state_known";--> statement-breakpoint
DROP INDEX "bookings_by_user";--> statement-breakpoint
DROP INDEX "bookings_by_showtime";--> statement-breakpoint
ALTER TABLE "refunds" ADD COLUMN "settled_by" uuid;--> statement-breakpoint
ALTER TABLE "refunds" ADD COLUMN "withdraw_version" integer;--> statement-breakpoint
ALTER TABLE "refunds" ADD COLUMN "withdraw_until" timestamp (3) with time zone;--> statement-breakpoint
ALTER TABLE "dead_letters" ADD COLUMN "id" uuid DEFAULT uuidv7() NOT NULL;--> statement-breakpoint
ALTER TABLE "users" ADD COLUMN "search_name" text GENERATED ALWAYS AS (replace(replace(replace(translate(lower(
	regexp_replace(normalize(display_name, NFKD), '[\u0300-\u036f]', '', 'g')), 'øłđðı', 'olddi'), 'ß', 'ss'), 'æ', 'ae'), 'œ', 'oe')) STORED;--> statement-breakpoint
ALTER TABLE "users" ADD COLUMN "blocked_at" timestamp (3) with time zone;--> statement-breakpoint
ALTER TABLE "users" ADD COLUMN "version" integer DEFAULT 1 NOT NULL;--> statement-breakpoint
CREATE INDEX "notices_by_showtime" ON "notices" USING btree ("showtime_id","id");--> statement-breakpoint
CREATE INDEX "bookings_not_confirmed" ON "bookings" USING btree ("id") WHERE "bookings"."state" <> 'CONFIRMED';--> statement-breakpoint
CREATE INDEX "bookings_by_amount" ON "bookings" USING btree ("currency","amount");--> statement-breakpoint
CREATE INDEX "refunds_by_state" ON "refunds" USING btree ("state","booking_id");--> statement-breakpoint
CREATE INDEX "refunds_withdrawing" ON "refunds" USING btree ("withdraw_until") WHERE "refunds"."state" = 'withdrawing';--> statement-breakpoint
CREATE INDEX "refunds_by_due" ON "refunds" USING btree ("due_at","booking_id");--> statement-breakpoint
CREATE INDEX "refunds_by_showtime" ON "refunds" USING btree ("showtime_id","due_at","booking_id");--> statement-breakpoint
CREATE INDEX "users_by_email" ON "users" USING btree (lower("email") collate "C");--> statement-breakpoint
CREATE INDEX "users_by_search_name" ON "users" USING gin ("search_name" gin_trgm_ops);--> statement-breakpoint
CREATE INDEX "bookings_by_user" ON "bookings" USING btree ("user_id","id");--> statement-breakpoint
CREATE INDEX "bookings_by_showtime" ON "bookings" USING btree ("showtime_id","id");--> statement-breakpoint
ALTER TABLE "dead_letters" ADD CONSTRAINT "dead_letters_id_unique" UNIQUE("id");--> statement-breakpoint
ALTER TABLE "notices" ADD CONSTRAINT "notices_kind_known" CHECK ("notices"."kind" in ('showtime.rescheduled', 'booking.cancelled', 'booking.revived', 'booking.reseated'));--> statement-breakpoint
ALTER TABLE "audit_events" ADD CONSTRAINT "audit_events_target_known" CHECK ("audit_events"."target_type" in ('movie', 'auditorium', 'plan', 'showtime', 'batch', 'user', 'booking', 'dead_letter'));--> statement-breakpoint
ALTER TABLE "booking_events" ADD CONSTRAINT "booking_events_type_known" CHECK ("booking_events"."type" in ('booking.confirmed', 'booking.cancelled', 'booking.reseated', 'booking.conflict', 'admin.released'));--> statement-breakpoint
ALTER TABLE "refunds" ADD CONSTRAINT "refunds_withheld_exactly_when_withdrawing" CHECK (num_nonnulls("refunds"."withdraw_version", "refunds"."withdraw_until") = case when "refunds"."state" = 'withdrawing' then 2 else 0 end);--> statement-breakpoint
ALTER TABLE "refunds" ADD CONSTRAINT "refunds_settled_by_when_done" CHECK ("refunds"."settled_by" is null or "refunds"."state" = 'done');--> statement-breakpoint
ALTER TABLE "refunds" ADD CONSTRAINT "refunds_provider_ref_bounded" CHECK (char_length("refunds"."provider_ref") between 1 and 200);--> statement-breakpoint
ALTER TABLE "refunds" ADD CONSTRAINT "refunds_reason_known" CHECK ("refunds"."reason" in ('conflict', 'showtime_cancelled', 'cancelled', 'staff'));--> statement-breakpoint
ALTER TABLE "refunds" ADD CONSTRAINT "refunds_state_known" CHECK ("refunds"."state" in ('due', 'withdrawing', 'sent', 'done', 'failed', 'not_owed'));--> statement-breakpoint
ALTER TABLE "users" ADD CONSTRAINT "users_version_positive" CHECK ("users"."version" > 0);