CREATE TABLE "refunds" (
	"booking_id" uuid PRIMARY KEY NOT NULL,
	"showtime_id" uuid NOT NULL,
	"reason" text NOT NULL,
	"amount" bigint NOT NULL,
	"currency" text NOT NULL,
	"due_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	"store_corrected_at" timestamp (3) with time zone,
	CONSTRAINT "refunds_reason_known" CHECK ("refunds"."reason" in ('conflict')),
	CONSTRAINT "refunds_amount_not_negative" CHECK ("refunds"."amount" >= 0),
	CONSTRAINT "refunds_currency_iso_4217" CHECK ("refunds"."currency" ~ '^[A-Z]{3}$')
);
--> statement-breakpoint
CREATE TABLE "showtime_events" (
	"showtime_id" uuid NOT NULL,
	"seq" bigint NOT NULL,
	"type" text NOT NULL,
	"bucket" smallint NOT NULL,
	"showtime_version" integer NOT NULL,
	"schedule_version" integer NOT NULL,
	"at" timestamp (3) with time zone NOT NULL,
	"payload" jsonb NOT NULL,
	"recorded_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "showtime_events_once" PRIMARY KEY("showtime_id","showtime_version","schedule_version")
);
--> statement-breakpoint
CREATE TABLE "losses" (
	"bucket" smallint NOT NULL,
	"line" integer NOT NULL,
	"last_seq" bigint NOT NULL,
	"last_recorded_at" timestamp (3) with time zone,
	"found_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "losses_bucket_line_pk" PRIMARY KEY("bucket","line")
);
--> statement-breakpoint
ALTER TABLE "showtimes" ADD COLUMN "blocked_seats" integer[] DEFAULT '{}' NOT NULL;--> statement-breakpoint
ALTER TABLE "buckets" ADD COLUMN "line_started_at" timestamp (3) with time zone;--> statement-breakpoint
ALTER TABLE "refunds" ADD CONSTRAINT "refunds_booking_id_bookings_id_fk" FOREIGN KEY ("booking_id") REFERENCES "public"."bookings"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "showtime_events" ADD CONSTRAINT "showtime_events_showtime_id_showtimes_id_fk" FOREIGN KEY ("showtime_id") REFERENCES "public"."showtimes"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "refunds_uncorrected" ON "refunds" USING btree ("due_at") WHERE "refunds"."store_corrected_at" is null;--> statement-breakpoint
CREATE INDEX "showtimes_by_end" ON "showtimes" USING btree ("ends_at");