CREATE EXTENSION IF NOT EXISTS pg_trgm;--> statement-breakpoint
ALTER TABLE "movies" ADD COLUMN "search_title" text GENERATED ALWAYS AS (replace(replace(replace(translate(lower(
	regexp_replace(normalize(title, NFKD), '[\u0300-\u036f]', '', 'g')), 'øłđðı', 'olddi'), 'ß', 'ss'), 'æ', 'ae'), 'œ', 'oe')) STORED NOT NULL;--> statement-breakpoint
CREATE INDEX "movies_by_search_title" ON "movies" USING gin ("search_title" gin_trgm_ops) WHERE "movies"."archived_at" is null;