/** How many may watch seats in one process: settings of the API. A watcher costs its process some 20 KB, and a write for each change. */
export const WATCH_LIMIT_SPECS = {
	watchersMax: { env: "WATCHERS_MAX", default: 10_000, min: 0, max: 100_000 },
	watchersPerShowtimeMax: { env: "WATCHERS_PER_SHOWTIME_MAX", default: 5_000, min: 0, max: 100_000 },
} as const;

/** Of them, from one address. Unset: no limit. A hall full of people behind one address watches, too. */
export const WATCHERS_PER_ADDRESS_SPEC = { env: "WATCHERS_PER_ADDRESS_MAX", min: 1, max: 100_000 } as const;

export type WatchLimits = { readonly [Name in keyof typeof WATCH_LIMIT_SPECS]: number } & { readonly watchersPerAddressMax: number | null };

/** The limits as they stand with nothing set. */
export const DEFAULT_WATCH_LIMITS: WatchLimits = {
	watchersMax: WATCH_LIMIT_SPECS.watchersMax.default,
	watchersPerShowtimeMax: WATCH_LIMIT_SPECS.watchersPerShowtimeMax.default,
	watchersPerAddressMax: null,
};
