ALTER TABLE "audit_events" DROP CONSTRAINT "audit_events_target_known";--> statement-breakpoint
ALTER TABLE "refunds" ADD COLUMN "settled_by" uuid;--> statement-breakpoint
ALTER TABLE "dead_letters" ADD COLUMN "id" uuid DEFAULT uuidv7() NOT NULL;--> statement-breakpoint
CREATE INDEX "notices_by_showtime" ON "notices" USING btree ("showtime_id","id");--> statement-breakpoint
CREATE INDEX "refunds_by_due" ON "refunds" USING btree ("due_at","booking_id");--> statement-breakpoint
CREATE INDEX "refunds_by_showtime" ON "refunds" USING btree ("showtime_id","due_at","booking_id");--> statement-breakpoint
ALTER TABLE "dead_letters" ADD CONSTRAINT "dead_letters_id_unique" UNIQUE("id");--> statement-breakpoint
ALTER TABLE "audit_events" ADD CONSTRAINT "audit_events_target_known" CHECK ("audit_events"."target_type" in ('movie', 'auditorium', 'plan', 'showtime', 'batch', 'user', 'booking', 'dead_letter'));--> statement-breakpoint
ALTER TABLE "refunds" ADD CONSTRAINT "refunds_settled_by_when_done" CHECK ("refunds"."settled_by" is null or "refunds"."state" = 'done');--> statement-breakpoint
ALTER TABLE "refunds" ADD CONSTRAINT "refunds_provider_ref_bounded" CHECK (char_length("refunds"."provider_ref") between 1 and 200);