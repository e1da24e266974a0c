/** What every process needs: settings, logs, metrics, workers, shutdown, retries and limits. Nothing here is about bookings. */
export * from "./assert.ts";
export * from "./back-off.ts";
export * from "./guard-connections.ts";
export * from "./limit-concurrency.ts";
export * from "./logger.ts";
export * from "./password.ts";
export * from "./prometheus-metrics.ts";
export * from "./run-workers.ts";
export * from "./settings.ts";
export * from "./shutdown.ts";
export * from "./single-flight.ts";
export * from "./with-deadline.ts";
export * from "./worker-metrics.ts";
