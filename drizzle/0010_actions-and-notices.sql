CREATE TABLE "notices" (
	"id" uuid PRIMARY KEY DEFAULT uuidv7() NOT NULL,
	"kind" text NOT NULL,
	"booking_id" uuid,
	"showtime_id" uuid,
	"version" integer,
	"user_id" uuid,
	"details" jsonb NOT NULL,
	"created_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "notices_once" UNIQUE NULLS NOT DISTINCT("kind","booking_id","showtime_id","version"),
	CONSTRAINT "notices_kind_known" CHECK ("notices"."kind" in ('showtime.rescheduled', 'booking.cancelled'))
);
--> statement-breakpoint
CREATE TABLE "showtime_actions" (
	"id" uuid PRIMARY KEY DEFAULT uuidv7() NOT NULL,
	"showtime_id" uuid NOT NULL,
	"kind" text NOT NULL,
	"schedule_version" integer,
	"from_starts_at" timestamp (3) with time zone,
	"from_ends_at" timestamp (3) with time zone,
	"to_starts_at" timestamp (3) with time zone,
	"to_ends_at" timestamp (3) with time zone,
	"if_versions" integer[],
	"movie_id" uuid,
	"step" text,
	"is_paused_here" boolean,
	"terms_version" integer,
	"holds" integer,
	"bookings" integer,
	"actor" uuid NOT NULL,
	"reason" text,
	"request_id" text NOT NULL,
	"created_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	"next_try_at" timestamp (3) with time zone NOT NULL,
	"tries" integer DEFAULT 0 NOT NULL,
	"last_error" text,
	"finished_at" timestamp (3) with time zone,
	"outcome" text,
	CONSTRAINT "showtime_actions_kind_known" CHECK ("showtime_actions"."kind" in ('reschedule', 'cancel', 'archive')),
	CONSTRAINT "showtime_actions_reschedule_complete" CHECK (("showtime_actions"."kind" = 'reschedule') = (num_nonnulls("showtime_actions"."schedule_version", "showtime_actions"."from_starts_at", "showtime_actions"."from_ends_at", "showtime_actions"."to_starts_at", "showtime_actions"."to_ends_at") = 5)),
	CONSTRAINT "showtime_actions_archive_complete" CHECK (("showtime_actions"."kind" = 'archive') = ("showtime_actions"."movie_id" is not null) and ("showtime_actions"."kind" = 'archive') = ("showtime_actions"."step" is not null)),
	CONSTRAINT "showtime_actions_step_known" CHECK ("showtime_actions"."step" in ('pause', 'count', 'cancel', 'reopen')),
	CONSTRAINT "showtime_actions_finished_with_outcome" CHECK (("showtime_actions"."finished_at" is null) = ("showtime_actions"."outcome" is null)),
	CONSTRAINT "showtime_actions_reason_bounded" CHECK (char_length("showtime_actions"."reason") between 1 and 500),
	CONSTRAINT "showtime_actions_tries_not_negative" CHECK ("showtime_actions"."tries" >= 0)
);
--> statement-breakpoint
ALTER TABLE "refunds" DROP CONSTRAINT "refunds_reason_known";--> statement-breakpoint
DROP INDEX "refunds_uncorrected";--> statement-breakpoint
ALTER TABLE "refunds" ADD COLUMN "percent" smallint DEFAULT 100 NOT NULL;--> statement-breakpoint
ALTER TABLE "refunds" ADD COLUMN "state" text DEFAULT 'due' NOT NULL;--> statement-breakpoint
ALTER TABLE "refunds" ADD COLUMN "provider_ref" text;--> statement-breakpoint
ALTER TABLE "refunds" ADD COLUMN "done_at" timestamp (3) with time zone;--> statement-breakpoint
ALTER TABLE "showtime_actions" ADD CONSTRAINT "showtime_actions_showtime_id_showtimes_id_fk" FOREIGN KEY ("showtime_id") REFERENCES "public"."showtimes"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "showtime_actions" ADD CONSTRAINT "showtime_actions_movie_id_movies_id_fk" FOREIGN KEY ("movie_id") REFERENCES "public"."movies"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "notices_by_booking" ON "notices" USING btree ("booking_id");--> statement-breakpoint
CREATE UNIQUE INDEX "showtime_actions_one_open" ON "showtime_actions" USING btree ("showtime_id","kind") WHERE "showtime_actions"."finished_at" is null;--> statement-breakpoint
CREATE INDEX "showtime_actions_due" ON "showtime_actions" USING btree ("next_try_at") WHERE "showtime_actions"."finished_at" is null;--> statement-breakpoint
CREATE INDEX "showtime_actions_by_movie" ON "showtime_actions" USING btree ("movie_id") WHERE "showtime_actions"."movie_id" is not null;--> statement-breakpoint
CREATE INDEX "refunds_uncorrected" ON "refunds" USING btree ("due_at") WHERE "refunds"."store_corrected_at" is null and "refunds"."reason" = 'conflict';--> statement-breakpoint
ALTER TABLE "refunds" ADD CONSTRAINT "refunds_percent_bounded" CHECK ("refunds"."percent" between 1 and 100);--> statement-breakpoint
ALTER TABLE "refunds" ADD CONSTRAINT "refunds_state_known" CHECK ("refunds"."state" in ('due', 'sent', 'done', 'failed', 'not_owed'));--> statement-breakpoint
ALTER TABLE "refunds" ADD CONSTRAINT "refunds_done_at_when_done" CHECK (("refunds"."state" = 'done') = ("refunds"."done_at" is not null));--> statement-breakpoint
ALTER TABLE "refunds" ADD CONSTRAINT "refunds_reason_known" CHECK ("refunds"."reason" in ('conflict', 'showtime_cancelled', 'cancelled'));