/**
 * Adds the demo catalogue to the database of DATABASE_URL, and an admin with ADMIN_EMAIL and ADMIN_PASSWORD when both are set. Safe to run
 * again: it adds only missing rows, such as the showtimes of new days in the coming week.
 */
import { readSettings } from "@holdfast/runtime";
import { createDatabase } from "../create-database.ts";
import { seedDemo } from "../seed/seed-demo.ts";
import { ensureAdmin } from "../users/ensure-admin.ts";

const settings = readSettings(process.env, (env) => ({
	url: env.text("DATABASE_URL"),
	adminEmail: env.text("ADMIN_EMAIL", ""),
	adminPassword: env.text("ADMIN_PASSWORD", ""),
}));
const print = (line: string): void => console.log(line);

const database = createDatabase({ url: settings.url, poolMax: 2, applicationName: "holdfast-seed" });
try {
	await seedDemo(database, { nowMs: Date.now(), onProgress: print });
	const { adminEmail: email, adminPassword: password } = settings;
	if (email !== "" && password !== "") {
		const { outcome } = await ensureAdmin(database, { email, password });
		if (outcome === "not_admin")
			throw new Error(`the admin was not created: ${email} is already a regular user; choose another ADMIN_EMAIL`);
		print(`admin: ${email} ${outcome.replace("_", " ")}`);
	}
} finally {
	await database.close();
}
