CREATE TABLE "refresh_families" (
	"id" uuid PRIMARY KEY NOT NULL,
	"user_id" uuid NOT NULL,
	"token_hash" text NOT NULL,
	"previous_hash" text,
	"successor_salt" text,
	"rotated_at" timestamp (3) with time zone,
	"created_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	"expires_at" timestamp (3) with time zone NOT NULL,
	"ends_at" timestamp (3) with time zone NOT NULL,
	CONSTRAINT "refresh_families_rotated_whole" CHECK (num_nulls("refresh_families"."previous_hash", "refresh_families"."successor_salt", "refresh_families"."rotated_at") in (0, 3))
);
--> statement-breakpoint
ALTER TABLE "refresh_families" ADD CONSTRAINT "refresh_families_user_id_users_id_fk" FOREIGN KEY ("user_id") REFERENCES "public"."users"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "refresh_families_by_user" ON "refresh_families" USING btree ("user_id","created_at");--> statement-breakpoint
CREATE INDEX "refresh_families_by_expiry" ON "refresh_families" USING btree ("expires_at");