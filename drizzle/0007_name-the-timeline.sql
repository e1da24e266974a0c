ALTER TABLE "buckets" RENAME COLUMN "line" TO "timeline";--> statement-breakpoint
ALTER TABLE "buckets" RENAME COLUMN "line_started_at" TO "timeline_started_at";--> statement-breakpoint
ALTER TABLE "losses" RENAME COLUMN "line" TO "timeline";--> statement-breakpoint
ALTER TABLE "losses" RENAME CONSTRAINT "losses_bucket_line_pk" TO "losses_bucket_timeline_pk";--> statement-breakpoint
ALTER TABLE "showtimes" RENAME COLUMN "line" TO "timeline";
