/**
 * Puts the demo catalogue into DATABASE_URL, and the admin ADMIN_EMAIL with ADMIN_PASSWORD when both are given. Safe to
 * run again: it adds what is missing, such as the showtimes of a day that has come nearer.
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
const say = (line: string): void => console.log(line);

const database = createDatabase({ url: settings.url, poolMax: 2, applicationName: "holdfast-seed" });
try {
	await seedDemo(database, { nowMs: Date.now(), onProgress: say });
	const { adminEmail: email, adminPassword: password } = settings;
	if (email !== "" && password !== "") {
		const { outcome } = await ensureAdmin(database, { email, password });
		if (outcome === "not_admin") throw new Error(`${email} is an ordinary user; choose another ADMIN_EMAIL`);
		say(`admin: ${email} ${outcome.replace("_", " ")}`);
	}
} finally {
	await database.close();
}
