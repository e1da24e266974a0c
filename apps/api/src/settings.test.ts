import { DEFAULT_LIMITS, LIMIT_SPECS } from "@holdfast/domain";
import { describe, expect, it } from "vitest";
import { readApiSettings } from "./settings.ts";

const REQUIRED = { DATABASE_URL: "postgres://db/holdfast", REDIS_URL: "redis://cache", JWT_SECRET: "x".repeat(32) };

describe("settings", () => {
	it("need two addresses and a secret; the rest has defaults, loopback only", () => {
		expect(readApiSettings(REQUIRED)).toEqual({
			databaseUrl: "postgres://db/holdfast",
			redisUrl: "redis://cache",
			jwtSecret: "x".repeat(32),
			host: "127.0.0.1",
			port: 4000,
			logLevel: "info",
			workers: 1,
			limits: DEFAULT_LIMITS,
			inFlightMax: 25_000,
			quarantineMs: null,
			durability: { ackLevel: undefined, acceptsLoss: false },
		});
	});

	it("name everything that is missing at once, and have no default secret", () => {
		expect(() => readApiSettings({})).toThrow(/DATABASE_URL.*REDIS_URL.*JWT_SECRET/s);
		expect(() => readApiSettings({ ...REQUIRED, JWT_SECRET: "x".repeat(31) })).toThrow(/JWT_SECRET.*32/);
	});

	it("take the level of acknowledgement and the acceptance of loss by their exact words", () => {
		const read = (env: Record<string, string>) => readApiSettings({ ...REQUIRED, ...env }).durability;
		expect(read({ ACK_LEVEL: "replica", I_ACCEPT_LOSING_CONFIRMED_BOOKINGS: "true" })).toEqual({ ackLevel: "replica", acceptsLoss: true });
		expect(read({ ACK_LEVEL: "local", I_ACCEPT_LOSING_CONFIRMED_BOOKINGS: "false" })).toEqual({ ackLevel: "local", acceptsLoss: false });
		expect(() => read({ ACK_LEVEL: "recorded" })).toThrow('ACK_LEVEL is "recorded"; it must be local or replica');
		expect(() => read({ I_ACCEPT_LOSING_CONFIRMED_BOOKINGS: "yes" })).toThrow(/I_ACCEPT_LOSING_CONFIRMED_BOOKINGS is "yes"/);
	});

	it.each(Object.entries(LIMIT_SPECS))("read the limit %s from its variable, bounds included", (name, { env, min, max }) => {
		for (const value of [min, max]) expect(readApiSettings({ ...REQUIRED, [env]: String(value) }).limits).toMatchObject({ [name]: value });
		for (const value of [min - 1, max + 1]) expect(() => readApiSettings({ ...REQUIRED, [env]: String(value) })).toThrow(env);
	});
});
