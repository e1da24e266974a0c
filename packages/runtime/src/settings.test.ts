import { describe, expect, it } from "vitest";
import { readSettings, SettingsError } from "./settings.ts";

const PORT = { env: "PORT", default: 4000, min: 0, max: 65_535 };
const readPort = (port: string | undefined): number => readSettings({ PORT: port }, (env) => env.integer(PORT));

describe("readSettings", () => {
	it("accepts an integer within its bounds, and rejects every other text", () => {
		expect([undefined, "", "0", "65535"].map(readPort)).toEqual([4000, 4000, 0, 65_535]);
		for (const bad of ["-1", "65536", "4000.5", "4e3", "0x10", " 80", "many", "9999999999999999"]) {
			expect(() => readPort(bad)).toThrow(`PORT is ${JSON.stringify(bad)}; it must be an integer from 0 to 65535`);
		}
	});

	it("requires a secret, and rejects one that is too short", () => {
		const read = (secret?: string) => readSettings({ JWT_SECRET: secret }, (env) => env.secret("JWT_SECRET", 32));
		expect(read("s".repeat(32))).toBe("s".repeat(32));
		expect(() => read("s".repeat(31))).toThrow("JWT_SECRET is required and must have at least 32 characters");
		expect(() => read()).toThrow(SettingsError);
	});

	it("accepts a listed choice or an unset variable, and rejects every other text", () => {
		const read = (level?: string) => readSettings({ LEVEL: level }, (env) => env.choice("LEVEL", ["low", "high"]));
		expect([undefined, "", "low", "high"].map(read)).toEqual([undefined, undefined, "low", "high"]);
		for (const bad of ["LOW", " low", "1"]) expect(() => read(bad)).toThrow(`LEVEL is ${JSON.stringify(bad)}; it must be low or high`);
	});

	it("reports every error at once", () => {
		const read = () => readSettings({ PORT: "x" }, (env) => [env.text("DATABASE_URL"), env.text("LOG_LEVEL", "info"), env.integer(PORT)]);
		expect(read).toThrow(/DATABASE_URL is required\nPORT is "x"/);
	});
});
