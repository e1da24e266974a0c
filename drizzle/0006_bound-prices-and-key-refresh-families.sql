ALTER TABLE "bookings" DROP CONSTRAINT "bookings_amount_not_negative";--> statement-breakpoint
ALTER TABLE "refunds" DROP CONSTRAINT "refunds_amount_not_negative";--> statement-breakpoint
ALTER TABLE "refresh_families" ADD COLUMN "mac_key" text DEFAULT gen_random_uuid()::text || gen_random_uuid()::text NOT NULL;--> statement-breakpoint
ALTER TABLE "refresh_families" ADD COLUMN "generation" integer DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE "bookings" ADD CONSTRAINT "bookings_amount_readable" CHECK ("bookings"."amount" between 0 and 9007199254740991);--> statement-breakpoint
ALTER TABLE "refunds" ADD CONSTRAINT "refunds_amount_readable" CHECK ("refunds"."amount" between 0 and 9007199254740991);--> statement-breakpoint
ALTER TABLE "showtimes" ADD CONSTRAINT "showtimes_prices_bounded" CHECK (jsonb_typeof("showtimes"."prices") = 'object' and not jsonb_path_exists("showtimes"."prices", 'strict $.* ? (!(@.type() == "number" && @ >= 0 && @ <= 999999999999 && @ % 1 == 0))'));