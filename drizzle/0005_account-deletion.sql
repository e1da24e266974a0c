ALTER TABLE "users" ALTER COLUMN "email" DROP NOT NULL;--> statement-breakpoint
ALTER TABLE "users" ALTER COLUMN "password_hash" DROP NOT NULL;--> statement-breakpoint
ALTER TABLE "users" ALTER COLUMN "display_name" DROP NOT NULL;--> statement-breakpoint
ALTER TABLE "users" ADD COLUMN "deletion_started_at" timestamp (3) with time zone;--> statement-breakpoint
ALTER TABLE "users" ADD CONSTRAINT "users_anonymous_whole" CHECK (num_nulls("users"."email", "users"."password_hash", "users"."display_name") in (0, 3));--> statement-breakpoint
ALTER TABLE "users" ADD CONSTRAINT "users_anonymous_only_by_deletion" CHECK ("users"."email" is not null or "users"."deletion_started_at" is not null);--> statement-breakpoint
CREATE FUNCTION "refuse_deletion_of_users"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	RAISE EXCEPTION 'users are never deleted: bookings name them. Delete an account with npm run users:delete'
		USING ERRCODE = 'restrict_violation';
END
$$;--> statement-breakpoint
CREATE TRIGGER "users_are_kept" BEFORE DELETE OR TRUNCATE ON "users" FOR EACH STATEMENT EXECUTE FUNCTION "refuse_deletion_of_users"();
