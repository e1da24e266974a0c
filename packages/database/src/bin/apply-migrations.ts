/** Applies all missing migrations to the database of DATABASE_URL. Safe to run twice, and concurrently with another run. */
import { readSettings } from "@holdfast/runtime";
import { migrateDatabase } from "../migrate-database.ts";

await migrateDatabase(readSettings(process.env, (env) => env.text("DATABASE_URL")));
console.log("migrations: all applied");
