ALTER TABLE "booking_seats" ADD COLUMN "amount" bigint;--> statement-breakpoint
-- Of older bookings only the whole is known: it is divided evenly, and the first seats take what is left over.
UPDATE "booking_seats" SET "amount" = divided."amount" FROM (
	SELECT seats."booking_id", seats."seat", bookings."amount" / count(*) OVER booking
		+ (row_number() OVER (booking ORDER BY seats."seat") <= bookings."amount" % count(*) OVER booking)::integer AS "amount"
	FROM "booking_seats" seats JOIN "bookings" ON bookings."id" = seats."booking_id"
	WINDOW booking AS (PARTITION BY seats."booking_id")
) divided WHERE "booking_seats"."booking_id" = divided."booking_id" AND "booking_seats"."seat" = divided."seat";--> statement-breakpoint
ALTER TABLE "booking_seats" ALTER COLUMN "amount" SET NOT NULL;--> statement-breakpoint
ALTER TABLE "booking_seats" ADD CONSTRAINT "booking_seats_amount_readable" CHECK ("booking_seats"."amount" between 0 and 9007199254740991);
