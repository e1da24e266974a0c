CREATE EXTENSION IF NOT EXISTS btree_gist;--> statement-breakpoint
CREATE TABLE "audit_digests" (
	"day" date PRIMARY KEY NOT NULL,
	"count" integer NOT NULL,
	"sha256" text NOT NULL,
	"closed_at" timestamp (3) with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
CREATE TABLE "audit_events" (
	"id" uuid PRIMARY KEY DEFAULT uuidv7() NOT NULL,
	"at" timestamp (3) with time zone NOT NULL,
	"recorded_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	"actor" uuid,
	"action" text NOT NULL,
	"target_type" text NOT NULL,
	"target_id" uuid NOT NULL,
	"showtime_id" uuid,
	"before" jsonb,
	"after" jsonb,
	"reason" text,
	"request_id" text,
	CONSTRAINT "audit_events_action_form" CHECK ("audit_events"."action" ~ '^[a-z_]+[.][a-z_]+$'),
	CONSTRAINT "audit_events_target_known" CHECK ("audit_events"."target_type" in ('movie', 'auditorium', 'plan', 'showtime', 'batch', 'user')),
	CONSTRAINT "audit_events_reason_bounded" CHECK (char_length("audit_events"."reason") between 1 and 500)
);
--> statement-breakpoint
CREATE TABLE "showtime_batches" (
	"id" uuid PRIMARY KEY NOT NULL,
	"actor" uuid NOT NULL,
	"idempotency_key" text,
	"request_hash" text NOT NULL,
	"answer" jsonb NOT NULL,
	"created_at" timestamp (3) with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
ALTER TABLE "auditoriums" ADD COLUMN "venue_name" text;--> statement-breakpoint
ALTER TABLE "auditoriums" ADD COLUMN "venue_address" text;--> statement-breakpoint
ALTER TABLE "auditoriums" ADD COLUMN "cleaning_minutes" integer DEFAULT 20 NOT NULL;--> statement-breakpoint
ALTER TABLE "auditoriums" ADD COLUMN "day_starts_at" text DEFAULT '00:00' NOT NULL;--> statement-breakpoint
ALTER TABLE "auditoriums" ADD COLUMN "currency" text;--> statement-breakpoint
-- The currency of its latest showtime; of an auditorium without showtimes, that of the latest showtime of all.
UPDATE "auditoriums" SET "currency" = coalesce(
	(SELECT "currency" FROM "showtimes" WHERE "auditorium_id" = "auditoriums"."id" ORDER BY "starts_at" DESC LIMIT 1),
	(SELECT "currency" FROM "showtimes" ORDER BY "starts_at" DESC LIMIT 1),
	'USD');--> statement-breakpoint
ALTER TABLE "auditoriums" ALTER COLUMN "currency" SET NOT NULL;--> statement-breakpoint
ALTER TABLE "auditoriums" ADD COLUMN "default_prices" jsonb;--> statement-breakpoint
ALTER TABLE "auditoriums" ADD COLUMN "default_blocks" text[] DEFAULT '{}' NOT NULL;--> statement-breakpoint
ALTER TABLE "auditoriums" ADD COLUMN "archived_at" timestamp (3) with time zone;--> statement-breakpoint
ALTER TABLE "auditoriums" ADD COLUMN "version" integer DEFAULT 1 NOT NULL;--> statement-breakpoint
ALTER TABLE "seat_plans" ADD COLUMN "focus" jsonb;--> statement-breakpoint
ALTER TABLE "seat_plans" ADD COLUMN "is_current" boolean DEFAULT false NOT NULL;--> statement-breakpoint
UPDATE "seat_plans" SET "is_current" = true WHERE "id" IN (
	SELECT DISTINCT ON ("auditorium_id") "id" FROM "seat_plans" ORDER BY "auditorium_id", "created_at" DESC, "id" DESC);--> statement-breakpoint
ALTER TABLE "seat_plans" ADD COLUMN "version" integer DEFAULT 1 NOT NULL;--> statement-breakpoint
ALTER TABLE "movies" ADD COLUMN "version" integer DEFAULT 1 NOT NULL;--> statement-breakpoint
ALTER TABLE "showtimes" ADD COLUMN "occupied_until" timestamp (3) with time zone;--> statement-breakpoint
-- The pause for cleaning, cut short where the next showtime starts sooner.
UPDATE "showtimes" SET "occupied_until" = greatest("ends_at", least("ends_at" + interval '20 minutes', (
	SELECT min("next"."starts_at") FROM "showtimes" "next"
	WHERE "next"."auditorium_id" = "showtimes"."auditorium_id" AND "next"."starts_at" >= "showtimes"."ends_at" AND "next"."state" <> 'cancelled')));--> statement-breakpoint
ALTER TABLE "showtimes" ALTER COLUMN "occupied_until" SET NOT NULL;--> statement-breakpoint
CREATE INDEX "audit_events_by_recording" ON "audit_events" USING btree ("recorded_at");--> statement-breakpoint
CREATE INDEX "audit_events_by_actor" ON "audit_events" USING btree ("actor","id");--> statement-breakpoint
CREATE INDEX "audit_events_by_target" ON "audit_events" USING btree ("target_id","id");--> statement-breakpoint
CREATE INDEX "audit_events_by_showtime" ON "audit_events" USING btree ("showtime_id","id") WHERE "audit_events"."showtime_id" is not null;--> statement-breakpoint
CREATE UNIQUE INDEX "showtime_batches_once" ON "showtime_batches" USING btree ("actor","idempotency_key");--> statement-breakpoint
CREATE INDEX "showtime_batches_by_age" ON "showtime_batches" USING btree ("created_at");--> statement-breakpoint
CREATE UNIQUE INDEX "seat_plans_one_current" ON "seat_plans" USING btree ("auditorium_id") WHERE "seat_plans"."is_current";--> statement-breakpoint
ALTER TABLE "auditoriums" ADD CONSTRAINT "auditoriums_version_positive" CHECK ("auditoriums"."version" > 0);--> statement-breakpoint
ALTER TABLE "auditoriums" ADD CONSTRAINT "auditoriums_cleaning_bounded" CHECK ("auditoriums"."cleaning_minutes" between 0 and 240);--> statement-breakpoint
ALTER TABLE "auditoriums" ADD CONSTRAINT "auditoriums_day_start_is_a_time" CHECK ("auditoriums"."day_starts_at" ~ '^([01][0-9]|2[0-3]):[0-5][0-9]$');--> statement-breakpoint
ALTER TABLE "auditoriums" ADD CONSTRAINT "auditoriums_currency_iso_4217" CHECK ("auditoriums"."currency" ~ '^[A-Z]{3}$');--> statement-breakpoint
ALTER TABLE "seat_plans" ADD CONSTRAINT "seat_plans_version_positive" CHECK ("seat_plans"."version" > 0);--> statement-breakpoint
ALTER TABLE "movies" ADD CONSTRAINT "movies_version_positive" CHECK ("movies"."version" > 0);--> statement-breakpoint
ALTER TABLE "showtimes" ADD CONSTRAINT "showtimes_occupied_until_end" CHECK ("showtimes"."occupied_until" >= "showtimes"."ends_at");--> statement-breakpoint
ALTER TABLE "showtimes" ADD CONSTRAINT "showtimes_do_not_overlap"
	EXCLUDE USING gist ("auditorium_id" WITH =, tstzrange("starts_at", "occupied_until") WITH &&) WHERE ("state" <> 'cancelled');--> statement-breakpoint
CREATE FUNCTION "refuse_change_of_audit_trail"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	RAISE EXCEPTION 'rows of % are never changed or deleted', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
END
$$;--> statement-breakpoint
CREATE TRIGGER "audit_events_are_kept" BEFORE UPDATE OR DELETE OR TRUNCATE ON "audit_events" FOR EACH STATEMENT EXECUTE FUNCTION "refuse_change_of_audit_trail"();--> statement-breakpoint
CREATE TRIGGER "audit_digests_are_kept" BEFORE UPDATE OR DELETE OR TRUNCATE ON "audit_digests" FOR EACH STATEMENT EXECUTE FUNCTION "refuse_change_of_audit_trail"();