/** Limits on watchers in one process. They are settings of the API. A watcher costs some 20 KB and one write per change. */
export const WATCH_LIMIT_SPECS = {
	watchersMax: { env: "WATCHERS_MAX", default: 10_000, min: 0, max: 100_000 },
	watchersPerShowtimeMax: { env: "WATCHERS_PER_SHOWTIME_MAX", default: 5_000, min: 0, max: 100_000 },
} as const;

/** Watchers from one address. Unset: no limit, because many real clients can share one address. */
export const WATCHERS_PER_ADDRESS_SPEC = { env: "WATCHERS_PER_ADDRESS_MAX", min: 1, max: 100_000 } as const;

/** The value of each limit. `watchersPerAddressMax` null: no limit. */
export type WatchLimits = { readonly [Name in keyof typeof WATCH_LIMIT_SPECS]: number } & { readonly watchersPerAddressMax: number | null };

/** The limits when no setting is given. */
export const DEFAULT_WATCH_LIMITS: WatchLimits = {
	watchersMax: WATCH_LIMIT_SPECS.watchersMax.default,
	watchersPerShowtimeMax: WATCH_LIMIT_SPECS.watchersPerShowtimeMax.default,
	watchersPerAddressMax: null,
};
