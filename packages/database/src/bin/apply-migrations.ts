/** Brings the tables of DATABASE_URL up to the newest migration. Safe to run twice, and at the same time as another. */
import { readSettings } from "@holdfast/runtime";
import { migrateDatabase } from "../migrate-database.ts";

await migrateDatabase(readSettings(process.env, (env) => env.text("DATABASE_URL")));
console.log("migrations: all applied");
