import { DEFAULT_LIMITS, LIMIT_SPECS, QUARANTINE_SPEC, SETTLE_LAG_SPEC } from "@holdfast/domain";
import { ANSWER_TIMEOUT_SPEC } from "@holdfast/runtime";
import { describe, expect, it } from "vitest";
import { DRAIN_SPEC, IN_FLIGHT_SPEC, KEEP_ALIVE_SPEC, REQUEST_TIMEOUT_SPEC, readApiSettings } from "./api-settings.ts";
import { DEFAULT_RATES, IP_LIMIT_SPEC, RATE_SPECS } from "./rates.ts";
import { DEFAULT_WATCH_LIMITS, WATCH_LIMIT_SPECS, WATCHERS_PER_ADDRESS_SPEC } from "./showtimes/watch-limits.ts";

const REQUIRED = { DATABASE_URL: "postgres://db/holdfast", REDIS_URL: "redis://cache", JWT_SECRET: "x".repeat(32) };

describe("readApiSettings", () => {
	it("requires two URLs and a secret, and has defaults for everything else, with loopback as host", () => {
		expect(readApiSettings(REQUIRED)).toEqual({
			databaseUrl: "postgres://db/holdfast",
			redisUrl: "redis://cache",
			jwtSecret: "x".repeat(32),
			host: "127.0.0.1",
			port: 4000,
			logLevel: "info",
			workers: 1,
			limits: DEFAULT_LIMITS,
			watchLimits: DEFAULT_WATCH_LIMITS,
			requestTimeoutMs: 30_000,
			answerTimeoutMs: 30_000,
			inFlightMax: 25_000,
			keepAliveMs: 72_000,
			drainMs: 0,
			settleLagMaxMs: 30_000,
			rates: DEFAULT_RATES,
			corsOrigins: [],
			trustProxy: [],
			quarantineMs: null,
			durability: { ackLevel: undefined, acceptsLoss: false },
		});
	});

	it("lists every missing setting at once, and has no default secret", () => {
		expect(() => readApiSettings({})).toThrow(/DATABASE_URL.*REDIS_URL.*JWT_SECRET/s);
		expect(() => readApiSettings({ ...REQUIRED, JWT_SECRET: "x".repeat(31) })).toThrow(/JWT_SECRET.*32/);
	});

	it("accepts only the exact values of ACK_LEVEL and I_ACCEPT_LOSING_CONFIRMED_BOOKINGS", () => {
		const read = (env: Record<string, string>) => readApiSettings({ ...REQUIRED, ...env }).durability;
		expect(read({ ACK_LEVEL: "replica", I_ACCEPT_LOSING_CONFIRMED_BOOKINGS: "true" })).toEqual({ ackLevel: "replica", acceptsLoss: true });
		expect(read({ ACK_LEVEL: "local", I_ACCEPT_LOSING_CONFIRMED_BOOKINGS: "false" })).toEqual({ ackLevel: "local", acceptsLoss: false });
		expect(() => read({ ACK_LEVEL: "recorded" })).toThrow('ACK_LEVEL is "recorded"; it must be local or replica');
		expect(() => read({ I_ACCEPT_LOSING_CONFIRMED_BOOKINGS: "yes" })).toThrow(/I_ACCEPT_LOSING_CONFIRMED_BOOKINGS is "yes"/);
	});

	const NUMBERS = [
		...within("limits", LIMIT_SPECS),
		...within("rates", { ...RATE_SPECS, ipLimit: IP_LIMIT_SPEC }),
		...within("watchLimits", { ...WATCH_LIMIT_SPECS, watchersPerAddressMax: WATCHERS_PER_ADDRESS_SPEC }),
		...within(null, {
			requestTimeoutMs: REQUEST_TIMEOUT_SPEC,
			answerTimeoutMs: ANSWER_TIMEOUT_SPEC,
			inFlightMax: IN_FLIGHT_SPEC,
			quarantineMs: QUARANTINE_SPEC,
		}),
		...within(null, { keepAliveMs: KEEP_ALIVE_SPEC, drainMs: DRAIN_SPEC, settleLagMaxMs: SETTLE_LAG_SPEC }),
	];

	it.each(NUMBERS)("reads $name from $env and accepts its bounds but nothing beyond them", ({ name, group, env, min, max }) => {
		const read = (value: number) => readApiSettings({ ...REQUIRED, [env]: String(value) });
		for (const value of [min, max]) expect(read(value)).toMatchObject(group === null ? { [name]: value } : { [group]: { [name]: value } });
		for (const value of [min - 1, max + 1]) expect(() => read(value)).toThrow(env);
	});

	it("has the documented default rates: 60 sign-ins and 300 refreshes per minute and address, 10 sign-ins per minute and account, 5 per second and user, bursts of 100", () => {
		expect(DEFAULT_RATES).toEqual({
			authPerAddress: 60,
			refreshPerAddress: 300,
			authPerAccount: 10,
			userRate: 5,
			userBurst: 100,
			ipLimit: null,
		});
	});

	it("accepts origins exactly as browsers send them, and no asterisk", () => {
		const read = (text: string) => readApiSettings({ ...REQUIRED, CORS_ORIGINS: text }).corsOrigins;
		expect(read("https://shop.example, http://localhost:3000")).toEqual(["https://shop.example", "http://localhost:3000"]);
		for (const invalid of [
			"*",
			"null",
			"shop.example",
			"https://shop.example/",
			"https://Shop.example",
			"https://shop.example:443",
			"ftp://shop.example",
		])
			expect(() => read(invalid)).toThrow(`CORS_ORIGINS has ${JSON.stringify(invalid)}`);
	});

	it("accepts proxies by address, subnet or name, but neither every address nor a number of hops", () => {
		const read = (text: string) => readApiSettings({ ...REQUIRED, TRUST_PROXY: text }).trustProxy;
		expect(read("10.0.0.1,10.1.0.0/16 , fd00::/8,loopback")).toEqual(["10.0.0.1", "10.1.0.0/16", "fd00::/8", "loopback"]);
		for (const invalid of ["true", "1", "0.0.0.0/0", "::/0", "10.0.0.0/33", "proxy.example", "10.0.0.0/255.0.0.0"])
			expect(() => read(invalid)).toThrow(`TRUST_PROXY has ${JSON.stringify(invalid)}`);
	});
});

type Spec = { readonly env: string; readonly min: number; readonly max: number };

function within(group: string | null, specs: Readonly<Record<string, Spec>>) {
	return Object.entries(specs).map(([name, { env, min, max }]) => ({ name, group, env, min, max }));
}
