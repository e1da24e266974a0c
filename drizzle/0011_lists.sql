DROP INDEX "bookings_by_user";--> statement-breakpoint
DROP INDEX "bookings_by_showtime";--> statement-breakpoint
CREATE INDEX "bookings_not_confirmed" ON "bookings" USING btree ("id") WHERE "bookings"."state" <> 'CONFIRMED';--> statement-breakpoint
CREATE INDEX "bookings_by_amount" ON "bookings" USING btree ("currency","amount");--> statement-breakpoint
CREATE INDEX "refunds_by_state" ON "refunds" USING btree ("state","booking_id");--> statement-breakpoint
CREATE INDEX "refunds_by_showtime" ON "refunds" USING btree ("showtime_id");--> statement-breakpoint
CREATE INDEX "bookings_by_user" ON "bookings" USING btree ("user_id","id");--> statement-breakpoint
CREATE INDEX "bookings_by_showtime" ON "bookings" USING btree ("showtime_id","id");