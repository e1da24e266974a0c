CREATE TABLE "auditoriums" (
	"id" uuid PRIMARY KEY NOT NULL,
	"name" text NOT NULL,
	"time_zone" text NOT NULL,
	"created_at" timestamp (3) with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
CREATE TABLE "seat_plans" (
	"id" uuid PRIMARY KEY NOT NULL,
	"auditorium_id" uuid NOT NULL,
	"layout" jsonb NOT NULL,
	"seat_count" integer NOT NULL,
	"created_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "seat_plans_seat_count_positive" CHECK ("seat_plans"."seat_count" > 0)
);
--> statement-breakpoint
CREATE TABLE "booking_events" (
	"booking_id" uuid NOT NULL,
	"version" integer NOT NULL,
	"type" text NOT NULL,
	"bucket" smallint NOT NULL,
	"seq" bigint,
	"at" timestamp (3) with time zone NOT NULL,
	"payload" jsonb NOT NULL,
	"recorded_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "booking_events_booking_id_version_pk" PRIMARY KEY("booking_id","version"),
	CONSTRAINT "booking_events_type_known" CHECK ("booking_events"."type" in ('booking.confirmed', 'booking.cancelled', 'booking.conflict'))
);
--> statement-breakpoint
CREATE TABLE "booking_seats" (
	"booking_id" uuid NOT NULL,
	"showtime_id" uuid NOT NULL,
	"seat" integer NOT NULL,
	"label" text NOT NULL,
	"acquired_at" timestamp (3) with time zone NOT NULL,
	"released_at" timestamp (3) with time zone,
	CONSTRAINT "booking_seats_booking_id_seat_pk" PRIMARY KEY("booking_id","seat"),
	CONSTRAINT "booking_seats_seat_not_negative" CHECK ("booking_seats"."seat" >= 0)
);
--> statement-breakpoint
CREATE TABLE "bookings" (
	"id" uuid PRIMARY KEY NOT NULL,
	"user_id" uuid NOT NULL,
	"showtime_id" uuid NOT NULL,
	"seat_plan_id" uuid NOT NULL,
	"state" text NOT NULL,
	"version" integer NOT NULL,
	"amount" bigint NOT NULL,
	"currency" text NOT NULL,
	"created_at" timestamp (3) with time zone NOT NULL,
	"expires_at" timestamp (3) with time zone NOT NULL,
	"confirmed_at" timestamp (3) with time zone NOT NULL,
	"cancelled_at" timestamp (3) with time zone,
	"schedule_version" integer NOT NULL,
	"recorded_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "bookings_state_known" CHECK ("bookings"."state" in ('CONFIRMED', 'CANCELLED', 'CONFLICT')),
	CONSTRAINT "bookings_version_positive" CHECK ("bookings"."version" > 0),
	CONSTRAINT "bookings_amount_not_negative" CHECK ("bookings"."amount" >= 0),
	CONSTRAINT "bookings_currency_iso_4217" CHECK ("bookings"."currency" ~ '^[A-Z]{3}$')
);
--> statement-breakpoint
CREATE TABLE "movies" (
	"id" uuid PRIMARY KEY NOT NULL,
	"title" text NOT NULL,
	"description" text NOT NULL,
	"duration_minutes" integer NOT NULL,
	"genre" text NOT NULL,
	"rating" text,
	"poster_url" text,
	"release_date" date,
	"status" text NOT NULL,
	"archived_at" timestamp (3) with time zone,
	"created_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "movies_duration_positive" CHECK ("movies"."duration_minutes" > 0),
	CONSTRAINT "movies_status_known" CHECK ("movies"."status" in ('now_showing', 'coming_soon', 'ended'))
);
--> statement-breakpoint
CREATE TABLE "showtimes" (
	"id" uuid PRIMARY KEY NOT NULL,
	"movie_id" uuid NOT NULL,
	"auditorium_id" uuid NOT NULL,
	"seat_plan_id" uuid NOT NULL,
	"starts_at" timestamp (3) with time zone NOT NULL,
	"ends_at" timestamp (3) with time zone NOT NULL,
	"time_zone" text NOT NULL,
	"prices" jsonb NOT NULL,
	"currency" text NOT NULL,
	"price_version" integer DEFAULT 1 NOT NULL,
	"sales_open_at" timestamp (3) with time zone NOT NULL,
	"sales_close_at" timestamp (3) with time zone NOT NULL,
	"state" text DEFAULT 'open' NOT NULL,
	"showtime_version" integer DEFAULT 1 NOT NULL,
	"schedule_version" integer DEFAULT 1 NOT NULL,
	"redis_epoch" integer DEFAULT 0 NOT NULL,
	"line" integer,
	"created_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "showtimes_end_after_start" CHECK ("showtimes"."ends_at" > "showtimes"."starts_at"),
	CONSTRAINT "showtimes_sales_close_after_open" CHECK ("showtimes"."sales_close_at" >= "showtimes"."sales_open_at"),
	CONSTRAINT "showtimes_currency_iso_4217" CHECK ("showtimes"."currency" ~ '^[A-Z]{3}$'),
	CONSTRAINT "showtimes_state_known" CHECK ("showtimes"."state" in ('open', 'paused', 'closed', 'cancelled'))
);
--> statement-breakpoint
CREATE TABLE "buckets" (
	"bucket" smallint PRIMARY KEY NOT NULL,
	"line" integer DEFAULT 1 NOT NULL,
	"seq" bigint NOT NULL,
	"seen_seq" bigint NOT NULL,
	"recorded_at" timestamp (3) with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
CREATE TABLE "dead_letters" (
	"bucket" smallint NOT NULL,
	"entry_id" text NOT NULL,
	"raw" json NOT NULL,
	"error_code" text NOT NULL,
	"error_message" text NOT NULL,
	"created_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	"resolved_at" timestamp (3) with time zone,
	CONSTRAINT "dead_letters_bucket_entry_id_pk" PRIMARY KEY("bucket","entry_id")
);
--> statement-breakpoint
CREATE TABLE "users" (
	"id" uuid PRIMARY KEY NOT NULL,
	"email" text NOT NULL,
	"password_hash" text NOT NULL,
	"display_name" text NOT NULL,
	"role" text NOT NULL,
	"created_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "users_role_known" CHECK ("users"."role" in ('user', 'admin'))
);
--> statement-breakpoint
ALTER TABLE "seat_plans" ADD CONSTRAINT "seat_plans_auditorium_id_auditoriums_id_fk" FOREIGN KEY ("auditorium_id") REFERENCES "public"."auditoriums"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "booking_seats" ADD CONSTRAINT "booking_seats_booking_id_bookings_id_fk" FOREIGN KEY ("booking_id") REFERENCES "public"."bookings"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "bookings" ADD CONSTRAINT "bookings_user_id_users_id_fk" FOREIGN KEY ("user_id") REFERENCES "public"."users"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "bookings" ADD CONSTRAINT "bookings_showtime_id_showtimes_id_fk" FOREIGN KEY ("showtime_id") REFERENCES "public"."showtimes"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "showtimes" ADD CONSTRAINT "showtimes_movie_id_movies_id_fk" FOREIGN KEY ("movie_id") REFERENCES "public"."movies"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "showtimes" ADD CONSTRAINT "showtimes_auditorium_id_auditoriums_id_fk" FOREIGN KEY ("auditorium_id") REFERENCES "public"."auditoriums"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "showtimes" ADD CONSTRAINT "showtimes_seat_plan_id_seat_plans_id_fk" FOREIGN KEY ("seat_plan_id") REFERENCES "public"."seat_plans"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "seat_plans_by_auditorium" ON "seat_plans" USING btree ("auditorium_id");--> statement-breakpoint
CREATE UNIQUE INDEX "booking_seats_one_active_owner" ON "booking_seats" USING btree ("showtime_id","seat") WHERE "booking_seats"."released_at" is null;--> statement-breakpoint
CREATE INDEX "bookings_by_user" ON "bookings" USING btree ("user_id","id" DESC NULLS LAST);--> statement-breakpoint
CREATE INDEX "bookings_by_showtime" ON "bookings" USING btree ("showtime_id");--> statement-breakpoint
CREATE INDEX "movies_by_title" ON "movies" USING btree ("title","id") WHERE "movies"."archived_at" is null;--> statement-breakpoint
CREATE INDEX "showtimes_by_start" ON "showtimes" USING btree ("starts_at","id");--> statement-breakpoint
CREATE INDEX "showtimes_by_movie" ON "showtimes" USING btree ("movie_id","starts_at","id");--> statement-breakpoint
CREATE INDEX "showtimes_by_auditorium" ON "showtimes" USING btree ("auditorium_id","starts_at");--> statement-breakpoint
CREATE INDEX "dead_letters_by_time" ON "dead_letters" USING btree ("created_at");--> statement-breakpoint
CREATE UNIQUE INDEX "users_email_key" ON "users" USING btree (lower("email"));