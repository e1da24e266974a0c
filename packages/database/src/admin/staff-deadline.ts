/**
 * How long a request of staff waits for Postgres, the wait for a connection included. Commands for one auditorium run one after the other,
 * and hundreds may come at once. It is less than the 15 s that clients wait.
 */
export const STAFF_DEADLINE_MS = 10_000;
