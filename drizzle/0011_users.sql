ALTER TABLE "users" ADD COLUMN "search_name" text GENERATED ALWAYS AS (replace(replace(replace(translate(lower(
	regexp_replace(normalize(display_name, NFKD), '[\u0300-\u036f]', '', 'g')), 'øłđðı', 'olddi'), 'ß', 'ss'), 'æ', 'ae'), 'œ', 'oe')) STORED;--> statement-breakpoint
ALTER TABLE "users" ADD COLUMN "blocked_at" timestamp (3) with time zone;--> statement-breakpoint
ALTER TABLE "users" ADD COLUMN "version" integer DEFAULT 1 NOT NULL;--> statement-breakpoint
CREATE INDEX "users_by_email" ON "users" USING btree (lower("email") collate "C");--> statement-breakpoint
CREATE INDEX "users_by_search_name" ON "users" USING gin ("search_name" gin_trgm_ops);--> statement-breakpoint
ALTER TABLE "users" ADD CONSTRAINT "users_version_positive" CHECK ("users"."version" > 0);