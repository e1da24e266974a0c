/** Values for the examples of the OpenAPI document. All examples describe the same booking of one showtime. */

/** Ids in the examples, by the kind of resource. */
export const EXAMPLE_IDS = {
	user: "0199d3a0-5b1c-7c11-9d2e-3f4a5b6c7d8e",
	movie: "0199d3a0-0a10-7a3b-8c4d-5e6f7a8b9c0d",
	auditorium: "0199d3a0-0a11-7b2c-9d3e-4f5a6b7c8d9e",
	plan: "0199d3a0-0a12-7c1d-8e2f-3a4b5c6d7e8f",
	showtime: "0199d3a0-0a13-7d0e-9f1a-2b3c4d5e6f05",
	booking: "0199d3a1-8c20-7e9f-8a0b-1c2d3e4f5a05",
	auditEvent: "0199d3a2-1d40-7b6c-8a1e-9f0b1c2d3e4f",
	deadLetter: "0199d3a2-2e51-7c7d-9b2f-0a1c2d3e4f50",
	notice: "0199d3a2-3f62-7d8e-8c3a-1b2d3e4f5a61",
	request: "5f0c2a64-1b7e-4c55-9f0e-2d8a7c6b4e31",
} as const;

/** Instants in the examples, by the event. */
export const EXAMPLE_TIMES = {
	released: "1949-09-02",
	registered: "2026-11-01T09:12:44.018Z",
	salesOpen: "2026-11-15T09:00:00.000Z",
	held: "2026-11-22T17:40:03.512Z",
	confirmed: "2026-11-22T17:42:31.904Z",
	expires: "2026-11-22T17:47:03.512Z",
	starts: "2026-11-22T19:15:00.000Z",
	ends: "2026-11-22T20:59:00.000Z",
	free: "2026-11-22T21:19:00.000Z",
} as const;

/** Labels of the seats in the examples. */
export const EXAMPLE_SEATS = ["E5", "E6"] as const;

/** Cursors in the examples, by the kind of list. */
export const EXAMPLE_CURSORS = {
	movies: "WyJUaGUgVGhpcmQgTWFuIiwiMDE5OWQzYTAtMGExMC03YTNiLThjNGQtNWU2ZjdhOGI5YzBkIl0",
	auditoriums: "WyJIYWxsIDEiLCIwMTk5ZDNhMC0wYTExLTdiMmMtOWQzZS00ZjVhNmI3YzhkOWUiXQ",
	plans: "WyIxNzkzNTI0MzY0MDE4IiwiMDE5OWQzYTAtMGExMi03YzFkLThlMmYtM2E0YjVjNmQ3ZThmIl0",
	showtimes: "WyIxNzk1Mzc0OTAwMDAwIiwiMDE5OWQzYTAtMGExMy03ZDBlLTlmMWEtMmIzYzRkNWU2ZjA1Il0",
	users: "WyJhZGFAZXhhbXBsZS5jb20iLCIwMTk5ZDNhMC01YjFjLTdjMTEtOWQyZS0zZjRhNWI2YzdkOGUiXQ",
	bookings: EXAMPLE_IDS.booking,
	auditEvents: EXAMPLE_IDS.auditEvent,
	notices: EXAMPLE_IDS.notice,
	refunds: "WyIxNzk1MzcwOTUxOTA0IiwiMDE5OWQzYTEtOGMyMC03ZTlmLThhMGItMWMyZDNlNGY1YTA1Il0",
	adminBookings: "WyJib29raW5ncyIsIjAxOTlkM2ExLThjMjAtN2U5Zi04YTBiLTFjMmQzZTRmNWEwNSJd",
	statistics: "WyJkYXk6MjAyNi0xMS0yMiIsIjIwMjYtMTEtMjIiXQ",
} as const;
