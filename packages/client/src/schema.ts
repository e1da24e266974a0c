/** The types of the API, generated from openapi.json by `npm run build`. Do not edit. */

export interface paths {
    "/livez": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Check whether the process is alive
         * @description Answers 200 while the event loop of the process runs. Redis and Postgres are not checked, because a restart of this process would not repair them. Meant for supervisors that restart a process that hangs.
         */
        get: operations["showLiveness"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/readyz": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Check whether the process accepts new requests
         * @description Answers 200 until the process receives SIGTERM. The process then answers 503, and stops listening `DRAIN_MS` later. Redis and Postgres are not checked: all processes share them, so taking one process out of the load balancer would not help.
         */
        get: operations["showReadiness"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/health": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Check whether bookings work
         * @description Checks every component that bookings need. The answer reflects a failure or a recovery of a component within 2 s. Meant for load balancers: 200 means that this deployment can serve users, 503 that it cannot.
         */
        get: operations["showHealth"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/auth/register": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Register
         * @description Creates a user and opens a session. The answer takes about a quarter of a second. If the server is at capacity, the answer is `busy`. After `outcome_unknown` or no answer, the same request can be sent again. If the repeat is answered `email_taken`, the e-mail address has an account, probably from the first request: sign in with the same password. If that is answered `invalid_credentials`, the account existed before.
         */
        post: operations["register"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/auth/login": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Sign in
         * @description Opens a session. A wrong password and an unknown e-mail address are answered alike. After `outcome_unknown` or no answer, the same request can be sent again: a session that the first request may have opened is never used, and expires.
         */
        post: operations["logIn"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/auth/refresh": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Exchange a refresh token for a new session
         * @description Exchanges a refresh token for a new session. Each refresh token can be used once, except to repeat a lost refresh. If there is no answer after 4 s, or the answer is `outcome_unknown`, send the same refresh token again. The server answers with the same new refresh token as in the lost answer for 10 s, counted from when it processed the first request. Any other second use (later, or after the new refresh token was used) counts as theft: the session ends on all sides, and the answer is 401. An app that was suspended during a refresh sends the same refresh token again when it wakes up: if the server processed the first request more than 10 s ago, the answer is 401. After 429, `unavailable` and `overloaded` the refresh token is still good: the refused request did not use it. A 401 of this route is final: do not refresh again, ask the user to sign in.
         */
        post: operations["refreshSession"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/auth/logout": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Sign out
         * @description Ends the session of the access token: all its tokens become invalid within a second. Other sessions of the user remain. Sign out in the app at once, but keep both tokens until this route has answered. After no answer or a retryable one, repeat the request for up to 30 s. After a 401, refresh once and repeat the request with the new access token; a second 401, also one of the refresh, means that the session has ended. Then delete both tokens; after 30 s, delete them in any case. Send no body, or `{}`.
         */
        post: operations["logOut"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/auth/me": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Read the signed-in user
         * @description Returns the current data of the signed-in user.
         */
        get: operations["showMe"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/movies": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List movies
         * @description Lists movies in the order of their titles, compared by Unicode code points: É follows Z. Filter by `status`, or by part of the title with `q`.
         */
        get: operations["listMovies"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/movies/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Read one movie
         * @description Returns the catalogue entry of the movie.
         */
        get: operations["showMovie"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/movies/{movieId}/showtimes": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List upcoming showtimes of a movie
         * @description Lists the showtimes of the movie that have not started, earliest first, without cancelled ones. `closed` and `paused` showtimes are listed. Filter by day with `date`. An unknown movie is answered 404; `GET /api/v1/showtimes?movieId=` answers an empty page instead.
         */
        get: operations["listShowtimesOfMovie"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/showtimes": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List upcoming showtimes
         * @description Lists the showtimes that have not started, earliest first, without cancelled ones. `closed` and `paused` showtimes are listed. Seats can be held while `sales` is `open`. Filter by movie with `movieId` and by day with `date`.
         */
        get: operations["listShowtimes"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/showtimes/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Read one showtime
         * @description Returns the showtime and the number of its seats in each current status.
         */
        get: operations["showShowtime"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/showtimes/{showtimeId}/seats": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Read the seats of a showtime
         * @description Returns every seat with its current status, row by row, with labels, prices and counts. With an access token, seats that the user holds or has bought have `mine: true`. Without a token no seat is marked. An invalid or expired token is answered 401: refresh the session, or send the request without a token. `view=status` returns one letter per seat instead, the same for all users. The seat plan (`GET /api/v1/plans/{id}` of the `planId` in that answer) says which seat each letter belongs to. Once the showtime is over and its live seats are deleted, the answer is `showtime_closed`.
         */
        get: operations["showSeatMatrix"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/plans/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Read a seat plan
         * @description Returns rows, gaps, tiers and kinds of seats. A seat plan never changes: a new layout gets a new id. `view=status` and the seat stream identify seats by their index in this plan. Send `Accept-Encoding: gzip` or `zstd`, as browsers and most HTTP libraries do by themselves: a large plan is then 20 to 50 times smaller.
         */
        get: operations["showSeatPlan"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/showtimes/{showtimeId}/seats/stream": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Stream the seats of a showtime
         * @description Streams each change of a seat as Server-Sent Events. Seats are identified by their index in the seat plan
         *     (`GET /api/v1/plans/{id}`), and statuses by the letters of `view=status`. Changes of prices and of the `state` of the
         *     showtime are not sent: to learn of them, read the showtime again.
         *
         *     How to use it:
         *
         *     1. Read `GET /api/v1/showtimes/{showtimeId}/seats?view=status`.
         *     2. Open the stream with `since` set to the `version` of that answer.
         *     3. An event without a name is a `SeatDelta`. If its `version` is greater than the version of your statuses, set each
         *        listed seat to the given status and store its `version` as yours. Otherwise ignore the event. Versions may skip
         *        numbers, because several changes are combined into one event.
         *     4. An event named `reset` is a `SeatReset`: read `view=status` again. If the statuses that you read have a lower version
         *        than the event, read them again. If the read fails, repeat it: a new connection does not repeat the reset. Queue
         *        events while you read; afterwards apply those whose version is greater than that of the statuses read. The server
         *        sends a reset if you sent neither `since` nor `Last-Event-ID`, if your version is too old, or after a recovery of the
         *        server.
         *
         *     After a disconnect, wait for the time of the `retry` field (1 to 5 s), then connect again with the `id` of the last
         *     event as `Last-Event-ID`, which takes precedence over `since`. Before the first event there is no `id`: send `since`
         *     again. A browser's `EventSource` does this by itself, but does not retry after a status other than 200. The server sends
         *     a comment line every 15 s: after 45 s without a byte, reconnect. The server disconnects a client that reads too slowly;
         *     the client can connect again. The server also ends its streams when it restarts, and may end them once the showtime is
         *     over or cancelled; a new connection then gets 409. When a hold expires, its seats are sent as available within half a
         *     second.
         *
         *     If the stream cannot be opened (503, or 429 where the operator limits the streams of one IP address), poll `view=status`
         *     with `If-None-Match` every 3 s meanwhile, and try the stream again after `Retry-After`. Stop after 404 or 409: the
         *     showtime does not exist, is over or was cancelled.
         */
        get: operations["streamSeats"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/bookings": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List the bookings of the signed-in user
         * @description Lists the bookings of the signed-in user, newest first. Holds that expired or were released are in the list until an hour after their `expiresAt`. A booking has only the id of its showtime: read `GET /api/v1/bookings/{id}` for the movie and the time. A page can have fewer items than `limit` even if more follow: continue until `nextCursor` is null. A booking that cannot be read because of a server error is left out of the list.
         */
        get: operations["listBookings"];
        put?: never;
        /**
         * Hold seats of a showtime
         * @description Holds all of the requested seats or none. The booking is `pending` until it is confirmed or released, or expires. Seats can be held while `sales` of the showtime is `open`. Otherwise the answer is `not_on_sale`, with `salesOpenAt` if sales have not opened yet, and with `Retry-After` if they open within the hour; if `state` is `closed`, and from `endsAt` on, it is `showtime_closed`; if the showtime is cancelled, `showtime_cancelled`. A user can place a limited number of holds within an hour (100 by default); released and expired ones count. Above that limit the answer is 429, and `Retry-After` says when the next hold is possible: up to an hour later.
         */
        post: operations["placeHold"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/bookings/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Read one booking of the signed-in user
         * @description Returns the booking with its showtime. An expired or released hold can be read until an hour after its `expiresAt`. A request for another user's booking gets the same 404 as a request for one that does not exist.
         */
        get: operations["showBooking"];
        put?: never;
        post?: never;
        /**
         * Release a hold or cancel a booking
         * @description Releases a hold, or cancels a confirmed booking before its showtime starts. The seats are free at once. A cancelled booking can still be read; a released hold can be read until an hour after its `expiresAt`. The repeat of a request that succeeded is answered 200, while the booking has not changed in between. If the repeat is answered otherwise, `GET /api/v1/bookings/{id}` shows the outcome. An expired hold remains `expired`, and the answer is 200 as well: read `status`. To release only a hold, send `If-Match`: otherwise a booking confirmed meanwhile is cancelled. `showtime_closed` is answered only for a hold whose showtime is over and whose live seats are deleted: the hold expires by itself. Send no body, or `{}`.
         */
        delete: operations["cancelBooking"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/bookings/{id}/confirm": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Confirm a hold
         * @description Confirms a hold: all of its seats are sold to the user. A hold can be confirmed until its `expiresAt`, also while the showtime is paused or closed, or after `salesCloseAt`. `showtime_closed` is answered only if the showtime is over and its live seats are deleted: the hold can no longer be confirmed. The repeat of a confirm that succeeded is answered 200 also after `expiresAt`, while the booking has not changed in between. If the repeat is answered otherwise, `GET /api/v1/bookings/{id}` shows the outcome. Send no body, or `{}`.
         */
        post: operations["confirmBooking"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/admin/movies": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List movies, archived ones included
         * @description Lists movies in the order of their titles. Without `archived`, both the movies of the catalogue and the archived ones.
         */
        get: operations["listAdminMovies"];
        put?: never;
        /**
         * Add a movie
         * @description Adds a movie to the catalogue. Two movies may have the same title. A repeat adds another movie.
         */
        post: operations["createMovie"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/admin/movies/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Read one movie, also an archived one
         * @description Returns the movie with its version.
         */
        get: operations["showAdminMovie"];
        /**
         * Change a movie
         * @description Changes the fields that the body has. If every field has its value already, the answer is 200 and the version stays. A new `durationMinutes` counts for showtimes that are scheduled later. `archived: false` brings an archived movie back.
         */
        put: operations["updateMovie"];
        post?: never;
        /**
         * Archive a movie
         * @description Takes the movie out of the catalogue and cancels its showtimes to come, unless a customer holds or has bought a seat of one: then nothing is cancelled, and the answer is 409 with counts. Sales of these showtimes pause while they are counted. A repeat is answered 200 and changes nothing. `PUT` with `archived: false` brings the movie back, without its showtimes.
         */
        delete: operations["archiveMovie"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/admin/audit": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List the audit trail
         * @description Lists what staff changed, newest first: one entry per command and target, and none for a command that changed nothing. All filters must match. A malformed id is answered 400, an unknown one with an empty page. In a query, `+` of a time zone is written `%2B`. Entries are never changed or deleted.
         */
        get: operations["listAuditEvents"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/admin/auditoriums": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List auditoriums, archived ones included
         * @description Lists auditoriums in the order of their names. Without `archived`, both those in use and the archived ones.
         */
        get: operations["listAuditoriums"];
        put?: never;
        /**
         * Add an auditorium
         * @description Adds an auditorium without a seat plan. Two auditoriums may have the same name. A repeat adds another auditorium.
         */
        post: operations["createAuditorium"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/admin/auditoriums/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Read one auditorium, also an archived one
         * @description Returns the auditorium with its version.
         */
        get: operations["showAuditorium"];
        /**
         * Change an auditorium
         * @description Changes the fields that the body has. If every field has its value already, the answer is 200 and the version stays. Showtimes that exist keep their times, prices and blocked seats. `archived: false` brings an archived auditorium back.
         */
        put: operations["updateAuditorium"];
        post?: never;
        /**
         * Archive an auditorium
         * @description Takes the auditorium out of use: no showtime can be scheduled in it. Its plans, and its past showtimes with their bookings, stay. Refused while showtimes are to come. A repeat is answered 200 and changes nothing. `PUT` with `archived: false` brings it back.
         */
        delete: operations["archiveAuditorium"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/admin/auditoriums/{id}/plans": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List the seat plans of an auditorium
         * @description Lists plans without their rows, newest first. At most one of them is current; an auditorium without plans has none.
         */
        get: operations["listSeatPlans"];
        put?: never;
        /**
         * Add a seat plan to an auditorium
         * @description Adds a plan, as our own layout or as a seating plan of pretix. The first plan of an auditorium becomes its current plan; make a later one current with `PUT`. A plan never changes: to edit one, add another. All errors of a plan are listed. A value of the wrong type is a malformed request, of which only the first is listed. A repeat adds another plan. With `dryRun=true` nothing is stored.
         */
        post: operations["createSeatPlan"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/admin/plans/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Read one seat plan with its rows
         * @description Returns the plan with its version. With `format=pretix` it is a seating plan of pretix and the kinds of its seats: a body that adds the same plan again. Gaps become distances there, so gaps at the end of a row are lost.
         */
        get: operations["showAdminSeatPlan"];
        /**
         * Make a seat plan current, or set its focus
         * @description `isCurrent: true` makes this the plan of showtimes that are scheduled later; the plan that was current until then gets a new version too. Showtimes that exist keep their plan. Refused with 422 while the default prices or blocked seats of the auditorium do not fit the plan: clear them first, and set new ones afterwards. The layout of a plan never changes: add another plan.
         */
        put: operations["updateSeatPlan"];
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/admin/showtimes": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List showtimes, past and cancelled ones included
         * @description Lists showtimes by start, as the ledger has them: a change of terms or seats may be missing for some tenths of a second. Filter by auditorium, movie, state and period.
         */
        get: operations["listAdminShowtimes"];
        put?: never;
        /**
         * Schedule a showtime
         * @description Schedules a showtime in an auditorium that is free from its start to the end of its cleaning. It ends after the running time of the movie and `extraMinutes`. A repeat after a lost answer is answered `showtime_clash` with the showtime of the first request.
         */
        post: operations["createShowtime"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/admin/showtimes/bulk": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Schedule many showtimes
         * @description Schedules a showtime at each of `times` on each day from `from` to `until` that is one of `weekdays` and not in `except`. With `onClash: fail`, if any start cannot be scheduled, none is, and the answer is a problem that lists what is wrong with each. Of a time that a clock change repeats, the first is taken.
         */
        post: operations["scheduleShowtimes"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/admin/showtimes/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Read one showtime with its seats and sales
         * @description Returns the showtime as it is now, also when it is over or cancelled. A read never loads the showtime into the store of live seats.
         */
        get: operations["showAdminShowtime"];
        /**
         * Change the terms of a showtime, or move it
         * @description Changes the terms that the body has, all of them or none. They count for the next hold; holds and bookings keep their prices. If every term has its value already, the answer is 200 and the version stays. `If-Match` compares the version of the terms, the first number of the `ETag`.
         *
         *     With `startsAt` or `localStart` the showtime moves to another time in its auditorium, until it has started; `reason` is required. Sales that ended at the old start end at the new one. Holds and bookings keep their seats, and each buyer sees the old and the new time in the booking. `If-Match` then compares the version of the schedule, the second number. Terms and a move in one body are answered 400.
         */
        put: operations["updateShowtime"];
        post?: never;
        /**
         * Cancel a showtime
         * @description Cancels the showtime for good, until a day after its end. No hold can be placed or confirmed any more; every confirmed booking is cancelled, and what it cost is owed to its buyer. Read the showtime first: `live` and `ledger` say what that concerns. The answer comes when the ledger has the cancel, after 5 s at most; `recorded` says whether it does. A repeat is answered 200 and changes nothing.
         */
        delete: operations["cancelShowtime"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/admin/showtimes/{id}/blocks": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        /**
         * Block or unblock seats
         * @description Takes free seats off sale, or puts blocked seats back on sale: all of the labels or none. A seat that is held or sold cannot be blocked. A seat that is as requested already stays so; if all are, the answer is 200 and the version stays.
         */
        put: operations["blockSeats"];
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
}
export type webhooks = Record<string, never>;
export interface components {
    schemas: {
        /** @description An error as `application/problem+json` (RFC 9457) */
        Problem: {
            /**
             * @description URN that identifies the kind of problem
             * @example urn:problem-type:holdfast:seats_taken
             */
            type: string;
            /**
             * @description Short title in English, the same for every problem of this code
             * @example Seats not available
             */
            title: string;
            /**
             * @description The HTTP status
             * @example 409
             */
            status: number;
            /**
             * @description What happened, whether anything changed, and what to do next; in English, for developers
             * @example The seats listed in `seats` are held, sold or not for sale; a seat that you hold already counts too. This request held no seats; read the seats again and choose others.
             */
            detail: string;
            /**
             * @description Path of the request
             * @example /api/v1/bookings
             */
            instance: string;
            /**
             * @description Stable code of the problem, never renamed: decide by this field. Handle an unknown code by its `status`
             * @enum {string}
             */
            code: "invalid_request" | "unauthenticated" | "invalid_credentials" | "forbidden" | "not_found" | "email_taken" | "seats_taken" | "seat_limit" | "hold_limit" | "not_on_sale" | "showtime_closed" | "showtime_cancelled" | "showtime_started" | "booking_state" | "has_bookings" | "has_showtimes" | "hold_expired" | "showtime_clash" | "version_mismatch" | "payload_too_large" | "unsupported_media_type" | "unknown_seats" | "unknown_reference" | "unknown_tiers" | "currency_mismatch" | "showtime_in_past" | "time_skipped" | "time_ambiguous" | "invalid_window" | "invalid_plan" | "idempotency_mismatch" | "too_many_requests" | "internal" | "recovering" | "busy" | "outcome_unknown" | "overloaded" | "unavailable";
            /**
             * @description Whether to send the same request again automatically after `Retry-After`. False also for errors that can end later, such as `not_on_sale` before the start of sales, and for `internal`
             * @example false
             */
            retryable: boolean;
            /**
             * @description Id of the request, also in `x-request-id`: give it when you report an error
             * @example 5f0c2a64-1b7e-4c55-9f0e-2d8a7c6b4e31
             */
            requestId: string;
            /** @description What is invalid, with `invalid_request` and with some 422. Of a seat plan, all errors, at most 100 of each kind. Of an invalid request, only one of path, query, headers and body is reported at a time: after a correction, further entries can follow. Absent if the request could not be read at all */
            errors?: {
                /**
                 * @description JSON Pointer into the body; empty for the whole body. For other parts of the request it begins with `/path`, `/query` or `/headers`
                 * @example /seats/0
                 */
                pointer: string;
                /**
                 * @description What is wrong with the value, in English, for developers
                 * @example must NOT have fewer than 1 characters
                 */
                message: string;
                /**
                 * @description Only with `invalid_plan`: kind of the error, as in `totals`
                 * @example duplicate_seat_label
                 */
                kind?: string;
            }[];
            /** @description Only with `showtime_clash`: the showtime in the way, as `ClashingShowtime` */
            clash?: {
                [key: string]: unknown;
            };
            /**
             * Format: date-time
             * @description Only with `showtime_clash`: the next start at which the auditorium is free
             * @example 2026-11-22T21:19:00.000Z
             */
            nextFreeStart?: string;
            /** @description Only when scheduling in bulk was refused: the starts that cannot be scheduled, each as `PlannedShowtime` */
            starts?: {
                [key: string]: unknown;
            }[];
            /** @description Only with `time_skipped` and `time_ambiguous`: the two starts that could be meant, earlier first */
            instants?: string[];
            /** @description Only with `version_mismatch` of an admin route: the resource as it is now, as its GET returns it; a seat plan without its rows */
            current?: {
                [key: string]: unknown;
            };
            /** @description Only with `has_bookings`: what customers have */
            counts?: {
                /**
                 * @description Showtimes to come of which customers have seats
                 * @example 2
                 */
                showtimes: number;
                /**
                 * @description Their live holds
                 * @example 3
                 */
                holds: number;
                /**
                 * @description Their sold bookings
                 * @example 41
                 */
                bookings: number;
            };
            /**
             * @description Only with `has_showtimes`: how many showtimes are to come
             * @example 3
             */
            count?: number;
            /** @description Only with `invalid_plan`: how many errors of each kind the plan has */
            totals?: {
                /**
                 * @description Kind of error; handle an unknown one by the `message` of its errors
                 * @example duplicate_seat_label
                 */
                kind: string;
                /**
                 * @description Number of errors of this kind, also of those that are not listed
                 * @example 2
                 */
                total: number;
            }[];
            /**
             * @description Only with `unknown_tiers`: ids of tiers that have no price, or that the seat plan does not have
             * @example [
             *       "premium"
             *     ]
             */
            tiers?: string[];
            /**
             * @description Only with `seats_taken` and `unknown_seats`: labels of the seats that are not available or do not exist
             * @example [
             *       "E5",
             *       "E6"
             *     ]
             */
            seats?: string[];
            /**
             * Format: date-time
             * @description Only with `not_on_sale`: when sales open, if they have not opened yet. Null if there is another reason: sales are paused or over
             * @example 2026-11-15T09:00:00.000Z
             */
            salesOpenAt?: string | null;
        };
        /** @description An exact amount of money */
        Money: {
            /**
             * @description Amount in the smallest unit of the currency by ISO 4217: cents for USD, yen for JPY
             * @example 2500
             */
            amount: number;
            /**
             * @description ISO 4217 currency code
             * @example USD
             */
            currency: string;
        };
        /** @description The price of one seat */
        Price: {
            /**
             * @description Amount in the smallest unit of the currency by ISO 4217: cents for USD, yen for JPY
             * @example 2500
             */
            amount: number;
            /**
             * @description ISO 4217 currency code
             * @example USD
             */
            currency: string;
        };
        /** @description A registered user */
        User: {
            /**
             * Format: uuid
             * @description User id
             * @example 0199d3a0-5b1c-7c11-9d2e-3f4a5b6c7d8e
             */
            id: string;
            /**
             * @description E-mail address as entered at registration
             * @example ada@example.com
             */
            email: string;
            /**
             * @description Name to display for the user
             * @example Ada Lovelace
             */
            displayName: string;
            /**
             * @description Role of the user. No route of this document depends on it
             * @enum {string}
             */
            role: "user" | "admin";
            /**
             * Format: date-time
             * @description When the user registered
             * @example 2026-11-01T09:12:44.018Z
             */
            createdAt: string;
        };
        /** @description The signed-in user and the tokens */
        Session: {
            user: components["schemas"]["User"];
            /**
             * @description Access token: send it as `Authorization: Bearer <token>`
             * @example eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIwMTk5In0.c2lnbmF0dXJl
             */
            accessToken: string;
            /**
             * @description Refresh token for `POST /api/v1/auth/refresh`, which returns the next one. Can be exchanged once, within 30 days, except to repeat a lost refresh. Keep it secret
             * @example mB0Zy6Qe2XfT9uKq4vN7wR1sLcJpHdGaEoUiYtBxVn8
             */
            refreshToken: string;
            /**
             * @description Seconds until the access token expires, from when the answer was sent
             * @example 900
             */
            expiresInSeconds: number;
        };
        /** @description A new user */
        Registration: {
            /**
             * Format: email
             * @description E-mail address. Upper and lower case are not distinguished
             * @example ada@example.com
             */
            email: string;
            /**
             * @description Password of 8 to 128 characters; any characters are allowed
             * @example correct horse battery
             */
            password: string;
            /**
             * @description Name to display for the user: 1 to 80 characters, at least one of them visible, no control characters. Spaces around it are removed
             * @example Ada Lovelace
             */
            displayName: string;
        };
        /** @description E-mail address and password of a user */
        Credentials: {
            /**
             * @description E-mail address. Upper and lower case are not distinguished
             * @example ada@example.com
             */
            email: string;
            /**
             * @description Password of the user. One of more than 128 characters is answered 400
             * @example correct horse battery
             */
            password: string;
        };
        /** @description The refresh token to exchange for a new session */
        RefreshRequest: {
            /**
             * @description The refresh token that you received last
             * @example mB0Zy6Qe2XfT9uKq4vN7wR1sLcJpHdGaEoUiYtBxVn8
             */
            refreshToken: string;
        };
        /** @description A movie of the catalogue */
        Movie: {
            /**
             * Format: uuid
             * @description Movie id
             * @example 0199d3a0-0a10-7a3b-8c4d-5e6f7a8b9c0d
             */
            id: string;
            /**
             * @description Title of the movie
             * @example The Third Man
             */
            title: string;
            /**
             * @description Synopsis in a few sentences
             * @example A writer of westerns looks for a dead friend in occupied Vienna.
             */
            description: string;
            /**
             * @description Running time in minutes
             * @example 104
             */
            durationMinutes: number;
            /**
             * @description Genre in one or two words
             * @example Thriller
             */
            genre: string;
            /**
             * @description Age rating, in the notation of the rating board; null if the movie was never rated
             * @example PG
             */
            rating: string | null;
            /**
             * @description URL of the poster; null if the movie has no poster
             * @example null
             */
            posterUrl: string | null;
            /**
             * Format: date
             * @description Date of the first release; null if unknown
             * @example 1949-09-02
             */
            releaseDate: string | null;
            /**
             * @description Whether the movie is showing now, coming soon, or has ended. Set by the cinema, not derived from the showtimes
             * @enum {string}
             */
            status: "now_showing" | "coming_soon" | "ended";
        };
        /** @description One page of a list */
        MoviePage: {
            /** @description At most `limit` items, possibly none. An entry that cannot be read is left out */
            items: components["schemas"]["Movie"][];
            /**
             * @description Send it as `cursor` to get the next page; null on the last page. Opaque: do not build or parse it
             * @example WyJUaGUgVGhpcmQgTWFuIiwiMDE5OWQzYTAtMGExMC03YTNiLThjNGQtNWU2ZjdhOGI5YzBkIl0
             */
            nextCursor: string | null;
        };
        /** @description A showtime: one movie in one auditorium at one time */
        Showtime: {
            /**
             * Format: uuid
             * @description Showtime id
             * @example 0199d3a0-0a13-7d0e-9f1a-2b3c4d5e6f05
             */
            id: string;
            /** @description The movie that is shown */
            movie: {
                /**
                 * Format: uuid
                 * @description Movie id
                 * @example 0199d3a0-0a10-7a3b-8c4d-5e6f7a8b9c0d
                 */
                id: string;
                /**
                 * @description Title of the movie
                 * @example The Third Man
                 */
                title: string;
            };
            /** @description The auditorium in which it is shown */
            auditorium: {
                /**
                 * Format: uuid
                 * @description Auditorium id
                 * @example 0199d3a0-0a11-7b2c-9d3e-4f5a6b7c8d9e
                 */
                id: string;
                /**
                 * @description Name of the auditorium
                 * @example Hall 1
                 */
                name: string;
            };
            /**
             * Format: date-time
             * @description When the showtime starts
             * @example 2026-11-22T19:15:00.000Z
             */
            startsAt: string;
            /**
             * Format: date-time
             * @description When the showtime ends
             * @example 2026-11-22T20:59:00.000Z
             */
            endsAt: string;
            /**
             * @description IANA time zone of the venue. Display the times of the showtime in this zone
             * @example Europe/Vienna
             */
            timeZone: string;
            /**
             * Format: date-time
             * @description When sales begin: from then on, seats can be held while `state` is `open`
             * @example 2026-11-15T09:00:00.000Z
             */
            salesOpenAt: string;
            /**
             * Format: date-time
             * @description When sales end: from then on, no new holds are possible. Holds that exist can still be confirmed
             * @example 2026-11-22T19:15:00.000Z
             */
            salesCloseAt: string;
            /**
             * @description `open`: seats are on sale from `salesOpenAt` until `salesCloseAt`. `paused`: no new holds are possible for now; holds that exist can still be confirmed. `closed`: no new holds are possible, for good; holds that exist can still be confirmed. `cancelled`: the showtime does not take place. The state does not change when the showtime starts or ends: compare `startsAt` and `endsAt` as well
             * @enum {string}
             */
            state: "open" | "paused" | "closed" | "cancelled";
            /**
             * @description Whether seats can be held now, computed from `state`, the sales window and the time. `open`: they can. `not_yet`: sales begin at `salesOpenAt`, also if the showtime is `paused` before then. `paused`: sales are interrupted. `ended`: sales are over, because the showtime is `closed`, `cancelled` or over, or `salesCloseAt` has passed. To keep it current, compare `salesOpenAt` and `salesCloseAt` with the server's clock
             * @enum {string}
             */
            sales: "not_yet" | "open" | "paused" | "ended";
            /** @description The price of a seat in each tier */
            prices: {
                /**
                 * @description Tier id
                 * @example standard
                 */
                tier: string;
                price: components["schemas"]["Price"];
            }[];
            /** @description Number of seats with each status, up to a second old. Null if it is not known at the moment, for example because the seats of this showtime are not loaded yet, or because the store of live seats does not answer: show the showtime without it. To have the seats loaded and counted, read `GET /api/v1/showtimes/{id}` */
            counts: components["schemas"]["SeatCounts"] | null;
        };
        /** @description One page of a list */
        ShowtimePage: {
            /** @description At most `limit` items, possibly none. An entry that cannot be read is left out */
            items: components["schemas"]["Showtime"][];
            /**
             * @description Send it as `cursor` to get the next page; null on the last page. Opaque: do not build or parse it
             * @example WyIxNzk1Mzc0OTAwMDAwIiwiMDE5OWQzYTAtMGExMy03ZDBlLTlmMWEtMmIzYzRkNWU2ZjA1Il0
             */
            nextCursor: string | null;
        };
        /** @description A showtime with its seat counts */
        ShowtimeDetails: {
            /**
             * Format: uuid
             * @description Showtime id
             * @example 0199d3a0-0a13-7d0e-9f1a-2b3c4d5e6f05
             */
            id: string;
            /** @description The movie that is shown */
            movie: {
                /**
                 * Format: uuid
                 * @description Movie id
                 * @example 0199d3a0-0a10-7a3b-8c4d-5e6f7a8b9c0d
                 */
                id: string;
                /**
                 * @description Title of the movie
                 * @example The Third Man
                 */
                title: string;
            };
            /** @description The auditorium in which it is shown */
            auditorium: {
                /**
                 * Format: uuid
                 * @description Auditorium id
                 * @example 0199d3a0-0a11-7b2c-9d3e-4f5a6b7c8d9e
                 */
                id: string;
                /**
                 * @description Name of the auditorium
                 * @example Hall 1
                 */
                name: string;
            };
            /**
             * Format: date-time
             * @description When the showtime starts
             * @example 2026-11-22T19:15:00.000Z
             */
            startsAt: string;
            /**
             * Format: date-time
             * @description When the showtime ends
             * @example 2026-11-22T20:59:00.000Z
             */
            endsAt: string;
            /**
             * @description IANA time zone of the venue. Display the times of the showtime in this zone
             * @example Europe/Vienna
             */
            timeZone: string;
            /**
             * Format: date-time
             * @description When sales begin: from then on, seats can be held while `state` is `open`
             * @example 2026-11-15T09:00:00.000Z
             */
            salesOpenAt: string;
            /**
             * Format: date-time
             * @description When sales end: from then on, no new holds are possible. Holds that exist can still be confirmed
             * @example 2026-11-22T19:15:00.000Z
             */
            salesCloseAt: string;
            /**
             * @description `open`: seats are on sale from `salesOpenAt` until `salesCloseAt`. `paused`: no new holds are possible for now; holds that exist can still be confirmed. `closed`: no new holds are possible, for good; holds that exist can still be confirmed. `cancelled`: the showtime does not take place. The state does not change when the showtime starts or ends: compare `startsAt` and `endsAt` as well
             * @enum {string}
             */
            state: "open" | "paused" | "closed" | "cancelled";
            /**
             * @description Whether seats can be held now, computed from `state`, the sales window and the time. `open`: they can. `not_yet`: sales begin at `salesOpenAt`, also if the showtime is `paused` before then. `paused`: sales are interrupted. `ended`: sales are over, because the showtime is `closed`, `cancelled` or over, or `salesCloseAt` has passed. To keep it current, compare `salesOpenAt` and `salesCloseAt` with the server's clock
             * @enum {string}
             */
            sales: "not_yet" | "open" | "paused" | "ended";
            /** @description The price of a seat in each tier */
            prices: {
                /**
                 * @description Tier id
                 * @example standard
                 */
                tier: string;
                price: components["schemas"]["Price"];
            }[];
            /** @description Number of seats with each status. Null once the showtime is over or cancelled and its live seats are deleted: `GET /api/v1/showtimes/{showtimeId}/seats` is then answered 409 */
            counts: components["schemas"]["SeatCounts"] | null;
        };
        /** @description Number of seats in each current status */
        SeatCounts: {
            /**
             * @description All seats of the showtime
             * @example 100
             */
            total: number;
            /**
             * @description Seats that can be held
             * @example 61
             */
            available: number;
            /**
             * @description Seats in a hold that has not expired
             * @example 7
             */
            held: number;
            /**
             * @description Seats in confirmed bookings
             * @example 30
             */
            sold: number;
            /**
             * @description Seats that an administrator has taken off sale. Treat `blocked` and `quarantined` alike: not available
             * @example 2
             */
            blocked: number;
            /**
             * @description Seats withheld from sale because they may already be sold
             * @example 0
             */
            quarantined: number;
        };
        /** @description Every seat of a showtime with its status, row by row */
        SeatMatrix: {
            /**
             * Format: uuid
             * @description Showtime that the seats belong to
             * @example 0199d3a0-0a13-7d0e-9f1a-2b3c4d5e6f05
             */
            showtimeId: string;
            /**
             * @description Increases with each change of a seat
             * @example 1000000007
             */
            version: number;
            /** @description Price classes of seats with their prices */
            tiers: {
                /**
                 * @description Tier id
                 * @example standard
                 */
                id: string;
                /**
                 * @description Name of the tier
                 * @example Standard
                 */
                name: string;
                price: components["schemas"]["Price"];
            }[];
            counts: components["schemas"]["SeatCounts"];
            /** @description Rows from front to back */
            rows: {
                /**
                 * @description Name of the row
                 * @example E
                 */
                label: string;
                /**
                 * @description Part of the room that the row belongs to; absent if the plan has no sections
                 * @example Balcony
                 */
                section?: string;
                /**
                 * @description Position of the row's first seat or gap, in seat widths, to the right. `x` and `y` come together. Draw a row without them below the row before it
                 * @example 4.5
                 */
                x?: number;
                /**
                 * @description Position of the row's first seat or gap, in seat widths, away from the stage
                 * @example 12
                 */
                y?: number;
                /**
                 * @description Direction of the row in degrees, clockwise as drawn; 0 if absent. Seat or gap i of the row is at (x + i * cos(angle), y + i * sin(angle))
                 * @example -15
                 */
                angle?: number;
                /** @description Seats and gaps from left to right */
                seats: ({
                    /**
                     * @description Seat label, as used in requests and bookings
                     * @example E5
                     */
                    label: string;
                    /**
                     * @description Id of the seat's tier
                     * @example standard
                     */
                    tier: string;
                    /**
                     * @description Kind of seat, for display only: a seat of any kind can be booked alone
                     * @enum {string}
                     */
                    kind: "standard" | "wheelchair" | "companion";
                    /**
                     * @description Current status of the seat. Treat `blocked` and `quarantined` alike: not available
                     * @enum {string}
                     */
                    status: "available" | "held" | "sold" | "blocked" | "quarantined";
                    /**
                     * @description `true` if the signed-in user holds or has bought the seat; absent otherwise
                     * @example true
                     */
                    mine?: boolean;
                } | null)[];
            }[];
        };
        /** @description The status of every seat, as one letter each */
        SeatStatuses: {
            /**
             * Format: uuid
             * @description Showtime that the seats belong to
             * @example 0199d3a0-0a13-7d0e-9f1a-2b3c4d5e6f05
             */
            showtimeId: string;
            /**
             * Format: uuid
             * @description Seat plan that defines the seat indexes: `GET /api/v1/plans/{id}`
             * @example 0199d3a0-0a12-7c1d-8e2f-3a4b5c6d7e8f
             */
            planId: string;
            /**
             * @description Increases with each change of a seat. Send it as `since` to the seat stream
             * @example 1000000007
             */
            version: number;
            /**
             * @description One letter per seat, in the order of the seat indexes: `A` available, `H` held, `S` sold, `X` blocked, `Q` quarantined. Treat every letter but `A` as not available
             * @example AAHHSAAAXA
             */
            statuses: string;
        };
        /**
         * @description Seats whose status changed
         * @example {
         *       "version": 1000000007,
         *       "seats": [
         *         [
         *           3,
         *           "H"
         *         ],
         *         [
         *           4,
         *           "H"
         *         ]
         *       ]
         *     }
         */
        SeatDelta: {
            /**
             * @description Version of the statuses that include these changes; also the `id` of the event
             * @example 1000000007
             */
            version: number;
            /** @description Each seat that changed, as `[index, letter]` with its new status: `A` available, `H` held, `S` sold, `X` blocked, `Q` quarantined. Treat every letter but `A` as not available */
            seats: [
                number,
                "A" | "H" | "S" | "X" | "Q"
            ][];
        };
        /**
         * @description The server does not have all changes after your version: read all statuses again
         * @example {
         *       "version": 2000000000
         *     }
         */
        SeatReset: {
            /**
             * @description If the statuses that you read have a lower version, read them again. Also the `id` of the event
             * @example 1000000007
             */
            version: number;
        };
        /** @description The seats of an auditorium. A seat plan never changes */
        SeatPlan: {
            /**
             * Format: uuid
             * @description Seat plan id
             * @example 0199d3a0-0a12-7c1d-8e2f-3a4b5c6d7e8f
             */
            id: string;
            /**
             * @description Number of seats; gaps are not counted
             * @example 100
             */
            seatCount: number;
            /** @description Price classes of seats; each showtime sets the price of each tier */
            tiers: {
                /**
                 * @description Tier id
                 * @example standard
                 */
                id: string;
                /**
                 * @description Name of the tier
                 * @example Standard
                 */
                name: string;
            }[];
            /** @description Rows from front to back. The index of a seat is its position in reading order (row by row, left to right), counted from 0; gaps (null) are not counted */
            rows: {
                /**
                 * @description Name of the row
                 * @example E
                 */
                label: string;
                /**
                 * @description Part of the room that the row belongs to; absent if the plan has no sections
                 * @example Balcony
                 */
                section?: string;
                /**
                 * @description Position of the row's first seat or gap, in seat widths, to the right. `x` and `y` come together. Draw a row without them below the row before it
                 * @example 4.5
                 */
                x?: number;
                /**
                 * @description Position of the row's first seat or gap, in seat widths, away from the stage
                 * @example 12
                 */
                y?: number;
                /**
                 * @description Direction of the row in degrees, clockwise as drawn; 0 if absent. Seat or gap i of the row is at (x + i * cos(angle), y + i * sin(angle))
                 * @example -15
                 */
                angle?: number;
                /** @description Seats and gaps from left to right */
                seats: ({
                    /**
                     * @description Seat label, as used in requests and bookings
                     * @example E5
                     */
                    label: string;
                    /**
                     * @description Id of the seat's tier
                     * @example standard
                     */
                    tier: string;
                    /**
                     * @description Kind of seat, for display only: a seat of any kind can be booked alone
                     * @enum {string}
                     */
                    kind: "standard" | "wheelchair" | "companion";
                } | null)[];
            }[];
        };
        /** @description A booking: it begins as a hold (`pending`) and is later `confirmed`, `cancelled` or `expired`. `total` is the price of all seats together, fixed when the hold was placed. A booking has no price per seat */
        Booking: {
            /**
             * Format: uuid
             * @description Booking id; it stays the same from hold to confirmed booking
             * @example 0199d3a1-8c20-7e9f-8a0b-1c2d3e4f5a05
             */
            id: string;
            /**
             * Format: uuid
             * @description Showtime that the booking belongs to
             * @example 0199d3a0-0a13-7d0e-9f1a-2b3c4d5e6f05
             */
            showtimeId: string;
            /**
             * @description `pending`: the seats are held until `expiresAt`. `confirmed`: the seats are sold to the user. `cancelled`: the user released the hold (`confirmedAt` is null), or the booking was cancelled after it was confirmed: by the user, because the showtime was cancelled, or, in rare cases after a loss of data, because its seats turned out to be sold already. `expired`: the hold was not confirmed in time
             * @enum {string}
             */
            status: "pending" | "confirmed" | "cancelled" | "expired";
            /**
             * @description Seat labels, in the order of the seat plan
             * @example [
             *       "E5",
             *       "E6"
             *     ]
             */
            seats: string[];
            total: components["schemas"]["Money"];
            /**
             * Format: date-time
             * @description When the hold ends if it is not confirmed: at the latest at the later of the showtime's start and the end of its sales. Kept after a confirm, release or expiry
             * @example 2026-11-22T17:47:03.512Z
             */
            expiresAt: string;
            /**
             * @description Seconds until the hold expires, rounded down and counted from when the answer was sent. For a countdown that compares no clocks. Present only while `pending`
             * @example 420
             */
            expiresInSeconds?: number;
            /**
             * Format: date-time
             * @description When the hold was placed
             * @example 2026-11-22T17:40:03.512Z
             */
            createdAt: string;
            /**
             * Format: date-time
             * @description When the booking was confirmed; null if it was not
             * @example null
             */
            confirmedAt: string | null;
            /**
             * Format: date-time
             * @description When the hold was released or the booking was cancelled. Null if `status` is not `cancelled`, and if the booking was cancelled because its seats turned out to be sold already
             * @example null
             */
            cancelledAt: string | null;
            /** @description What the cinema owes the user for a cancelled booking; null if it owes nothing, and while the ledger cannot be read. A cancel by the user owes nothing */
            refund: {
                /**
                 * @description `due`: owed. `sent`: on its way. `refunded`: paid back. `failed`: could not be paid back; contact the cinema
                 * @enum {string}
                 */
                status: "due" | "sent" | "refunded" | "failed";
                amount: components["schemas"]["Money"];
                /**
                 * @description How much of the price that is, in percent
                 * @example 100
                 */
                percent: number;
                /**
                 * @description `showtime_cancelled`, `cancelled`: the cinema cancelled. `conflict`: the seats were sold already
                 * @enum {string}
                 */
                reason: "conflict" | "showtime_cancelled" | "cancelled" | "staff";
            } | null;
            /**
             * @description Whether the ledger (the permanent record, in Postgres) has this version too; usually within a few tenths of a second. Show a `confirmed` booking as bought either way. Always false for holds, which are not written to the ledger
             * @example false
             */
            recorded: boolean;
            /**
             * @description Increases with each change of the booking; sent in quotes as the `ETag`
             * @example 1
             */
            version: number;
        };
        /** @description A booking with its showtime. `total` is the price of all seats together, fixed when the hold was placed */
        BookingDetails: {
            /**
             * Format: uuid
             * @description Booking id; it stays the same from hold to confirmed booking
             * @example 0199d3a1-8c20-7e9f-8a0b-1c2d3e4f5a05
             */
            id: string;
            /**
             * Format: uuid
             * @description Showtime that the booking belongs to
             * @example 0199d3a0-0a13-7d0e-9f1a-2b3c4d5e6f05
             */
            showtimeId: string;
            /**
             * @description `pending`: the seats are held until `expiresAt`. `confirmed`: the seats are sold to the user. `cancelled`: the user released the hold (`confirmedAt` is null), or the booking was cancelled after it was confirmed: by the user, because the showtime was cancelled, or, in rare cases after a loss of data, because its seats turned out to be sold already. `expired`: the hold was not confirmed in time
             * @enum {string}
             */
            status: "pending" | "confirmed" | "cancelled" | "expired";
            /**
             * @description Seat labels, in the order of the seat plan
             * @example [
             *       "E5",
             *       "E6"
             *     ]
             */
            seats: string[];
            total: components["schemas"]["Money"];
            /**
             * Format: date-time
             * @description When the hold ends if it is not confirmed: at the latest at the later of the showtime's start and the end of its sales. Kept after a confirm, release or expiry
             * @example 2026-11-22T17:47:03.512Z
             */
            expiresAt: string;
            /**
             * @description Seconds until the hold expires, rounded down and counted from when the answer was sent. For a countdown that compares no clocks. Present only while `pending`
             * @example 420
             */
            expiresInSeconds?: number;
            /**
             * Format: date-time
             * @description When the hold was placed
             * @example 2026-11-22T17:40:03.512Z
             */
            createdAt: string;
            /**
             * Format: date-time
             * @description When the booking was confirmed; null if it was not
             * @example null
             */
            confirmedAt: string | null;
            /**
             * Format: date-time
             * @description When the hold was released or the booking was cancelled. Null if `status` is not `cancelled`, and if the booking was cancelled because its seats turned out to be sold already
             * @example null
             */
            cancelledAt: string | null;
            /** @description What the cinema owes the user for a cancelled booking; null if it owes nothing, and while the ledger cannot be read. A cancel by the user owes nothing */
            refund: {
                /**
                 * @description `due`: owed. `sent`: on its way. `refunded`: paid back. `failed`: could not be paid back; contact the cinema
                 * @enum {string}
                 */
                status: "due" | "sent" | "refunded" | "failed";
                amount: components["schemas"]["Money"];
                /**
                 * @description How much of the price that is, in percent
                 * @example 100
                 */
                percent: number;
                /**
                 * @description `showtime_cancelled`, `cancelled`: the cinema cancelled. `conflict`: the seats were sold already
                 * @enum {string}
                 */
                reason: "conflict" | "showtime_cancelled" | "cancelled" | "staff";
            } | null;
            /**
             * @description Whether the ledger (the permanent record, in Postgres) has this version too; usually within a few tenths of a second. Show a `confirmed` booking as bought either way. Always false for holds, which are not written to the ledger
             * @example false
             */
            recorded: boolean;
            /**
             * @description Increases with each change of the booking; sent in quotes as the `ETag`
             * @example 1
             */
            version: number;
            /** @description The showtime that the booking belongs to */
            showtime: {
                /**
                 * Format: uuid
                 * @description Showtime id
                 * @example 0199d3a0-0a13-7d0e-9f1a-2b3c4d5e6f05
                 */
                id: string;
                /**
                 * Format: date-time
                 * @description When the showtime starts
                 * @example 2026-11-22T19:15:00.000Z
                 */
                startsAt: string;
                /**
                 * Format: date-time
                 * @description When the showtime ends
                 * @example 2026-11-22T20:59:00.000Z
                 */
                endsAt: string;
                /**
                 * @description IANA time zone of the venue
                 * @example Europe/Vienna
                 */
                timeZone: string;
                /** @description The movie that is shown */
                movie: {
                    /**
                     * Format: uuid
                     * @description Movie id
                     * @example 0199d3a0-0a10-7a3b-8c4d-5e6f7a8b9c0d
                     */
                    id: string;
                    /**
                     * @description Title of the movie
                     * @example The Third Man
                     */
                    title: string;
                };
                /** @description The auditorium in which it is shown */
                auditorium: {
                    /**
                     * Format: uuid
                     * @description Auditorium id
                     * @example 0199d3a0-0a11-7b2c-9d3e-4f5a6b7c8d9e
                     */
                    id: string;
                    /**
                     * @description Name of the auditorium
                     * @example Hall 1
                     */
                    name: string;
                };
            };
            /** @description That the showtime was moved after the seats were held; `showtime` has the new time. Null if it was not, and while the ledger cannot be read */
            rescheduled: {
                /** @description The time when the seats were held */
                from: {
                    /**
                     * Format: date-time
                     * @description When the showtime was to start
                     * @example 2026-11-22T19:15:00.000Z
                     */
                    startsAt: string;
                    /**
                     * Format: date-time
                     * @description When the showtime was to end
                     * @example 2026-11-22T20:59:00.000Z
                     */
                    endsAt: string;
                };
                /**
                 * Format: date-time
                 * @description When the showtime was last moved
                 * @example 2026-11-22T17:40:03.512Z
                 */
                at: string;
            } | null;
        };
        /** @description One page of a list */
        BookingPage: {
            /** @description At most `limit` items, possibly none. An entry that cannot be read is left out */
            items: components["schemas"]["Booking"][];
            /**
             * @description Send it as `cursor` to get the next page; null on the last page. Opaque: do not build or parse it
             * @example 0199d3a1-8c20-7e9f-8a0b-1c2d3e4f5a05
             */
            nextCursor: string | null;
        };
        /** @description The seats to hold at one showtime. Either all of them are held or none */
        HoldRequest: {
            /**
             * @description Id of the showtime
             * @example 0199d3a0-0a13-7d0e-9f1a-2b3c4d5e6f05
             */
            showtimeId: string;
            /**
             * @description Seat labels, exactly as in `label` of the seats (case-sensitive)
             * @example [
             *       "E5",
             *       "E6"
             *     ]
             */
            seats: string[];
        };
        /** @description Health of the components that bookings need */
        Health: {
            /**
             * @description `ok`: everything works. `degraded`: bookings work, but are not written to the ledger at present. `down`: bookings do not work
             * @enum {string}
             */
            status: "ok" | "degraded" | "down";
            /** @description Result of each check */
            checks: {
                /** @description Redis, which stores the live seats */
                redis: {
                    /**
                     * @description `failed`: Redis does not answer, or is a replica
                     * @enum {string}
                     */
                    status: "ok" | "failed";
                    /**
                     * @description Duration of the check in milliseconds
                     * @example 1
                     */
                    ms: number;
                    /**
                     * @description Replication role that Redis reports
                     * @enum {string}
                     */
                    role: "primary" | "replica" | "unknown";
                };
                /** @description Whether Redis accepts writes, tested with a real write once a second */
                writes: {
                    /**
                     * @description Result of the check
                     * @enum {string}
                     */
                    status: "ok" | "failed";
                    /**
                     * @description Duration of the check in milliseconds
                     * @example 1
                     */
                    ms: number;
                };
                /** @description Whether acknowledged bookings survive a crash of Redis */
                durability: {
                    /**
                     * @description `failed`: the Redis configuration can lose acknowledged writes, so no seats are sold. The log of the API names the setting
                     * @enum {string}
                     */
                    status: "ok" | "failed";
                };
                /** @description Redis replicas, which keep copies of acknowledged bookings */
                replicas: {
                    /**
                     * @description `failed`: fewer replicas than `ACK_LEVEL` requires, so no confirm is acknowledged
                     * @enum {string}
                     */
                    status: "ok" | "failed";
                    /**
                     * @description Connected replicas; null if unknown
                     * @example 1
                     */
                    online: number | null;
                    /**
                     * @description Replicas that the setting `ACK_LEVEL` requires
                     * @example 0
                     */
                    needed: number;
                };
                /** @description Postgres, which stores the ledger of bookings */
                postgres: {
                    /**
                     * @description `failed`: Postgres does not answer, or is read-only
                     * @enum {string}
                     */
                    status: "ok" | "failed";
                    /**
                     * @description Duration of the check in milliseconds
                     * @example 1
                     */
                    ms: number;
                    /**
                     * @description Whether Postgres accepts writes; null if unknown
                     * @example true
                     */
                    isWritable: boolean | null;
                };
                /** @description The sweeper, the process that writes confirmed bookings to the ledger */
                sweeper: {
                    /**
                     * @description `failed`: the sweeper does not report, or is too far behind
                     * @enum {string}
                     */
                    status: "ok" | "failed";
                    /**
                     * @description Duration of the check in milliseconds
                     * @example 1
                     */
                    ms: number;
                    /**
                     * @description Age in milliseconds of the oldest event that is not in the ledger yet; 0 if the ledger has all events, null if unknown
                     * @example 120
                     */
                    settleLagMs: number | null;
                    /**
                     * @description A greater `settleLagMs` fails this check
                     * @example 30000
                     */
                    limitMs: number;
                };
                /** @description The outboxes: events that wait to be written to the ledger */
                outbox: {
                    /**
                     * @description `failed`: an outbox has reached its limit, or Redis does not answer
                     * @enum {string}
                     */
                    status: "ok" | "failed";
                    /**
                     * @description Duration of the check in milliseconds
                     * @example 1
                     */
                    ms: number;
                    /**
                     * @description Entries that wait in the fullest outbox; null if unknown
                     * @example 3
                     */
                    depth: number | null;
                    /**
                     * @description At this depth, confirm and cancel are answered `busy`
                     * @example 200000
                     */
                    limit: number;
                };
            };
        };
        /** @description A movie as staff see it */
        AdminMovie: {
            /**
             * Format: uuid
             * @description Movie id
             * @example 0199d3a0-0a10-7a3b-8c4d-5e6f7a8b9c0d
             */
            id: string;
            /**
             * @description Title of the movie
             * @example The Third Man
             */
            title: string;
            /**
             * @description Synopsis in a few sentences
             * @example A writer of westerns looks for a dead friend in occupied Vienna.
             */
            description: string;
            /**
             * @description Running time in minutes
             * @example 104
             */
            durationMinutes: number;
            /**
             * @description Genre in one or two words
             * @example Thriller
             */
            genre: string;
            /**
             * @description Age rating, in the notation of the rating board; null if the movie was never rated
             * @example PG
             */
            rating: string | null;
            /**
             * @description URL of the poster; null if the movie has no poster
             * @example null
             */
            posterUrl: string | null;
            /**
             * Format: date
             * @description Date of the first release; null if unknown
             * @example 1949-09-02
             */
            releaseDate: string | null;
            /**
             * @description Whether the movie is showing now, coming soon, or has ended. Set by the cinema, not derived from the showtimes
             * @enum {string}
             */
            status: "now_showing" | "coming_soon" | "ended";
            /**
             * @description Counts the changes, from 1. Also the `ETag`
             * @example 3
             */
            version: number;
            /**
             * Format: date-time
             * @description When the movie was archived; null while it is in the catalogue
             * @example null
             */
            archivedAt: string | null;
            /**
             * Format: date-time
             * @description When the movie was added
             * @example 2026-11-01T09:12:44.018Z
             */
            createdAt: string;
        };
        /** @description One page of a list */
        AdminMoviePage: {
            /** @description At most `limit` items, possibly none. An entry that cannot be read is left out */
            items: components["schemas"]["AdminMovie"][];
            /**
             * @description Send it as `cursor` to get the next page; null on the last page. Opaque: do not build or parse it
             * @example WyJUaGUgVGhpcmQgTWFuIiwiMDE5OWQzYTAtMGExMC03YTNiLThjNGQtNWU2ZjdhOGI5YzBkIl0
             */
            nextCursor: string | null;
        };
        /** @description A movie to add */
        NewMovie: {
            /**
             * @description Title of the movie
             * @example The Third Man
             */
            title: string;
            /**
             * @description Running time in minutes. A new value counts for showtimes that are scheduled later
             * @example 104
             */
            durationMinutes: number;
            /**
             * @description Genre in one or two words
             * @example Thriller
             */
            genre: string;
            /**
             * @description Whether the movie is showing now, coming soon, or has ended
             * @enum {string}
             */
            status: "now_showing" | "coming_soon" | "ended";
            /**
             * @description Synopsis in a few sentences
             * @example A writer of westerns looks for a dead friend in occupied Vienna.
             */
            description?: string;
            /**
             * @description Age rating, in the notation of the rating board; null if there is none
             * @example PG
             */
            rating?: string | null;
            /**
             * @description URL of the poster, with https; null if there is none
             * @example https://example.com/third-man.jpg
             */
            posterUrl?: string | null;
            /**
             * Format: date
             * @description Date of the first release; null if unknown
             * @example 1949-09-02
             */
            releaseDate?: string | null;
        };
        /** @description The fields to change. Absent fields stay as they are; null clears a field */
        MovieChange: {
            /**
             * @description Title of the movie
             * @example The Third Man
             */
            title?: string;
            /**
             * @description Synopsis in a few sentences
             * @example A writer of westerns looks for a dead friend in occupied Vienna.
             */
            description?: string;
            /**
             * @description Running time in minutes. A new value counts for showtimes that are scheduled later
             * @example 104
             */
            durationMinutes?: number;
            /**
             * @description Genre in one or two words
             * @example Thriller
             */
            genre?: string;
            /**
             * @description Age rating, in the notation of the rating board; null if there is none
             * @example PG
             */
            rating?: string | null;
            /**
             * @description URL of the poster, with https; null if there is none
             * @example https://example.com/third-man.jpg
             */
            posterUrl?: string | null;
            /**
             * Format: date
             * @description Date of the first release; null if unknown
             * @example 1949-09-02
             */
            releaseDate?: string | null;
            /**
             * @description Whether the movie is showing now, coming soon, or has ended
             * @enum {string}
             */
            status?: "now_showing" | "coming_soon" | "ended";
            /**
             * @description Brings an archived movie back into the catalogue
             * @enum {boolean}
             */
            archived?: false;
        };
        /** @description One entry of the audit trail: what one command did to one target */
        AuditEvent: {
            /**
             * Format: uuid
             * @description Id of the entry
             * @example 0199d3a2-1d40-7b6c-8a1e-9f0b1c2d3e4f
             */
            id: string;
            /**
             * Format: date-time
             * @description When the change was made
             * @example 2026-11-22T17:40:03.512Z
             */
            at: string;
            /**
             * Format: date-time
             * @description When the entry was written: at once, or later if the database was unreachable at the time of the change
             * @example 2026-11-22T17:40:03.512Z
             */
            recordedAt: string;
            /**
             * Format: uuid
             * @description Id of the user who gave the command; null for a command of an operator on the command line
             * @example 0199d3a0-5b1c-7c11-9d2e-3f4a5b6c7d8e
             */
            actor: string | null;
            /**
             * @description What was done: the kind of the target, a dot and a verb in the past
             * @example movie.updated
             */
            action: string;
            /** @description What was changed */
            target: {
                /**
                 * @description Kind of what was changed
                 * @enum {string}
                 */
                type: "movie" | "auditorium" | "plan" | "showtime" | "batch" | "user" | "booking";
                /**
                 * Format: uuid
                 * @description Id of what was changed
                 * @example 0199d3a0-0a10-7a3b-8c4d-5e6f7a8b9c0d
                 */
                id: string;
            };
            /**
             * Format: uuid
             * @description Id of the showtime that the change is about; null if it is about none
             * @example 0199d3a0-0a13-7d0e-9f1a-2b3c4d5e6f05
             */
            showtimeId: string | null;
            /**
             * @description The changed fields before the change; null for a new thing. New names can be added at any time
             * @example {
             *       "title": "The Third Man"
             *     }
             */
            before: {
                [key: string]: unknown;
            } | null;
            /**
             * @description The same fields after the change; null if there are none
             * @example {
             *       "title": "The Fourth Man"
             *     }
             */
            after: {
                [key: string]: unknown;
            } | null;
            /**
             * @description Why, in the words of the actor; null if none was given
             * @example The title was misspelt.
             */
            reason: string | null;
            /**
             * @description `x-request-id` of the request; null for a command on the command line
             * @example 5f0c2a64-1b7e-4c55-9f0e-2d8a7c6b4e31
             */
            requestId: string | null;
        };
        /** @description One page of a list */
        AuditEventPage: {
            /** @description At most `limit` items, possibly none. An entry that cannot be read is left out */
            items: components["schemas"]["AuditEvent"][];
            /**
             * @description Send it as `cursor` to get the next page; null on the last page. Opaque: do not build or parse it
             * @example 0199d3a2-1d40-7b6c-8a1e-9f0b1c2d3e4f
             */
            nextCursor: string | null;
        };
        /** @description An auditorium as staff see it. Its seat plans are resources of their own */
        Auditorium: {
            /**
             * Format: uuid
             * @description Auditorium id
             * @example 0199d3a0-0a11-7b2c-9d3e-4f5a6b7c8d9e
             */
            id: string;
            /**
             * @description Name of the auditorium
             * @example Hall 1
             */
            name: string;
            /** @description The building that the auditorium is in; null if it is not stated */
            venue: {
                /**
                 * @description Name of the building
                 * @example Orpheum
                 */
                name: string;
                /**
                 * @description Postal address; null if it is not stated
                 * @example null
                 */
                address: string | null;
            } | null;
            /**
             * @description IANA time zone of the venue
             * @example Europe/Vienna
             */
            timeZone: string;
            /**
             * @description How long the auditorium stays occupied after the end of a showtime, 20 by default. A new value counts for showtimes that are scheduled or moved later
             * @example 20
             */
            cleaningMinutes: number;
            /**
             * @description Local time at which a day of the programme begins, `00:00` by default. With `06:00`, a showtime that starts half an hour after midnight belongs to the evening before
             * @example 06:00
             */
            dayStartsAt: string;
            /**
             * @description ISO 4217 currency of every showtime in the auditorium
             * @example EUR
             */
            currency: string;
            /**
             * @description Prices for a new showtime that states none: one for every tier of the current plan, and no other. Null: there are none
             * @example [
             *       {
             *         "tier": "standard",
             *         "price": {
             *           "amount": 1250,
             *           "currency": "EUR"
             *         }
             *       }
             *     ]
             */
            defaultPrices: {
                /**
                 * @description Tier id
                 * @example standard
                 */
                tier: string;
                price: components["schemas"]["Price"];
            }[] | null;
            /**
             * @description Labels of seats of the current plan that a new showtime keeps off sale. Their order has no meaning
             * @example [
             *       "A1",
             *       "A2"
             *     ]
             */
            defaultBlocks: string[];
            /**
             * @description Counts the changes, from 1. Also the `ETag`
             * @example 3
             */
            version: number;
            /**
             * Format: date-time
             * @description When the auditorium was archived; null while it is in use
             * @example null
             */
            archivedAt: string | null;
            /**
             * Format: date-time
             * @description When the auditorium was added
             * @example 2026-11-01T09:12:44.018Z
             */
            createdAt: string;
        };
        /** @description One page of a list */
        AuditoriumPage: {
            /** @description At most `limit` items, possibly none. An entry that cannot be read is left out */
            items: components["schemas"]["Auditorium"][];
            /**
             * @description Send it as `cursor` to get the next page; null on the last page. Opaque: do not build or parse it
             * @example WyJIYWxsIDEiLCIwMTk5ZDNhMC0wYTExLTdiMmMtOWQzZS00ZjVhNmI3YzhkOWUiXQ
             */
            nextCursor: string | null;
        };
        /**
         * @description An auditorium to add. Set its default prices and blocks once it has a seat plan
         * @example {
         *       "name": "Hall 1",
         *       "timeZone": "Europe/Vienna",
         *       "currency": "EUR",
         *       "dayStartsAt": "06:00"
         *     }
         */
        NewAuditorium: {
            /**
             * @description Name of the auditorium
             * @example Hall 1
             */
            name: string;
            /**
             * Format: iana-time-zone
             * @description IANA time zone of the venue, as the IANA database spells it. A new zone is refused while showtimes are to come
             * @example Europe/Vienna
             */
            timeZone: string;
            /**
             * Format: iso-4217
             * @description ISO 4217 currency of every showtime in the auditorium. A new currency is refused while showtimes are to come
             * @example EUR
             */
            currency: string;
            /** @description The building that the auditorium is in; null if it is not stated. A change replaces the whole venue */
            venue?: {
                /**
                 * @description Name of the building
                 * @example Orpheum
                 */
                name: string;
                /**
                 * @description Postal address; null if it is not stated
                 * @example Ringstrasse 1, 1010 Wien
                 */
                address?: string | null;
            } | null;
            /**
             * @description How long the auditorium stays occupied after the end of a showtime, 20 by default. A new value counts for showtimes that are scheduled or moved later
             * @example 20
             */
            cleaningMinutes?: number;
            /**
             * @description Local time at which a day of the programme begins, `00:00` by default. With `06:00`, a showtime that starts half an hour after midnight belongs to the evening before
             * @example 06:00
             */
            dayStartsAt?: string;
        };
        /**
         * @description The fields to change. Absent fields stay as they are; null clears a field
         * @example {
         *       "name": "Hall 1",
         *       "cleaningMinutes": 30
         *     }
         */
        AuditoriumChange: {
            /**
             * @description Name of the auditorium
             * @example Hall 1
             */
            name?: string;
            /** @description The building that the auditorium is in; null if it is not stated. A change replaces the whole venue */
            venue?: {
                /**
                 * @description Name of the building
                 * @example Orpheum
                 */
                name: string;
                /**
                 * @description Postal address; null if it is not stated
                 * @example Ringstrasse 1, 1010 Wien
                 */
                address?: string | null;
            } | null;
            /**
             * Format: iana-time-zone
             * @description IANA time zone of the venue, as the IANA database spells it. A new zone is refused while showtimes are to come
             * @example Europe/Vienna
             */
            timeZone?: string;
            /**
             * @description How long the auditorium stays occupied after the end of a showtime, 20 by default. A new value counts for showtimes that are scheduled or moved later
             * @example 20
             */
            cleaningMinutes?: number;
            /**
             * @description Local time at which a day of the programme begins, `00:00` by default. With `06:00`, a showtime that starts half an hour after midnight belongs to the evening before
             * @example 06:00
             */
            dayStartsAt?: string;
            /**
             * Format: iso-4217
             * @description ISO 4217 currency of every showtime in the auditorium. A new currency is refused while showtimes are to come
             * @example EUR
             */
            currency?: string;
            /**
             * @description Prices for a new showtime that states none: one for every tier of the current plan, and no other. Null: there are none
             * @example [
             *       {
             *         "tier": "standard",
             *         "price": {
             *           "amount": 1250,
             *           "currency": "EUR"
             *         }
             *       }
             *     ]
             */
            defaultPrices?: {
                /**
                 * @description Tier id
                 * @example standard
                 */
                tier: string;
                price: components["schemas"]["Price"];
            }[] | null;
            /**
             * @description Labels of seats of the current plan that a new showtime keeps off sale. Their order has no meaning
             * @example [
             *       "A1",
             *       "A2"
             *     ]
             */
            defaultBlocks?: string[];
            /**
             * @description Brings an archived auditorium back into use
             * @enum {boolean}
             */
            archived?: false;
        };
        /** @description A seat plan as staff see it, without its rows */
        AdminSeatPlan: {
            /**
             * Format: uuid
             * @description Seat plan id
             * @example 0199d3a0-0a12-7c1d-8e2f-3a4b5c6d7e8f
             */
            id: string;
            /**
             * Format: uuid
             * @description Auditorium that the plan belongs to
             * @example 0199d3a0-0a11-7b2c-9d3e-4f5a6b7c8d9e
             */
            auditoriumId: string;
            /**
             * @description Number of seats; gaps are not counted
             * @example 100
             */
            seatCount: number;
            /** @description Price classes of seats; each showtime sets the price of each tier */
            tiers: {
                /**
                 * @description Tier id
                 * @example standard
                 */
                id: string;
                /**
                 * @description Name of the tier
                 * @example Standard
                 */
                name: string;
            }[];
            /** @description The point that the best seats are near to; null if there is none */
            focus: {
                /**
                 * @description Row, counted from 0 at the front; halves are allowed
                 * @example 5.5
                 */
                row: number;
                /**
                 * @description Place in the row, counted from 0 at the left, gaps included; halves are allowed
                 * @example 7.5
                 */
                column: number;
            } | null;
            /**
             * @description Whether showtimes that are scheduled later use this plan
             * @example true
             */
            isCurrent: boolean;
            /**
             * @description Counts the changes, from 1. Also the `ETag`
             * @example 3
             */
            version: number;
            /**
             * Format: date-time
             * @description When the plan was added
             * @example 2026-11-01T09:12:44.018Z
             */
            createdAt: string;
        };
        /** @description One page of a list */
        AdminSeatPlanPage: {
            /** @description At most `limit` items, possibly none. An entry that cannot be read is left out */
            items: components["schemas"]["AdminSeatPlan"][];
            /**
             * @description Send it as `cursor` to get the next page; null on the last page. Opaque: do not build or parse it
             * @example WyIxNzkzNTI0MzY0MDE4IiwiMDE5OWQzYTAtMGExMi03YzFkLThlMmYtM2E0YjVjNmQ3ZThmIl0
             */
            nextCursor: string | null;
        };
        AdminSeatPlanDetails: {
            /**
             * Format: uuid
             * @description Seat plan id
             * @example 0199d3a0-0a12-7c1d-8e2f-3a4b5c6d7e8f
             */
            id: string;
            /**
             * Format: uuid
             * @description Auditorium that the plan belongs to
             * @example 0199d3a0-0a11-7b2c-9d3e-4f5a6b7c8d9e
             */
            auditoriumId: string;
            /**
             * @description Number of seats; gaps are not counted
             * @example 100
             */
            seatCount: number;
            /** @description Price classes of seats; each showtime sets the price of each tier */
            tiers: {
                /**
                 * @description Tier id
                 * @example standard
                 */
                id: string;
                /**
                 * @description Name of the tier
                 * @example Standard
                 */
                name: string;
            }[];
            /** @description The point that the best seats are near to; null if there is none */
            focus: {
                /**
                 * @description Row, counted from 0 at the front; halves are allowed
                 * @example 5.5
                 */
                row: number;
                /**
                 * @description Place in the row, counted from 0 at the left, gaps included; halves are allowed
                 * @example 7.5
                 */
                column: number;
            } | null;
            /**
             * @description Whether showtimes that are scheduled later use this plan
             * @example true
             */
            isCurrent: boolean;
            /**
             * @description Counts the changes, from 1. Also the `ETag`
             * @example 3
             */
            version: number;
            /**
             * Format: date-time
             * @description When the plan was added
             * @example 2026-11-01T09:12:44.018Z
             */
            createdAt: string;
            /** @description Rows from front to back. The index of a seat is its position in reading order (row by row, left to right), counted from 0; gaps (null) are not counted */
            rows: {
                /**
                 * @description Name of the row
                 * @example E
                 */
                label: string;
                /**
                 * @description Part of the room that the row belongs to; absent if the plan has no sections
                 * @example Balcony
                 */
                section?: string;
                /**
                 * @description Position of the row's first seat or gap, in seat widths, to the right. `x` and `y` come together. Draw a row without them below the row before it
                 * @example 4.5
                 */
                x?: number;
                /**
                 * @description Position of the row's first seat or gap, in seat widths, away from the stage
                 * @example 12
                 */
                y?: number;
                /**
                 * @description Direction of the row in degrees, clockwise as drawn; 0 if absent. Seat or gap i of the row is at (x + i * cos(angle), y + i * sin(angle))
                 * @example -15
                 */
                angle?: number;
                /** @description Seats and gaps from left to right */
                seats: ({
                    /**
                     * @description Seat label, as used in requests and bookings
                     * @example E5
                     */
                    label: string;
                    /**
                     * @description Id of the seat's tier
                     * @example standard
                     */
                    tier: string;
                    /**
                     * @description Kind of seat, for display only: a seat of any kind can be booked alone
                     * @enum {string}
                     */
                    kind: "standard" | "wheelchair" | "companion";
                } | null)[];
            }[];
        } | {
            /**
             * @description The format that `format` of the query asks for
             * @enum {string}
             */
            format: "pretix";
            /** @description The plan, as the plan editor of pretix reads it */
            plan: {
                [key: string]: unknown;
            };
            /**
             * @description The kinds of the seats that are no standard seats, by guid, which is the label: pretix knows no kinds
             * @example {
             *       "A1": "wheelchair"
             *     }
             */
            kinds: {
                [key: string]: string;
            };
        };
        /**
         * @description A seat plan to add, as our own layout or as a seating plan of pretix
         * @example {
         *       "tiers": [
         *         {
         *           "id": "standard",
         *           "name": "Standard"
         *         }
         *       ],
         *       "rows": [
         *         {
         *           "label": "A",
         *           "seats": [
         *             {
         *               "label": "A1",
         *               "tier": "standard",
         *               "kind": "wheelchair"
         *             },
         *             {
         *               "label": "A2",
         *               "tier": "standard",
         *               "kind": "companion"
         *             },
         *             null,
         *             {
         *               "label": "A3",
         *               "tier": "standard",
         *               "kind": "standard"
         *             }
         *           ]
         *         }
         *       ]
         *     }
         */
        NewSeatPlan: {
            /**
             * @description `holdfast`, also if absent: the layout is in `tiers` and `rows`. `pretix`: a seating plan of pretix is in `plan`
             * @enum {string}
             */
            format?: "holdfast" | "pretix";
            /** @description Price classes of seats. Needed for the format `holdfast`, as is `rows` */
            tiers?: {
                /**
                 * @description Tier id
                 * @example standard
                 */
                id: string;
                /**
                 * @description Name of the tier
                 * @example Standard
                 */
                name: string;
            }[];
            /** @description Rows from front to back, as in `GET /api/v1/plans/{id}` */
            rows?: {
                /**
                 * @description Name of the row
                 * @example E
                 */
                label: string;
                /**
                 * @description Part of the room that the row belongs to
                 * @example Balcony
                 */
                section?: string;
                /**
                 * @description Position of the first seat or gap of the row, in seat widths, to the right
                 * @example 4.5
                 */
                x?: number;
                /**
                 * @description Position of the first seat or gap of the row, in seat widths, away from the stage
                 * @example 12
                 */
                y?: number;
                /**
                 * @description Direction of the row in degrees, clockwise as drawn
                 * @example -15
                 */
                angle?: number;
                /** @description Seats and gaps from left to right */
                seats: ({
                    /**
                     * @description Label of the seat, unique in the plan
                     * @example E5
                     */
                    label: string;
                    /**
                     * @description Id of one of the tiers
                     * @example standard
                     */
                    tier: string;
                    /**
                     * @description `standard`, `wheelchair` or `companion`
                     * @example standard
                     */
                    kind: string;
                } | null)[];
            }[];
            /** @description The file that the plan editor of pretix saves, unchanged. Needed for the format `pretix`, and only there */
            plan?: {
                [key: string]: unknown;
            };
            /**
             * @description Only for the format `pretix`, which knows no kinds of seat: `standard`, `wheelchair` or `companion`, by name of a category or by guid of a seat. A seat that is not named is a standard one
             * @example {
             *       "Wheelchair places": "wheelchair"
             *     }
             */
            kinds?: {
                [key: string]: string;
            };
            /** @description The point that the best seats are near to; null if there is none */
            focus?: {
                /**
                 * @description Row, counted from 0 at the front; halves are allowed
                 * @example 5.5
                 */
                row: number;
                /**
                 * @description Place in the row, counted from 0 at the left, gaps included; halves are allowed
                 * @example 7.5
                 */
                column: number;
            } | null;
        };
        /** @description A valid plan that was not stored: at most 50,000 seats */
        SeatPlanDraft: {
            /**
             * @description Number of seats; gaps are not counted
             * @example 100
             */
            seatCount: number;
            /** @description Price classes of seats; each showtime sets the price of each tier */
            tiers: {
                /**
                 * @description Tier id
                 * @example standard
                 */
                id: string;
                /**
                 * @description Name of the tier
                 * @example Standard
                 */
                name: string;
            }[];
            /** @description Rows from front to back. The index of a seat is its position in reading order (row by row, left to right), counted from 0; gaps (null) are not counted */
            rows: {
                /**
                 * @description Name of the row
                 * @example E
                 */
                label: string;
                /**
                 * @description Part of the room that the row belongs to; absent if the plan has no sections
                 * @example Balcony
                 */
                section?: string;
                /**
                 * @description Position of the row's first seat or gap, in seat widths, to the right. `x` and `y` come together. Draw a row without them below the row before it
                 * @example 4.5
                 */
                x?: number;
                /**
                 * @description Position of the row's first seat or gap, in seat widths, away from the stage
                 * @example 12
                 */
                y?: number;
                /**
                 * @description Direction of the row in degrees, clockwise as drawn; 0 if absent. Seat or gap i of the row is at (x + i * cos(angle), y + i * sin(angle))
                 * @example -15
                 */
                angle?: number;
                /** @description Seats and gaps from left to right */
                seats: ({
                    /**
                     * @description Seat label, as used in requests and bookings
                     * @example E5
                     */
                    label: string;
                    /**
                     * @description Id of the seat's tier
                     * @example standard
                     */
                    tier: string;
                    /**
                     * @description Kind of seat, for display only: a seat of any kind can be booked alone
                     * @enum {string}
                     */
                    kind: "standard" | "wheelchair" | "companion";
                } | null)[];
            }[];
            /** @description The point that the best seats are near to; null if there is none */
            focus: {
                /**
                 * @description Row, counted from 0 at the front; halves are allowed
                 * @example 5.5
                 */
                row: number;
                /**
                 * @description Place in the row, counted from 0 at the left, gaps included; halves are allowed
                 * @example 7.5
                 */
                column: number;
            } | null;
            /** @description What became of the parts of a pretix plan; null for another format */
            import: {
                /**
                 * @description Name of the plan in pretix
                 * @example Great hall
                 */
                name: string;
                tiers: {
                    /**
                     * @description Name of the category
                     * @example Regular
                     */
                    category: string;
                    /**
                     * @description Id of the tier that it became
                     * @example regular
                     */
                    tier: string;
                    /**
                     * @description Number of its seats
                     * @example 100
                     */
                    seats: number;
                }[];
                zones: {
                    /** @description Section that the zone became; null if it has no name */
                    section: string | null;
                    /** @description What the labels of all its seats begin with */
                    labelPrefix: string | null;
                    /**
                     * @description Number of its seats
                     * @example 100
                     */
                    seats: number;
                }[];
                /**
                 * @description Number of rows
                 * @example 10
                 */
                rows: number;
                /**
                 * @description Number of seats
                 * @example 100
                 */
                seats: number;
                /**
                 * @description Number of gaps between seats
                 * @example 10
                 */
                gaps: number;
                kinds: {
                    /**
                     * @description Standard seats
                     * @example 98
                     */
                    standard: number;
                    /**
                     * @description Wheelchair places
                     * @example 1
                     */
                    wheelchair: number;
                    /**
                     * @description Companions' seats
                     * @example 1
                     */
                    companion: number;
                };
                /** @description Labels of rows whose seats are named by the number of the row, because their names were too long or not unique */
                renumberedRows: string[];
                /** @description What was left out */
                ignored: {
                    /**
                     * @description Areas, such as a stage
                     * @example 1
                     */
                    areas: number;
                    /**
                     * @description Rows without seats
                     * @example 0
                     */
                    emptyRows: number;
                };
            } | null;
        };
        /** @description The fields to change. Absent fields stay as they are. A layout never changes */
        SeatPlanChange: {
            /** @description The point that the best seats are near to; null if there is none */
            focus?: {
                /**
                 * @description Row, counted from 0 at the front; halves are allowed
                 * @example 5.5
                 */
                row: number;
                /**
                 * @description Place in the row, counted from 0 at the left, gaps included; halves are allowed
                 * @example 7.5
                 */
                column: number;
            } | null;
            /**
             * @description Makes this the plan of showtimes that are scheduled later, instead of the current plan. A current plan is replaced by another one, never just removed: `false` is refused
             * @enum {boolean}
             */
            isCurrent?: true;
        };
        /** @description A showtime as staff see it */
        AdminShowtime: {
            /**
             * Format: uuid
             * @description Showtime id
             * @example 0199d3a0-0a13-7d0e-9f1a-2b3c4d5e6f05
             */
            id: string;
            /** @description The movie that is shown */
            movie: {
                /**
                 * Format: uuid
                 * @description Movie id
                 * @example 0199d3a0-0a10-7a3b-8c4d-5e6f7a8b9c0d
                 */
                id: string;
                /**
                 * @description Title of the movie
                 * @example The Third Man
                 */
                title: string;
            };
            /** @description The auditorium in which it is shown */
            auditorium: {
                /**
                 * Format: uuid
                 * @description Auditorium id
                 * @example 0199d3a0-0a11-7b2c-9d3e-4f5a6b7c8d9e
                 */
                id: string;
                /**
                 * @description Name of the auditorium
                 * @example Hall 1
                 */
                name: string;
            };
            /**
             * Format: uuid
             * @description Seat plan id
             * @example 0199d3a0-0a12-7c1d-8e2f-3a4b5c6d7e8f
             */
            planId: string;
            /**
             * Format: date-time
             * @description When the showtime starts
             * @example 2026-11-22T19:15:00.000Z
             */
            startsAt: string;
            /**
             * Format: date-time
             * @description When the showtime ends
             * @example 2026-11-22T20:59:00.000Z
             */
            endsAt: string;
            /**
             * Format: date-time
             * @description When the auditorium is free again, after cleaning
             * @example 2026-11-22T21:19:00.000Z
             */
            occupiedUntil: string;
            /**
             * @description IANA time zone of the venue
             * @example Europe/Vienna
             */
            timeZone: string;
            /**
             * @description The start by the clock of the venue
             * @example 2026-11-22T20:15
             */
            localStart: string;
            /**
             * @description The day of the programme: a start before the auditorium's `dayStartsAt` counts to the day before
             * @example 2026-11-22
             */
            day: string;
            /**
             * Format: date-time
             * @description When sales begin
             * @example 2026-11-15T09:00:00.000Z
             */
            salesOpenAt: string;
            /**
             * Format: date-time
             * @description When sales end
             * @example 2026-11-22T19:15:00.000Z
             */
            salesCloseAt: string;
            /**
             * @description What staff have set: `open`, `paused`, `closed` or `cancelled`
             * @enum {string}
             */
            state: "open" | "paused" | "closed" | "cancelled";
            /** @description The price of each tier */
            prices: {
                /**
                 * @description Tier id
                 * @example standard
                 */
                tier: string;
                price: components["schemas"]["Price"];
            }[];
            /**
             * @description How many seats staff keep off sale
             * @example 2
             */
            blockedSeats: number;
            /**
             * @description The version of the terms and the version of the schedule. Also the `ETag`
             * @example 1.1
             */
            version: string;
            /**
             * Format: date-time
             * @description When the showtime was scheduled
             * @example 2026-11-01T09:12:44.018Z
             */
            createdAt: string;
        };
        /** @description One page of a list */
        AdminShowtimePage: {
            /** @description At most `limit` items, possibly none. An entry that cannot be read is left out */
            items: components["schemas"]["AdminShowtime"][];
            /**
             * @description Send it as `cursor` to get the next page; null on the last page. Opaque: do not build or parse it
             * @example WyIxNzk1Mzc0OTAwMDAwIiwiMDE5OWQzYTAtMGExMy03ZDBlLTlmMWEtMmIzYzRkNWU2ZjA1Il0
             */
            nextCursor: string | null;
        };
        /** @description A showtime as staff see it, with its seats and sales */
        AdminShowtimeDetails: {
            /**
             * Format: uuid
             * @description Showtime id
             * @example 0199d3a0-0a13-7d0e-9f1a-2b3c4d5e6f05
             */
            id: string;
            /** @description The movie that is shown */
            movie: {
                /**
                 * Format: uuid
                 * @description Movie id
                 * @example 0199d3a0-0a10-7a3b-8c4d-5e6f7a8b9c0d
                 */
                id: string;
                /**
                 * @description Title of the movie
                 * @example The Third Man
                 */
                title: string;
            };
            /** @description The auditorium in which it is shown */
            auditorium: {
                /**
                 * Format: uuid
                 * @description Auditorium id
                 * @example 0199d3a0-0a11-7b2c-9d3e-4f5a6b7c8d9e
                 */
                id: string;
                /**
                 * @description Name of the auditorium
                 * @example Hall 1
                 */
                name: string;
            };
            /**
             * Format: uuid
             * @description Seat plan id
             * @example 0199d3a0-0a12-7c1d-8e2f-3a4b5c6d7e8f
             */
            planId: string;
            /**
             * Format: date-time
             * @description When the showtime starts
             * @example 2026-11-22T19:15:00.000Z
             */
            startsAt: string;
            /**
             * Format: date-time
             * @description When the showtime ends
             * @example 2026-11-22T20:59:00.000Z
             */
            endsAt: string;
            /**
             * Format: date-time
             * @description When the auditorium is free again, after cleaning
             * @example 2026-11-22T21:19:00.000Z
             */
            occupiedUntil: string;
            /**
             * @description IANA time zone of the venue
             * @example Europe/Vienna
             */
            timeZone: string;
            /**
             * @description The start by the clock of the venue
             * @example 2026-11-22T20:15
             */
            localStart: string;
            /**
             * @description The day of the programme: a start before the auditorium's `dayStartsAt` counts to the day before
             * @example 2026-11-22
             */
            day: string;
            /**
             * Format: date-time
             * @description When sales begin
             * @example 2026-11-15T09:00:00.000Z
             */
            salesOpenAt: string;
            /**
             * Format: date-time
             * @description When sales end
             * @example 2026-11-22T19:15:00.000Z
             */
            salesCloseAt: string;
            /**
             * @description What staff have set: `open`, `paused`, `closed` or `cancelled`
             * @enum {string}
             */
            state: "open" | "paused" | "closed" | "cancelled";
            /** @description The price of each tier */
            prices: {
                /**
                 * @description Tier id
                 * @example standard
                 */
                tier: string;
                price: components["schemas"]["Price"];
            }[];
            /**
             * @description How many seats staff keep off sale
             * @example 2
             */
            blockedSeats: number;
            /**
             * @description The version of the terms and the version of the schedule. Also the `ETag`
             * @example 1.1
             */
            version: string;
            /**
             * Format: date-time
             * @description When the showtime was scheduled
             * @example 2026-11-01T09:12:44.018Z
             */
            createdAt: string;
            /**
             * @description Whether the ledger has these terms and this schedule too; usually within a few tenths of a second. The bookings of a cancelled showtime are cancelled, and its buyers informed, once it does
             * @example true
             */
            recorded: boolean;
            /**
             * @description Labels of the seats that staff keep off sale
             * @example [
             *       "A1",
             *       "A2"
             *     ]
             */
            blocks: string[];
            /** @description The seats of each tier by status */
            tiers: {
                /**
                 * @description Tier id
                 * @example standard
                 */
                tier: string;
                /**
                 * @description All seats of the showtime
                 * @example 100
                 */
                total: number;
                /**
                 * @description Seats that can be held
                 * @example 61
                 */
                available: number;
                /**
                 * @description Seats in a hold that has not expired
                 * @example 7
                 */
                held: number;
                /**
                 * @description Seats in confirmed bookings
                 * @example 30
                 */
                sold: number;
                /**
                 * @description Seats that an administrator has taken off sale. Treat `blocked` and `quarantined` alike: not available
                 * @example 2
                 */
                blocked: number;
                /**
                 * @description Seats withheld from sale because they may already be sold
                 * @example 0
                 */
                quarantined: number;
            }[];
            /** @description What customers have now. Null while the seats are not in the store of live seats, or it cannot be reached */
            live: {
                /**
                 * @description Live holds
                 * @example 2
                 */
                holds: number;
                /**
                 * @description Their seats
                 * @example 5
                 */
                heldSeats: number;
                /**
                 * @description Sold bookings
                 * @example 15
                 */
                bookings: number;
                /**
                 * @description Their seats
                 * @example 30
                 */
                soldSeats: number;
                /**
                 * @description Seats withheld from sale because they may already be sold
                 * @example 0
                 */
                quarantinedSeats: number;
            } | null;
            /** @description What the ledger has sold. A sale of the last tenths of a second may be missing */
            ledger: {
                /**
                 * @description Confirmed bookings
                 * @example 15
                 */
                bookings: number;
                amount: components["schemas"]["Money"];
            };
        };
        /** @description The terms to change, or a new start. Absent fields stay as they are */
        ShowtimeChange: {
            /**
             * @description `open`: on sale. `paused`: no new holds for now. `closed`: no new holds. Holds that exist can be confirmed in each state
             * @enum {string}
             */
            state?: "open" | "paused" | "closed";
            /**
             * @description The price of a seat in each tier of the seat plan, in the currency of the auditorium
             * @example [
             *       {
             *         "tier": "standard",
             *         "price": {
             *           "amount": 1250,
             *           "currency": "EUR"
             *         }
             *       }
             *     ]
             */
            prices?: {
                /**
                 * @description Tier id
                 * @example standard
                 */
                tier: string;
                price: components["schemas"]["Price"];
            }[];
            /**
             * Format: date-time
             * @description When sales begin
             * @example 2026-11-15T09:00:00.000Z
             */
            salesOpenAt?: string;
            /**
             * Format: date-time
             * @description When sales end
             * @example 2026-11-22T19:15:00.000Z
             */
            salesCloseAt?: string;
            /**
             * Format: date-time
             * @description Moves the showtime to this start. Needs a `reason`
             * @example 2026-11-22T19:15:00.000Z
             */
            startsAt?: string;
            /**
             * @description Moves the showtime to this start by the clock of the venue. Needs a `reason`
             * @example 2027-03-26T20:15
             */
            localStart?: string;
            /**
             * @description With a move: trailers and intervals in minutes, beside the running time of the movie. Absent: the length stays
             * @example 15
             */
            extraMinutes?: number;
            /**
             * @description Why the change is made. Kept in the audit trail
             * @example The projector of hall 1 is broken.
             */
            reason?: string;
        };
        /** @description The seats to block or to unblock */
        BlockChange: {
            /**
             * @description Labels of the seats to take off sale. Give this or `unblock`
             * @example [
             *       "A1",
             *       "A2"
             *     ]
             */
            block?: string[];
            /**
             * @description Labels of the seats to put back on sale. Give this or `block`
             * @example [
             *       "A1",
             *       "A2"
             *     ]
             */
            unblock?: string[];
            /**
             * @description Why the change is made. Kept in the audit trail
             * @example The projector of hall 1 is broken.
             */
            reason?: string;
        };
        /** @description A showtime to schedule */
        NewShowtime: {
            /**
             * @description Id of the movie
             * @example 0199d3a0-0a10-7a3b-8c4d-5e6f7a8b9c0d
             */
            movieId: string;
            /**
             * @description Id of the auditorium
             * @example 0199d3a0-0a11-7b2c-9d3e-4f5a6b7c8d9e
             */
            auditoriumId: string;
            /**
             * @description Id of a seat plan of the auditorium; its current plan if absent
             * @example 0199d3a0-0a12-7c1d-8e2f-3a4b5c6d7e8f
             */
            planId?: string;
            /**
             * @description Trailers and intervals, in minutes, in addition to the running time of the movie
             * @default 0
             * @example 15
             */
            extraMinutes: number;
            /**
             * @description The price of a seat in each tier of the seat plan, in the currency of the auditorium
             * @example [
             *       {
             *         "tier": "standard",
             *         "price": {
             *           "amount": 1250,
             *           "currency": "EUR"
             *         }
             *       }
             *     ]
             */
            prices?: {
                /**
                 * @description Tier id
                 * @example standard
                 */
                tier: string;
                price: components["schemas"]["Price"];
            }[];
            /**
             * @description Labels of the seats to keep off sale; the default blocks of the auditorium if absent
             * @example [
             *       "A1",
             *       "A2"
             *     ]
             */
            blocks?: string[];
            /**
             * @description `open` (default): on sale from `salesOpenAt` on. `paused`: not before it is opened
             * @enum {string}
             */
            state?: "open" | "paused";
            /**
             * Format: date-time
             * @description When the showtime starts. Give this or `localStart`
             * @example 2026-11-22T19:15:00.000Z
             */
            startsAt?: string;
            /**
             * @description When the showtime starts, by the clock of the venue, without seconds. Give this or `startsAt`
             * @example 2027-03-26T20:15
             */
            localStart?: string;
            /**
             * Format: date-time
             * @description When sales begin; now if absent
             * @example 2026-11-15T09:00:00.000Z
             */
            salesOpenAt?: string;
            /**
             * Format: date-time
             * @description When sales end; at the start if absent
             * @example 2026-11-22T19:15:00.000Z
             */
            salesCloseAt?: string;
        };
        /** @description The showtimes to schedule: these times, on these days */
        NewSchedule: {
            /**
             * @description Id of the movie
             * @example 0199d3a0-0a10-7a3b-8c4d-5e6f7a8b9c0d
             */
            movieId: string;
            /**
             * @description Id of the auditorium
             * @example 0199d3a0-0a11-7b2c-9d3e-4f5a6b7c8d9e
             */
            auditoriumId: string;
            /**
             * @description Id of a seat plan of the auditorium; its current plan if absent
             * @example 0199d3a0-0a12-7c1d-8e2f-3a4b5c6d7e8f
             */
            planId?: string;
            /**
             * @description Trailers and intervals, in minutes, in addition to the running time of the movie
             * @default 0
             * @example 15
             */
            extraMinutes: number;
            /**
             * @description The price of a seat in each tier of the seat plan, in the currency of the auditorium
             * @example [
             *       {
             *         "tier": "standard",
             *         "price": {
             *           "amount": 1250,
             *           "currency": "EUR"
             *         }
             *       }
             *     ]
             */
            prices?: {
                /**
                 * @description Tier id
                 * @example standard
                 */
                tier: string;
                price: components["schemas"]["Price"];
            }[];
            /**
             * @description Labels of the seats to keep off sale; the default blocks of the auditorium if absent
             * @example [
             *       "A1",
             *       "A2"
             *     ]
             */
            blocks?: string[];
            /**
             * @description `open` (default): on sale from `salesOpenAt` on. `paused`: not before it is opened
             * @enum {string}
             */
            state?: "open" | "paused";
            /**
             * @description First day, at the venue
             * @example 2027-03-26
             */
            from: string;
            /**
             * @description Last day, at most 92 days with the first
             * @example 2027-04-01
             */
            until: string;
            /**
             * @description Days of the week to plan
             * @example [
             *       "fri",
             *       "sat"
             *     ]
             */
            weekdays: ("mon" | "tue" | "wed" | "thu" | "fri" | "sat" | "sun")[];
            /**
             * @description Starts on each day, `HH:MM` by the clock of the venue, up to `29:59`: `24:30` on a Friday is half past midnight, sold as Friday's
             * @example [
             *       "17:00",
             *       "20:15"
             *     ]
             */
            times: string[];
            /**
             * @description Days of the period on which nothing is planned
             * @example [
             *       "2027-03-28"
             *     ]
             */
            except?: string[];
            /** @description The sales window of each showtime */
            window?: {
                /**
                 * Format: date-time
                 * @description When sales begin; now if absent
                 * @example 2026-11-15T09:00:00.000Z
                 */
                salesOpenAt?: string;
                /**
                 * @description How many minutes before each start sales end
                 * @default 0
                 * @example 10
                 */
                closeMinutesBefore: number;
            };
            /**
             * @description `fail`: schedule all showtimes or none. `skip`: leave out those that clash, that start in the past, or whose time a clock change skips
             * @enum {string}
             */
            onClash: "fail" | "skip";
            /**
             * @description `true`: only say what would be scheduled
             * @default false
             * @example true
             */
            dryRun: boolean;
        };
        /** @description A showtime that is in the way */
        ClashingShowtime: {
            /**
             * Format: uuid
             * @description Id of the showtime in the way; null if it is another start of the same request
             * @example 0199d3a0-0a13-7d0e-9f1a-2b3c4d5e6f05
             */
            id: string | null;
            /**
             * @description Title of its movie
             * @example The Third Man
             */
            title: string;
            /**
             * Format: date-time
             * @description When it starts
             * @example 2026-11-22T19:15:00.000Z
             */
            startsAt: string;
            /**
             * Format: date-time
             * @description Until when it occupies the auditorium, cleaning included
             * @example 2026-11-22T21:19:00.000Z
             */
            occupiedUntil: string;
        };
        /** @description What became of one start of a schedule */
        PlannedShowtime: {
            /**
             * @description The day that the showtime is sold as
             * @example 2027-03-26
             */
            date: string;
            /**
             * @description The time of the request
             * @example 20:15
             */
            time: string;
            /**
             * @description `scheduled`: done. `free`: can be scheduled, but was not. `showtime_clash`: another showtime is in the way. `showtime_in_past`: the start has passed. `time_skipped`: a clock change skips this time. `invalid_window`: sales would end before they begin
             * @enum {string}
             */
            outcome: "scheduled" | "free" | "showtime_clash" | "showtime_in_past" | "time_skipped" | "invalid_window";
            /**
             * Format: date-time
             * @description When the showtime starts; null if a clock change skips the time
             * @example 2026-11-22T19:15:00.000Z
             */
            startsAt: string | null;
            /**
             * Format: uuid
             * @description Id of the new showtime; null if none was scheduled
             * @example 0199d3a0-0a13-7d0e-9f1a-2b3c4d5e6f05
             */
            showtimeId: string | null;
            clash?: components["schemas"]["ClashingShowtime"];
            /**
             * Format: date-time
             * @description With `showtime_clash`: the next start at which the auditorium is free
             * @example 2026-11-22T21:19:00.000Z
             */
            nextFreeStart?: string;
        };
        /** @description The result of scheduling in bulk */
        Schedule: {
            /**
             * Format: uuid
             * @description Id of the command in the audit trail; null after a dry run, and if nothing was scheduled
             * @example 5f0c2a64-1b7e-4c55-9f0e-2d8a7c6b4e31
             */
            batchId: string | null;
            /**
             * @description How many showtimes were scheduled
             * @example 14
             */
            scheduled: number;
            /** @description What became of each start, by time */
            starts: components["schemas"]["PlannedShowtime"][];
        };
    };
    responses: never;
    parameters: never;
    requestBodies: never;
    headers: {
        /** @description Id of this request: the `x-request-id` of the request if it is well formed, otherwise a new one. Give it when you report an error */
        RequestId: string;
        /** @description Time at which the server sent the answer, by the clock of the server */
        ServerTime: string;
    };
    pathItems: never;
}
export type Problem = components['schemas']['Problem'];
export type Money = components['schemas']['Money'];
export type Price = components['schemas']['Price'];
export type User = components['schemas']['User'];
export type Session = components['schemas']['Session'];
export type Registration = components['schemas']['Registration'];
export type Credentials = components['schemas']['Credentials'];
export type RefreshRequest = components['schemas']['RefreshRequest'];
export type Movie = components['schemas']['Movie'];
export type MoviePage = components['schemas']['MoviePage'];
export type Showtime = components['schemas']['Showtime'];
export type ShowtimePage = components['schemas']['ShowtimePage'];
export type ShowtimeDetails = components['schemas']['ShowtimeDetails'];
export type SeatCounts = components['schemas']['SeatCounts'];
export type SeatMatrix = components['schemas']['SeatMatrix'];
export type SeatStatuses = components['schemas']['SeatStatuses'];
export type SeatDelta = components['schemas']['SeatDelta'];
export type SeatReset = components['schemas']['SeatReset'];
export type SeatPlan = components['schemas']['SeatPlan'];
export type Booking = components['schemas']['Booking'];
export type BookingDetails = components['schemas']['BookingDetails'];
export type BookingPage = components['schemas']['BookingPage'];
export type HoldRequest = components['schemas']['HoldRequest'];
export type Health = components['schemas']['Health'];
export type AdminMovie = components['schemas']['AdminMovie'];
export type AdminMoviePage = components['schemas']['AdminMoviePage'];
export type NewMovie = components['schemas']['NewMovie'];
export type MovieChange = components['schemas']['MovieChange'];
export type AuditEvent = components['schemas']['AuditEvent'];
export type AuditEventPage = components['schemas']['AuditEventPage'];
export type Auditorium = components['schemas']['Auditorium'];
export type AuditoriumPage = components['schemas']['AuditoriumPage'];
export type NewAuditorium = components['schemas']['NewAuditorium'];
export type AuditoriumChange = components['schemas']['AuditoriumChange'];
export type AdminSeatPlan = components['schemas']['AdminSeatPlan'];
export type AdminSeatPlanPage = components['schemas']['AdminSeatPlanPage'];
export type AdminSeatPlanDetails = components['schemas']['AdminSeatPlanDetails'];
export type NewSeatPlan = components['schemas']['NewSeatPlan'];
export type SeatPlanDraft = components['schemas']['SeatPlanDraft'];
export type SeatPlanChange = components['schemas']['SeatPlanChange'];
export type AdminShowtime = components['schemas']['AdminShowtime'];
export type AdminShowtimePage = components['schemas']['AdminShowtimePage'];
export type AdminShowtimeDetails = components['schemas']['AdminShowtimeDetails'];
export type ShowtimeChange = components['schemas']['ShowtimeChange'];
export type BlockChange = components['schemas']['BlockChange'];
export type NewShowtime = components['schemas']['NewShowtime'];
export type NewSchedule = components['schemas']['NewSchedule'];
export type ClashingShowtime = components['schemas']['ClashingShowtime'];
export type PlannedShowtime = components['schemas']['PlannedShowtime'];
export type Schedule = components['schemas']['Schedule'];
export type HeaderRequestId = components['headers']['RequestId'];
export type HeaderServerTime = components['headers']['ServerTime'];
export type $defs = Record<string, never>;
export interface operations {
    showLiveness: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The process is alive */
            200: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    "x-server-time": components["headers"]["ServerTime"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** @enum {string} */
                        status: "ok";
                    };
                };
            };
            /** @description `invalid_request`: Invalid request */
            400: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    "x-server-time": components["headers"]["ServerTime"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        code: "invalid_request";
                    };
                };
            };
        };
    };
    showReadiness: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The process accepts new requests */
            200: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    "x-server-time": components["headers"]["ServerTime"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** @enum {string} */
                        status: "ok";
                    };
                };
            };
            /** @description `invalid_request`: Invalid request */
            400: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    "x-server-time": components["headers"]["ServerTime"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        code: "invalid_request";
                    };
                };
            };
            /** @description The process is about to stop. The body is `application/json`, not a problem */
            503: {
                headers: {
                    /** @description Seconds to wait before sending the same request again */
                    "Retry-After"?: number;
                    "x-request-id": components["headers"]["RequestId"];
                    "x-server-time": components["headers"]["ServerTime"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** @enum {string} */
                        status: "draining";
                    };
                };
            };
        };
    };
    showHealth: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Bookings work: the status is `ok` or `degraded` */
            200: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    "x-server-time": components["headers"]["ServerTime"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Health"];
                };
            };
            /** @description `invalid_request`: Invalid request */
            400: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    "x-server-time": components["headers"]["ServerTime"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        code: "invalid_request";
                    };
                };
            };
            /** @description Bookings do not work: the status is `down`. The body is `application/json`, not a problem */
            503: {
                headers: {
                    /** @description Seconds to wait before sending the same request again */
                    "Retry-After"?: number;
                    "x-request-id": components["headers"]["RequestId"];
                    "x-server-time": components["headers"]["ServerTime"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Health"];
                };
            };
        };
    };
    register: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["Registration"];
            };
        };
        responses: {
            /** @description The session of the new user */
            201: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    "x-server-time": components["headers"]["ServerTime"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Session"];
                };
            };
            /** @description `invalid_request`: Invalid request */
            400: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    "x-server-time": components["headers"]["ServerTime"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        code: "invalid_request";
                    };
                };
            };
            /** @description `email_taken`: E-mail already registered */
            409: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    "x-server-time": components["headers"]["ServerTime"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        code: "email_taken";
                    };
                };
            };
            /** @description `payload_too_large`: Request body too large */
            413: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    "x-server-time": components["headers"]["ServerTime"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        code: "payload_too_large";
                    };
                };
            };
            /** @description `unsupported_media_type`: Unsupported media type */
            415: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    "x-server-time": components["headers"]["ServerTime"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        code: "unsupported_media_type";
                    };
                };
            };
            /** @description `too_many_requests`: Too many requests */
            429: {
                headers: {
                    /** @description Seconds to wait before sending the same request again */
                    "Retry-After"?: number;
                    "x-request-id": components["headers"]["RequestId"];
                    "x-server-time": components["headers"]["ServerTime"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        code: "too_many_requests";
                    };
                };
            };
            /** @description `internal`: Internal error */
            500: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    "x-server-time": components["headers"]["ServerTime"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        code: "internal";
                    };
                };
            };
            /** @description `busy`: At capacity · `outcome_unknown`: Outcome unknown · `unavailable`: Unavailable · `overloaded`: Overloaded */
            503: {
                headers: {
                    /** @description Seconds to wait before sending the same request again */
                    "Retry-After"?: number;
                    "x-request-id": components["headers"]["RequestId"];
                    "x-server-time": components["headers"]["ServerTime"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        code: "busy" | "outcome_unknown" | "unavailable" | "overloaded";
                    };
                };
            };
        };
    };
    logIn: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["Credentials"];
            };
        };
        responses: {
            /** @description The new session */
            200: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    "x-server-time": components["headers"]["ServerTime"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Session"];
                };
            };
            /** @description `invalid_request`: Invalid request */
            400: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    "x-server-time": components["headers"]["ServerTime"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        code: "invalid_request";
                    };
                };
            };
            /** @description `invalid_credentials`: Wrong e-mail or password */
            401: {
                headers: {
                    /** @description Authentication scheme that the API expects */
                    "WWW-Authenticate"?: string;
                    "x-request-id": components["headers"]["RequestId"];
                    "x-server-time": components["headers"]["ServerTime"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        code: "invalid_credentials";
                    };
                };
            };
            /** @description `payload_too_large`: Request body too large */
            413: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    "x-server-time": components["headers"]["ServerTime"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        code: "payload_too_large";
                    };
                };
            };
            /** @description `unsupported_media_type`: Unsupported media type */
            415: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    "x-server-time": components["headers"]["ServerTime"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        code: "unsupported_media_type";
                    };
                };
            };
            /** @description `too_many_requests`: Too many requests */
            429: {
                headers: {
                    /** @description Seconds to wait before sending the same request again */
                    "Retry-After"?: number;
                    "x-request-id": components["headers"]["RequestId"];
                    "x-server-time": components["headers"]["ServerTime"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        code: "too_many_requests";
                    };
                };
            };
            /** @description `internal`: Internal error */
            500: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    "x-server-time": components["headers"]["ServerTime"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        code: "internal";
                    };
                };
            };
            /** @description `busy`: At capacity · `outcome_unknown`: Outcome unknown · `unavailable`: Unavailable · `overloaded`: Overloaded */
            503: {
                headers: {
                    /** @description Seconds to wait before sending the same request again */
                    "Retry-After"?: number;
                    "x-request-id": components["headers"]["RequestId"];
                    "x-server-time": components["headers"]["ServerTime"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        code: "busy" | "outcome_unknown" | "unavailable" | "overloaded";
                    };
                };
            };
        };
    };
    refreshSession: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["RefreshRequest"];
            };
        };
        responses: {
            /** @description The session with new tokens */
            200: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    "x-server-time": components["headers"]["ServerTime"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Session"];
                };
            };
            /** @description `invalid_request`: Invalid request */
            400: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    "x-server-time": components["headers"]["ServerTime"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        code: "invalid_request";
                    };
                };
            };
            /** @description `unauthenticated`: Not signed in */
            401: {
                headers: {
                    /** @description Authentication scheme that the API expects */
                    "WWW-Authenticate"?: string;
                    "x-request-id": components["headers"]["RequestId"];
                    "x-server-time": components["headers"]["ServerTime"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        code: "unauthenticated";
                    };
                };
            };
            /** @description `payload_too_large`: Request body too large */
            413: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    "x-server-time": components["headers"]["ServerTime"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        code: "payload_too_large";
                    };
                };
            };
            /** @description `unsupported_media_type`: Unsupported media type */
            415: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    "x-server-time": components["headers"]["ServerTime"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        code: "unsupported_media_type";
                    };
                };
            };
            /** @description `too_many_requests`: Too many requests */
            429: {
                headers: {
                    /** @description Seconds to wait before sending the same request again */
                    "Retry-After"?: number;
                    "x-request-id": components["headers"]["RequestId"];
                    "x-server-time": components["headers"]["ServerTime"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        code: "too_many_requests";
                    };
                };
            };
            /** @description `internal`: Internal error */
            500: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    "x-server-time": components["headers"]["ServerTime"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        code: "internal";
                    };
                };
            };
            /** @description `outcome_unknown`: Outcome unknown · `unavailable`: Unavailable · `overloaded`: Overloaded */
            503: {
                headers: {
                    /** @description Seconds to wait before sending the same request again */
                    "Retry-After"?: number;
                    "x-request-id": components["headers"]["RequestId"];
                    "x-server-time": components["headers"]["ServerTime"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        code: "outcome_unknown" | "unavailable" | "overloaded";
                    };
                };
            };
        };
    };
    logOut: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The session has ended */
            204: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    "x-server-time": components["headers"]["ServerTime"];
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description `invalid_request`: Invalid request */
            400: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    "x-server-time": components["headers"]["ServerTime"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        code: "invalid_request";
                    };
                };
            };
            /** @description `unauthenticated`: Not signed in */
            401: {
                headers: {
                    /** @description Authentication scheme that the API expects */
                    "WWW-Authenticate"?: string;
                    "x-request-id": components["headers"]["RequestId"];
                    "x-server-time": components["headers"]["ServerTime"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        code: "unauthenticated";
                    };
                };
            };
            /** @description `payload_too_large`: Request body too large */
            413: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    "x-server-time": components["headers"]["ServerTime"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        code: "payload_too_large";
                    };
                };
            };
            /** @description `unsupported_media_type`: Unsupported media type */
            415: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    "x-server-time": components["headers"]["ServerTime"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        code: "unsupported_media_type";
                    };
                };
            };
            /** @description `too_many_requests`: Too many requests */
            429: {
                headers: {
                    /** @description Seconds to wait before sending the same request again */
                    "Retry-After"?: number;
                    "x-request-id": components["headers"]["RequestId"];
                    "x-server-time": components["headers"]["ServerTime"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        code: "too_many_requests";
                    };
                };
            };
            /** @description `internal`: Internal error */
            500: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    "x-server-time": components["headers"]["ServerTime"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        code: "internal";
                    };
                };
            };
            /** @description `outcome_unknown`: Outcome unknown · `unavailable`: Unavailable · `overloaded`: Overloaded */
            503: {
                headers: {
                    /** @description Seconds to wait before sending the same request again */
                    "Retry-After"?: number;
                    "x-request-id": components["headers"]["RequestId"];
                    "x-server-time": components["headers"]["ServerTime"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        code: "outcome_unknown" | "unavailable" | "overloaded";
                    };
                };
            };
        };
    };
    showMe: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The signed-in user */
            200: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    "x-server-time": components["headers"]["ServerTime"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["User"];
                };
            };
            /** @description `invalid_request`: Invalid request */
            400: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    "x-server-time": components["headers"]["ServerTime"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        code: "invalid_request";
                    };
                };
            };
            /** @description `unauthenticated`: Not signed in */
            401: {
                headers: {
                    /** @description Authentication scheme that the API expects */
                    "WWW-Authenticate"?: string;
                    "x-request-id": components["headers"]["RequestId"];
                    "x-server-time": components["headers"]["ServerTime"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        code: "unauthenticated";
                    };
                };
            };
            /** @description `too_many_requests`: Too many requests */
            429: {
                headers: {
                    /** @description Seconds to wait before sending the same request again */
                    "Retry-After"?: number;
                    "x-request-id": components["headers"]["RequestId"];
                    "x-server-time": components["headers"]["ServerTime"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        code: "too_many_requests";
                    };
                };
            };
            /** @description `internal`: Internal error */
            500: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    "x-server-time": components["headers"]["ServerTime"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        code: "internal";
                    };
                };
            };
            /** @description `unavailable`: Unavailable · `overloaded`: Overloaded */
            503: {
                headers: {
                    /** @description Seconds to wait before sending the same request again */
                    "Retry-After"?: number;
                    "x-request-id": components["headers"]["RequestId"];
                    "x-server-time": components["headers"]["ServerTime"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        code: "unavailable" | "overloaded";
                    };
                };
            };
        };
    };
    listMovies: {
        parameters: {
            query?: {
                /** @description Maximum number of items on a page */
                limit?: number;
                /** @description `nextCursor` of the previous page, from the same list and filters. Leave it out to get the first page */
                cursor?: string;
                /** @description Only movies with this status */
                status?: "now_showing" | "coming_soon" | "ended";
                /** @description Only movies whose title contains this text. Upper and lower case and accents are not distinguished; spaces around the text are ignored, and at least one other character is required */
                q?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description One page of movies */
            200: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    "x-server-time": components["headers"]["ServerTime"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["MoviePage"];
                };
            };
            /** @description `invalid_request`: Invalid request */
            400: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    "x-server-time": components["headers"]["ServerTime"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        code: "invalid_request";
                    };
                };
            };
            /** @description `internal`: Internal error */
            500: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    "x-server-time": components["headers"]["ServerTime"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        code: "internal";
                    };
                };
            };
            /** @description `unavailable`: Unavailable · `overloaded`: Overloaded */
            503: {
                headers: {
                    /** @description Seconds to wait before sending the same request again */
                    "Retry-After"?: number;
                    "x-request-id": components["headers"]["RequestId"];
                    "x-server-time": components["headers"]["ServerTime"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        code: "unavailable" | "overloaded";
                    };
                };
            };
        };
    };
    showMovie: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Id of the movie */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The movie */
            200: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    "x-server-time": components["headers"]["ServerTime"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Movie"];
                };
            };
            /** @description `invalid_request`: Invalid request */
            400: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    "x-server-time": components["headers"]["ServerTime"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        code: "invalid_request";
                    };
                };
            };
            /** @description `not_found`: Not found */
            404: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    "x-server-time": components["headers"]["ServerTime"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        code: "not_found";
                    };
                };
            };
            /** @description `internal`: Internal error */
            500: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    "x-server-time": components["headers"]["ServerTime"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        code: "internal";
                    };
                };
            };
            /** @description `unavailable`: Unavailable · `overloaded`: Overloaded */
            503: {
                headers: {
                    /** @description Seconds to wait before sending the same request again */
                    "Retry-After"?: number;
                    "x-request-id": components["headers"]["RequestId"];
                    "x-server-time": components["headers"]["ServerTime"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        code: "unavailable" | "overloaded";
                    };
                };
            };
        };
    };
    listShowtimesOfMovie: {
        parameters: {
            query?: {
                /** @description Maximum number of items on a page */
                limit?: number;
                /** @description `nextCursor` of the previous page, from the same list and filters. Leave it out to get the first page */
                cursor?: string;
                /**
                 * @description Only showtimes that start on this day, in the time zone of the venue (`timeZone` of the showtime)
                 * @example 2026-11-22
                 */
                date?: string;
            };
            header?: never;
            path: {
                /** @description Id of the movie */
                movieId: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description One page of showtimes, earliest first */
            200: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    "x-server-time": components["headers"]["ServerTime"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ShowtimePage"];
                };
            };
            /** @description `invalid_request`: Invalid request */
            400: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    "x-server-time": components["headers"]["ServerTime"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        code: "invalid_request";
                    };
                };
            };
            /** @description `not_found`: Not found */
            404: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    "x-server-time": components["headers"]["ServerTime"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        code: "not_found";
                    };
                };
            };
            /** @description `internal`: Internal error */
            500: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    "x-server-time": components["headers"]["ServerTime"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        code: "internal";
                    };
                };
            };
            /** @description `unavailable`: Unavailable · `overloaded`: Overloaded */
            503: {
                headers: {
                    /** @description Seconds to wait before sending the same request again */
                    "Retry-After"?: number;
                    "x-request-id": components["headers"]["RequestId"];
                    "x-server-time": components["headers"]["ServerTime"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        code: "unavailable" | "overloaded";
                    };
                };
            };
        };
    };
    listShowtimes: {
        parameters: {
            query?: {
                /** @description Maximum number of items on a page */
                limit?: number;
                /** @description `nextCursor` of the previous page, from the same list and filters. Leave it out to get the first page */
                cursor?: string;
                /** @description Only showtimes of the movie with this id. A malformed id is answered 400, an unknown one with an empty page */
                movieId?: string;
                /**
                 * @description Only showtimes that start on this day, in the time zone of the venue (`timeZone` of the showtime)
                 * @example 2026-11-22
                 */
                date?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description One page of showtimes, earliest first */
            200: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    "x-server-time": components["headers"]["ServerTime"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ShowtimePage"];
                };
            };
            /** @description `invalid_request`: Invalid request */
            400: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    "x-server-time": components["headers"]["ServerTime"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        code: "invalid_request";
                    };
                };
            };
            /** @description `internal`: Internal error */
            500: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    "x-server-time": components["headers"]["ServerTime"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        code: "internal";
                    };
                };
            };
            /** @description `unavailable`: Unavailable · `overloaded`: Overloaded */
            503: {
                headers: {
                    /** @description Seconds to wait before sending the same request again */
                    "Retry-After"?: number;
                    "x-request-id": components["headers"]["RequestId"];
                    "x-server-time": components["headers"]["ServerTime"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        code: "unavailable" | "overloaded";
                    };
                };
            };
        };
    };
    showShowtime: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Id of the showtime */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The showtime */
            200: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    "x-server-time": components["headers"]["ServerTime"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ShowtimeDetails"];
                };
            };
            /** @description `invalid_request`: Invalid request */
            400: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    "x-server-time": components["headers"]["ServerTime"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        code: "invalid_request";
                    };
                };
            };
            /** @description `not_found`: Not found */
            404: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    "x-server-time": components["headers"]["ServerTime"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        code: "not_found";
                    };
                };
            };
            /** @description `internal`: Internal error */
            500: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    "x-server-time": components["headers"]["ServerTime"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        code: "internal";
                    };
                };
            };
            /** @description `recovering`: Showtime being prepared · `unavailable`: Unavailable · `overloaded`: Overloaded */
            503: {
                headers: {
                    /** @description Seconds to wait before sending the same request again */
                    "Retry-After"?: number;
                    "x-request-id": components["headers"]["RequestId"];
                    "x-server-time": components["headers"]["ServerTime"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        code: "recovering" | "unavailable" | "overloaded";
                    };
                };
            };
        };
    };
    showSeatMatrix: {
        parameters: {
            query?: {
                /** @description Form of the answer; `matrix` if absent */
                view?: "matrix" | "status";
            };
            header?: {
                /** @description The `ETag` of an earlier answer: if nothing has changed since, the answer is 304 without a body */
                "if-none-match"?: string;
            };
            path: {
                /** @description Id of the showtime */
                showtimeId: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A `SeatMatrix`, or with `view=status` a `SeatStatuses` */
            200: {
                headers: {
                    /** @description Entity tag for `If-None-Match` */
                    ETag?: string;
                    /** @description `Authorization`; absent with `view=status` */
                    Vary?: string;
                    /** @description `private, no-cache`; `no-cache` with `view=status` */
                    "Cache-Control"?: string;
                    "x-request-id": components["headers"]["RequestId"];
                    "x-server-time": components["headers"]["ServerTime"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SeatMatrix"] | components["schemas"]["SeatStatuses"];
                };
            };
            /** @description The seats have not changed since the answer whose `ETag` you sent */
            304: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    "x-server-time": components["headers"]["ServerTime"];
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description `invalid_request`: Invalid request */
            400: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    "x-server-time": components["headers"]["ServerTime"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        code: "invalid_request";
                    };
                };
            };
            /** @description `unauthenticated`: Not signed in */
            401: {
                headers: {
                    /** @description Authentication scheme that the API expects */
                    "WWW-Authenticate"?: string;
                    "x-request-id": components["headers"]["RequestId"];
                    "x-server-time": components["headers"]["ServerTime"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        code: "unauthenticated";
                    };
                };
            };
            /** @description `not_found`: Not found */
            404: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    "x-server-time": components["headers"]["ServerTime"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        code: "not_found";
                    };
                };
            };
            /** @description `showtime_closed`: Showtime closed · `showtime_cancelled`: Showtime cancelled */
            409: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    "x-server-time": components["headers"]["ServerTime"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        code: "showtime_closed" | "showtime_cancelled";
                    };
                };
            };
            /** @description `internal`: Internal error */
            500: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    "x-server-time": components["headers"]["ServerTime"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        code: "internal";
                    };
                };
            };
            /** @description `recovering`: Showtime being prepared · `unavailable`: Unavailable · `overloaded`: Overloaded */
            503: {
                headers: {
                    /** @description Seconds to wait before sending the same request again */
                    "Retry-After"?: number;
                    "x-request-id": components["headers"]["RequestId"];
                    "x-server-time": components["headers"]["ServerTime"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        code: "recovering" | "unavailable" | "overloaded";
                    };
                };
            };
        };
    };
    showSeatPlan: {
        parameters: {
            query?: never;
            header?: {
                /** @description The `ETag` of an earlier answer: if nothing has changed since, the answer is 304 without a body */
                "if-none-match"?: string;
            };
            path: {
                /** @description Id of the seat plan: `planId` of the answer with `view=status` */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The seat plan */
            200: {
                headers: {
                    /** @description Entity tag for `If-None-Match`, another one for each `Content-Encoding` */
                    ETag?: string;
                    /** @description `Accept-Encoding` */
                    Vary?: string;
                    /** @description `gzip` or `zstd` if `Accept-Encoding` accepts it. Absent even then for a plan of a few seats, and while the server compresses another body */
                    "Content-Encoding"?: string;
                    /** @description `public, max-age=31536000, immutable` */
                    "Cache-Control"?: string;
                    "x-request-id": components["headers"]["RequestId"];
                    "x-server-time": components["headers"]["ServerTime"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SeatPlan"];
                };
            };
            /** @description The seat plan is the one whose `ETag` you sent, in any `Content-Encoding` */
            304: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    "x-server-time": components["headers"]["ServerTime"];
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description `invalid_request`: Invalid request */
            400: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    "x-server-time": components["headers"]["ServerTime"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        code: "invalid_request";
                    };
                };
            };
            /** @description `not_found`: Not found */
            404: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    "x-server-time": components["headers"]["ServerTime"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        code: "not_found";
                    };
                };
            };
            /** @description `internal`: Internal error */
            500: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    "x-server-time": components["headers"]["ServerTime"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        code: "internal";
                    };
                };
            };
            /** @description `unavailable`: Unavailable · `overloaded`: Overloaded */
            503: {
                headers: {
                    /** @description Seconds to wait before sending the same request again */
                    "Retry-After"?: number;
                    "x-request-id": components["headers"]["RequestId"];
                    "x-server-time": components["headers"]["ServerTime"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        code: "unavailable" | "overloaded";
                    };
                };
            };
        };
    };
    streamSeats: {
        parameters: {
            query?: {
                /** @description `version` of the statuses that you have */
                since?: number;
            };
            header?: {
                /** @description `id` of the last event received; takes precedence over `since` */
                "last-event-id"?: string;
            };
            path: {
                /** @description Id of the showtime */
                showtimeId: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Events, until the client or the server closes the connection */
            200: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    "x-server-time": components["headers"]["ServerTime"];
                    [name: string]: unknown;
                };
                content: {
                    "text/event-stream": string;
                };
            };
            /** @description `invalid_request`: Invalid request */
            400: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    "x-server-time": components["headers"]["ServerTime"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        code: "invalid_request";
                    };
                };
            };
            /** @description `not_found`: Not found */
            404: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    "x-server-time": components["headers"]["ServerTime"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        code: "not_found";
                    };
                };
            };
            /** @description `showtime_closed`: Showtime closed · `showtime_cancelled`: Showtime cancelled */
            409: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    "x-server-time": components["headers"]["ServerTime"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        code: "showtime_closed" | "showtime_cancelled";
                    };
                };
            };
            /** @description `too_many_requests`: Too many requests */
            429: {
                headers: {
                    /** @description Seconds to wait before sending the same request again */
                    "Retry-After"?: number;
                    "x-request-id": components["headers"]["RequestId"];
                    "x-server-time": components["headers"]["ServerTime"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        code: "too_many_requests";
                    };
                };
            };
            /** @description `internal`: Internal error */
            500: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    "x-server-time": components["headers"]["ServerTime"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        code: "internal";
                    };
                };
            };
            /** @description `recovering`: Showtime being prepared · `overloaded`: Overloaded · `unavailable`: Unavailable */
            503: {
                headers: {
                    /** @description Seconds to wait before sending the same request again */
                    "Retry-After"?: number;
                    "x-request-id": components["headers"]["RequestId"];
                    "x-server-time": components["headers"]["ServerTime"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        code: "recovering" | "overloaded" | "unavailable";
                    };
                };
            };
        };
    };
    listBookings: {
        parameters: {
            query?: {
                /** @description Maximum number of items on a page */
                limit?: number;
                /** @description `nextCursor` of the previous page, from the same list and filters. Leave it out to get the first page */
                cursor?: string;
                /** @description Only bookings with this status */
                status?: "pending" | "confirmed" | "cancelled" | "expired";
                /** @description Only bookings of the showtime with this id. A malformed id is answered 400, an unknown one with an empty page */
                showtimeId?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description One page of bookings */
            200: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    "x-server-time": components["headers"]["ServerTime"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["BookingPage"];
                };
            };
            /** @description `invalid_request`: Invalid request */
            400: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    "x-server-time": components["headers"]["ServerTime"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        code: "invalid_request";
                    };
                };
            };
            /** @description `unauthenticated`: Not signed in */
            401: {
                headers: {
                    /** @description Authentication scheme that the API expects */
                    "WWW-Authenticate"?: string;
                    "x-request-id": components["headers"]["RequestId"];
                    "x-server-time": components["headers"]["ServerTime"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        code: "unauthenticated";
                    };
                };
            };
            /** @description `too_many_requests`: Too many requests */
            429: {
                headers: {
                    /** @description Seconds to wait before sending the same request again */
                    "Retry-After"?: number;
                    "x-request-id": components["headers"]["RequestId"];
                    "x-server-time": components["headers"]["ServerTime"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        code: "too_many_requests";
                    };
                };
            };
            /** @description `internal`: Internal error */
            500: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    "x-server-time": components["headers"]["ServerTime"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        code: "internal";
                    };
                };
            };
            /** @description `unavailable`: Unavailable · `overloaded`: Overloaded */
            503: {
                headers: {
                    /** @description Seconds to wait before sending the same request again */
                    "Retry-After"?: number;
                    "x-request-id": components["headers"]["RequestId"];
                    "x-server-time": components["headers"]["ServerTime"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        code: "unavailable" | "overloaded";
                    };
                };
            };
        };
    };
    placeHold: {
        parameters: {
            query?: never;
            header?: {
                /**
                 * @description Send one with every request that places a hold. Without it, a repeat after a lost answer is answered `seats_taken`, because your own first request holds the seats. 1 to 64 letters, digits, `-` and `_`, such as a UUID, new for each hold. Keys are separate for each user and showtime. A repeat with the same key and seats, in any order, is answered 201 with `Idempotency-Replayed: true` and the existing booking with its current status: check `status`, which may be `expired`, `cancelled` or `confirmed`. With other seats it is answered `idempotency_mismatch`. A refused request does not use the key. An hour after the `expiresAt` of the hold the key is forgotten, even if the hold was confirmed, and a repeat places a new hold. If more than an hour has passed since you first sent it, look in `GET /api/v1/bookings` instead of repeating
                 * @example 5b0fb1ab-1f0c-4c55-a8f5-9c1d6a7c2c11
                 */
                "idempotency-key"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["HoldRequest"];
            };
        };
        responses: {
            /** @description The booking that holds the seats */
            201: {
                headers: {
                    /** @description The `version` of the booking, in quotes */
                    ETag?: string;
                    /** @description Path of the booking */
                    Location?: string;
                    /** @description `true` if this `Idempotency-Key` was used before. The answer is then the existing booking with its current status, which may be `expired`, `cancelled` or `confirmed`; absent otherwise */
                    "Idempotency-Replayed"?: string;
                    "x-request-id": components["headers"]["RequestId"];
                    "x-server-time": components["headers"]["ServerTime"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Booking"];
                };
            };
            /** @description `invalid_request`: Invalid request */
            400: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    "x-server-time": components["headers"]["ServerTime"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        code: "invalid_request";
                    };
                };
            };
            /** @description `unauthenticated`: Not signed in */
            401: {
                headers: {
                    /** @description Authentication scheme that the API expects */
                    "WWW-Authenticate"?: string;
                    "x-request-id": components["headers"]["RequestId"];
                    "x-server-time": components["headers"]["ServerTime"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        code: "unauthenticated";
                    };
                };
            };
            /** @description `not_found`: Not found */
            404: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    "x-server-time": components["headers"]["ServerTime"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        code: "not_found";
                    };
                };
            };
            /** @description `showtime_closed`: Showtime closed · `showtime_cancelled`: Showtime cancelled · `seats_taken`: Seats not available · `seat_limit`: Seat limit reached · `hold_limit`: Hold limit reached · `not_on_sale`: Not on sale */
            409: {
                headers: {
                    /** @description Only with `not_on_sale`, and only if sales open within the hour: seconds until then. Do not repeat the request before */
                    "Retry-After"?: number;
                    "x-request-id": components["headers"]["RequestId"];
                    "x-server-time": components["headers"]["ServerTime"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        code: "showtime_closed" | "showtime_cancelled" | "seats_taken" | "seat_limit" | "hold_limit" | "not_on_sale";
                    };
                };
            };
            /** @description `payload_too_large`: Request body too large */
            413: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    "x-server-time": components["headers"]["ServerTime"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        code: "payload_too_large";
                    };
                };
            };
            /** @description `unsupported_media_type`: Unsupported media type */
            415: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    "x-server-time": components["headers"]["ServerTime"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        code: "unsupported_media_type";
                    };
                };
            };
            /** @description `unknown_seats`: Unknown seats · `idempotency_mismatch`: Idempotency key reused */
            422: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    "x-server-time": components["headers"]["ServerTime"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        code: "unknown_seats" | "idempotency_mismatch";
                    };
                };
            };
            /** @description `too_many_requests`: Too many requests */
            429: {
                headers: {
                    /** @description Seconds to wait before sending the same request again */
                    "Retry-After"?: number;
                    "x-request-id": components["headers"]["RequestId"];
                    "x-server-time": components["headers"]["ServerTime"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        code: "too_many_requests";
                    };
                };
            };
            /** @description `internal`: Internal error */
            500: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    "x-server-time": components["headers"]["ServerTime"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        code: "internal";
                    };
                };
            };
            /** @description `recovering`: Showtime being prepared · `busy`: At capacity · `outcome_unknown`: Outcome unknown · `unavailable`: Unavailable · `overloaded`: Overloaded */
            503: {
                headers: {
                    /** @description Seconds to wait before sending the same request again */
                    "Retry-After"?: number;
                    "x-request-id": components["headers"]["RequestId"];
                    "x-server-time": components["headers"]["ServerTime"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        code: "recovering" | "busy" | "outcome_unknown" | "unavailable" | "overloaded";
                    };
                };
            };
        };
    };
    showBooking: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Id of the booking */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The booking with its showtime */
            200: {
                headers: {
                    /** @description The `version` of the booking, in quotes */
                    ETag?: string;
                    "x-request-id": components["headers"]["RequestId"];
                    "x-server-time": components["headers"]["ServerTime"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["BookingDetails"];
                };
            };
            /** @description `invalid_request`: Invalid request */
            400: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    "x-server-time": components["headers"]["ServerTime"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        code: "invalid_request";
                    };
                };
            };
            /** @description `unauthenticated`: Not signed in */
            401: {
                headers: {
                    /** @description Authentication scheme that the API expects */
                    "WWW-Authenticate"?: string;
                    "x-request-id": components["headers"]["RequestId"];
                    "x-server-time": components["headers"]["ServerTime"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        code: "unauthenticated";
                    };
                };
            };
            /** @description `not_found`: Not found */
            404: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    "x-server-time": components["headers"]["ServerTime"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        code: "not_found";
                    };
                };
            };
            /** @description `too_many_requests`: Too many requests */
            429: {
                headers: {
                    /** @description Seconds to wait before sending the same request again */
                    "Retry-After"?: number;
                    "x-request-id": components["headers"]["RequestId"];
                    "x-server-time": components["headers"]["ServerTime"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        code: "too_many_requests";
                    };
                };
            };
            /** @description `internal`: Internal error */
            500: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    "x-server-time": components["headers"]["ServerTime"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        code: "internal";
                    };
                };
            };
            /** @description `unavailable`: Unavailable · `overloaded`: Overloaded */
            503: {
                headers: {
                    /** @description Seconds to wait before sending the same request again */
                    "Retry-After"?: number;
                    "x-request-id": components["headers"]["RequestId"];
                    "x-server-time": components["headers"]["ServerTime"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        code: "unavailable" | "overloaded";
                    };
                };
            };
        };
    };
    cancelBooking: {
        parameters: {
            query?: never;
            header?: {
                /**
                 * @description `wait=n`: wait up to n seconds (a value above 10 is treated as 10) until the ledger has the change. The answer has `recorded: true` if the ledger has it, otherwise `recorded: false`; the change has been made in either case. The release of a hold never waits. If too many requests are waiting already, the answer comes at once
                 * @example wait=5
                 */
                prefer?: string;
                /**
                 * @description One entity tag such as `"1"`: change the booking only if it has this version, otherwise answer 412. Repeat a request with the same tag: if the first request succeeded, the repeat gets 200. `*` matches any version
                 * @example "1"
                 */
                "if-match"?: string;
            };
            path: {
                /** @description Id of the booking */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The booking, which is `cancelled`, or `expired` if it was an expired hold */
            200: {
                headers: {
                    /** @description The `version` of the booking, in quotes */
                    ETag?: string;
                    /** @description Present if the request had `Prefer: wait` and the ledger has the change */
                    "Preference-Applied"?: string;
                    "x-request-id": components["headers"]["RequestId"];
                    "x-server-time": components["headers"]["ServerTime"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Booking"];
                };
            };
            /** @description `invalid_request`: Invalid request */
            400: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    "x-server-time": components["headers"]["ServerTime"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        code: "invalid_request";
                    };
                };
            };
            /** @description `unauthenticated`: Not signed in */
            401: {
                headers: {
                    /** @description Authentication scheme that the API expects */
                    "WWW-Authenticate"?: string;
                    "x-request-id": components["headers"]["RequestId"];
                    "x-server-time": components["headers"]["ServerTime"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        code: "unauthenticated";
                    };
                };
            };
            /** @description `not_found`: Not found */
            404: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    "x-server-time": components["headers"]["ServerTime"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        code: "not_found";
                    };
                };
            };
            /** @description `showtime_closed`: Showtime closed · `showtime_cancelled`: Showtime cancelled · `showtime_started`: Showtime already started */
            409: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    "x-server-time": components["headers"]["ServerTime"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        code: "showtime_closed" | "showtime_cancelled" | "showtime_started";
                    };
                };
            };
            /** @description `version_mismatch`: Version mismatch */
            412: {
                headers: {
                    /** @description The current `version` of the booking, in quotes */
                    ETag?: string;
                    "x-request-id": components["headers"]["RequestId"];
                    "x-server-time": components["headers"]["ServerTime"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        code: "version_mismatch";
                    };
                };
            };
            /** @description `payload_too_large`: Request body too large */
            413: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    "x-server-time": components["headers"]["ServerTime"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        code: "payload_too_large";
                    };
                };
            };
            /** @description `unsupported_media_type`: Unsupported media type */
            415: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    "x-server-time": components["headers"]["ServerTime"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        code: "unsupported_media_type";
                    };
                };
            };
            /** @description `too_many_requests`: Too many requests */
            429: {
                headers: {
                    /** @description Seconds to wait before sending the same request again */
                    "Retry-After"?: number;
                    "x-request-id": components["headers"]["RequestId"];
                    "x-server-time": components["headers"]["ServerTime"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        code: "too_many_requests";
                    };
                };
            };
            /** @description `internal`: Internal error */
            500: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    "x-server-time": components["headers"]["ServerTime"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        code: "internal";
                    };
                };
            };
            /** @description `recovering`: Showtime being prepared · `busy`: At capacity · `outcome_unknown`: Outcome unknown · `unavailable`: Unavailable · `overloaded`: Overloaded */
            503: {
                headers: {
                    /** @description Seconds to wait before sending the same request again */
                    "Retry-After"?: number;
                    "x-request-id": components["headers"]["RequestId"];
                    "x-server-time": components["headers"]["ServerTime"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        code: "recovering" | "busy" | "outcome_unknown" | "unavailable" | "overloaded";
                    };
                };
            };
        };
    };
    confirmBooking: {
        parameters: {
            query?: never;
            header?: {
                /**
                 * @description `wait=n`: wait up to n seconds (a value above 10 is treated as 10) until the ledger has the change. The answer has `recorded: true` if the ledger has it, otherwise `recorded: false`; the change has been made in either case. The release of a hold never waits. If too many requests are waiting already, the answer comes at once
                 * @example wait=5
                 */
                prefer?: string;
                /**
                 * @description One entity tag such as `"1"`: change the booking only if it has this version, otherwise answer 412. Repeat a request with the same tag: if the first request succeeded, the repeat gets 200. `*` matches any version
                 * @example "1"
                 */
                "if-match"?: string;
            };
            path: {
                /** @description Id of the booking */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The confirmed booking */
            200: {
                headers: {
                    /** @description The `version` of the booking, in quotes */
                    ETag?: string;
                    /** @description Present if the request had `Prefer: wait` and the ledger has the change */
                    "Preference-Applied"?: string;
                    "x-request-id": components["headers"]["RequestId"];
                    "x-server-time": components["headers"]["ServerTime"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Booking"];
                };
            };
            /** @description `invalid_request`: Invalid request */
            400: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    "x-server-time": components["headers"]["ServerTime"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        code: "invalid_request";
                    };
                };
            };
            /** @description `unauthenticated`: Not signed in */
            401: {
                headers: {
                    /** @description Authentication scheme that the API expects */
                    "WWW-Authenticate"?: string;
                    "x-request-id": components["headers"]["RequestId"];
                    "x-server-time": components["headers"]["ServerTime"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        code: "unauthenticated";
                    };
                };
            };
            /** @description `not_found`: Not found */
            404: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    "x-server-time": components["headers"]["ServerTime"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        code: "not_found";
                    };
                };
            };
            /** @description `showtime_closed`: Showtime closed · `showtime_cancelled`: Showtime cancelled · `booking_state`: Booking was cancelled */
            409: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    "x-server-time": components["headers"]["ServerTime"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        code: "showtime_closed" | "showtime_cancelled" | "booking_state";
                    };
                };
            };
            /** @description `hold_expired`: Hold expired */
            410: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    "x-server-time": components["headers"]["ServerTime"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        code: "hold_expired";
                    };
                };
            };
            /** @description `version_mismatch`: Version mismatch */
            412: {
                headers: {
                    /** @description The current `version` of the booking, in quotes */
                    ETag?: string;
                    "x-request-id": components["headers"]["RequestId"];
                    "x-server-time": components["headers"]["ServerTime"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        code: "version_mismatch";
                    };
                };
            };
            /** @description `payload_too_large`: Request body too large */
            413: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    "x-server-time": components["headers"]["ServerTime"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        code: "payload_too_large";
                    };
                };
            };
            /** @description `unsupported_media_type`: Unsupported media type */
            415: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    "x-server-time": components["headers"]["ServerTime"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        code: "unsupported_media_type";
                    };
                };
            };
            /** @description `too_many_requests`: Too many requests */
            429: {
                headers: {
                    /** @description Seconds to wait before sending the same request again */
                    "Retry-After"?: number;
                    "x-request-id": components["headers"]["RequestId"];
                    "x-server-time": components["headers"]["ServerTime"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        code: "too_many_requests";
                    };
                };
            };
            /** @description `internal`: Internal error */
            500: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    "x-server-time": components["headers"]["ServerTime"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        code: "internal";
                    };
                };
            };
            /** @description `recovering`: Showtime being prepared · `busy`: At capacity · `outcome_unknown`: Outcome unknown · `unavailable`: Unavailable · `overloaded`: Overloaded */
            503: {
                headers: {
                    /** @description Seconds to wait before sending the same request again */
                    "Retry-After"?: number;
                    "x-request-id": components["headers"]["RequestId"];
                    "x-server-time": components["headers"]["ServerTime"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        code: "recovering" | "busy" | "outcome_unknown" | "unavailable" | "overloaded";
                    };
                };
            };
        };
    };
    listAdminMovies: {
        parameters: {
            query?: {
                /** @description Maximum number of items on a page */
                limit?: number;
                /** @description `nextCursor` of the previous page, from the same list and filters. Leave it out to get the first page */
                cursor?: string;
                /** @description Only movies with this status */
                status?: "now_showing" | "coming_soon" | "ended";
                /** @description Only movies whose title contains this text. Upper and lower case and accents are not distinguished; spaces around the text are ignored, and at least one other character is required */
                q?: string;
                /** @description `true`: only archived movies; `false`: only movies that are not archived */
                archived?: boolean;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description One page of movies */
            200: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    "x-server-time": components["headers"]["ServerTime"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AdminMoviePage"];
                };
            };
            /** @description `invalid_request`: Invalid request */
            400: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    "x-server-time": components["headers"]["ServerTime"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        code: "invalid_request";
                    };
                };
            };
            /** @description `unauthenticated`: Not signed in */
            401: {
                headers: {
                    /** @description Authentication scheme that the API expects */
                    "WWW-Authenticate"?: string;
                    "x-request-id": components["headers"]["RequestId"];
                    "x-server-time": components["headers"]["ServerTime"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        code: "unauthenticated";
                    };
                };
            };
            /** @description `forbidden`: Not allowed */
            403: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    "x-server-time": components["headers"]["ServerTime"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        code: "forbidden";
                    };
                };
            };
            /** @description `too_many_requests`: Too many requests */
            429: {
                headers: {
                    /** @description Seconds to wait before sending the same request again */
                    "Retry-After"?: number;
                    "x-request-id": components["headers"]["RequestId"];
                    "x-server-time": components["headers"]["ServerTime"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        code: "too_many_requests";
                    };
                };
            };
            /** @description `internal`: Internal error */
            500: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    "x-server-time": components["headers"]["ServerTime"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        code: "internal";
                    };
                };
            };
            /** @description `unavailable`: Unavailable · `overloaded`: Overloaded */
            503: {
                headers: {
                    /** @description Seconds to wait before sending the same request again */
                    "Retry-After"?: number;
                    "x-request-id": components["headers"]["RequestId"];
                    "x-server-time": components["headers"]["ServerTime"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        code: "unavailable" | "overloaded";
                    };
                };
            };
        };
    };
    createMovie: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["NewMovie"];
            };
        };
        responses: {
            /** @description The new movie */
            201: {
                headers: {
                    /** @description The version of the resource, for `If-Match` */
                    etag?: string;
                    "x-request-id": components["headers"]["RequestId"];
                    "x-server-time": components["headers"]["ServerTime"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AdminMovie"];
                };
            };
            /** @description `invalid_request`: Invalid request */
            400: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    "x-server-time": components["headers"]["ServerTime"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        code: "invalid_request";
                    };
                };
            };
            /** @description `unauthenticated`: Not signed in */
            401: {
                headers: {
                    /** @description Authentication scheme that the API expects */
                    "WWW-Authenticate"?: string;
                    "x-request-id": components["headers"]["RequestId"];
                    "x-server-time": components["headers"]["ServerTime"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        code: "unauthenticated";
                    };
                };
            };
            /** @description `forbidden`: Not allowed */
            403: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    "x-server-time": components["headers"]["ServerTime"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        code: "forbidden";
                    };
                };
            };
            /** @description `payload_too_large`: Request body too large */
            413: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    "x-server-time": components["headers"]["ServerTime"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        code: "payload_too_large";
                    };
                };
            };
            /** @description `unsupported_media_type`: Unsupported media type */
            415: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    "x-server-time": components["headers"]["ServerTime"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        code: "unsupported_media_type";
                    };
                };
            };
            /** @description `too_many_requests`: Too many requests */
            429: {
                headers: {
                    /** @description Seconds to wait before sending the same request again */
                    "Retry-After"?: number;
                    "x-request-id": components["headers"]["RequestId"];
                    "x-server-time": components["headers"]["ServerTime"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        code: "too_many_requests";
                    };
                };
            };
            /** @description `internal`: Internal error */
            500: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    "x-server-time": components["headers"]["ServerTime"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        code: "internal";
                    };
                };
            };
            /** @description `unavailable`: Unavailable · `outcome_unknown`: Outcome unknown · `overloaded`: Overloaded */
            503: {
                headers: {
                    /** @description Seconds to wait before sending the same request again */
                    "Retry-After"?: number;
                    "x-request-id": components["headers"]["RequestId"];
                    "x-server-time": components["headers"]["ServerTime"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        code: "unavailable" | "outcome_unknown" | "overloaded";
                    };
                };
            };
        };
    };
    showAdminMovie: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Id of the movie */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The movie */
            200: {
                headers: {
                    /** @description The version of the resource, for `If-Match` */
                    etag?: string;
                    "x-request-id": components["headers"]["RequestId"];
                    "x-server-time": components["headers"]["ServerTime"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AdminMovie"];
                };
            };
            /** @description `invalid_request`: Invalid request */
            400: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    "x-server-time": components["headers"]["ServerTime"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        code: "invalid_request";
                    };
                };
            };
            /** @description `unauthenticated`: Not signed in */
            401: {
                headers: {
                    /** @description Authentication scheme that the API expects */
                    "WWW-Authenticate"?: string;
                    "x-request-id": components["headers"]["RequestId"];
                    "x-server-time": components["headers"]["ServerTime"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        code: "unauthenticated";
                    };
                };
            };
            /** @description `forbidden`: Not allowed */
            403: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    "x-server-time": components["headers"]["ServerTime"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        code: "forbidden";
                    };
                };
            };
            /** @description `not_found`: Not found */
            404: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    "x-server-time": components["headers"]["ServerTime"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        code: "not_found";
                    };
                };
            };
            /** @description `too_many_requests`: Too many requests */
            429: {
                headers: {
                    /** @description Seconds to wait before sending the same request again */
                    "Retry-After"?: number;
                    "x-request-id": components["headers"]["RequestId"];
                    "x-server-time": components["headers"]["ServerTime"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        code: "too_many_requests";
                    };
                };
            };
            /** @description `internal`: Internal error */
            500: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    "x-server-time": components["headers"]["ServerTime"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        code: "internal";
                    };
                };
            };
            /** @description `unavailable`: Unavailable · `overloaded`: Overloaded */
            503: {
                headers: {
                    /** @description Seconds to wait before sending the same request again */
                    "Retry-After"?: number;
                    "x-request-id": components["headers"]["RequestId"];
                    "x-server-time": components["headers"]["ServerTime"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        code: "unavailable" | "overloaded";
                    };
                };
            };
        };
    };
    updateMovie: {
        parameters: {
            query?: never;
            header?: {
                /**
                 * @description The `ETag` of the version that the change is based on, or a list of them: if the resource has another version, the answer is 412 and nothing is changed. Optional; without it the change is made whatever the version
                 * @example "3"
                 */
                "if-match"?: string;
            };
            path: {
                /** @description Id of the movie */
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["MovieChange"];
            };
        };
        responses: {
            /** @description The movie after the change */
            200: {
                headers: {
                    /** @description The version of the resource, for `If-Match` */
                    etag?: string;
                    "x-request-id": components["headers"]["RequestId"];
                    "x-server-time": components["headers"]["ServerTime"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AdminMovie"];
                };
            };
            /** @description `invalid_request`: Invalid request */
            400: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    "x-server-time": components["headers"]["ServerTime"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        code: "invalid_request";
                    };
                };
            };
            /** @description `unauthenticated`: Not signed in */
            401: {
                headers: {
                    /** @description Authentication scheme that the API expects */
                    "WWW-Authenticate"?: string;
                    "x-request-id": components["headers"]["RequestId"];
                    "x-server-time": components["headers"]["ServerTime"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        code: "unauthenticated";
                    };
                };
            };
            /** @description `forbidden`: Not allowed */
            403: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    "x-server-time": components["headers"]["ServerTime"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        code: "forbidden";
                    };
                };
            };
            /** @description `not_found`: Not found */
            404: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    "x-server-time": components["headers"]["ServerTime"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        code: "not_found";
                    };
                };
            };
            /** @description `version_mismatch`: Version mismatch */
            412: {
                headers: {
                    /** @description The current `version` of the booking, in quotes */
                    ETag?: string;
                    "x-request-id": components["headers"]["RequestId"];
                    "x-server-time": components["headers"]["ServerTime"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        code: "version_mismatch";
                    };
                };
            };
            /** @description `payload_too_large`: Request body too large */
            413: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    "x-server-time": components["headers"]["ServerTime"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        code: "payload_too_large";
                    };
                };
            };
            /** @description `unsupported_media_type`: Unsupported media type */
            415: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    "x-server-time": components["headers"]["ServerTime"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        code: "unsupported_media_type";
                    };
                };
            };
            /** @description `too_many_requests`: Too many requests */
            429: {
                headers: {
                    /** @description Seconds to wait before sending the same request again */
                    "Retry-After"?: number;
                    "x-request-id": components["headers"]["RequestId"];
                    "x-server-time": components["headers"]["ServerTime"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        code: "too_many_requests";
                    };
                };
            };
            /** @description `internal`: Internal error */
            500: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    "x-server-time": components["headers"]["ServerTime"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        code: "internal";
                    };
                };
            };
            /** @description `unavailable`: Unavailable · `outcome_unknown`: Outcome unknown · `overloaded`: Overloaded */
            503: {
                headers: {
                    /** @description Seconds to wait before sending the same request again */
                    "Retry-After"?: number;
                    "x-request-id": components["headers"]["RequestId"];
                    "x-server-time": components["headers"]["ServerTime"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        code: "unavailable" | "outcome_unknown" | "overloaded";
                    };
                };
            };
        };
    };
    archiveMovie: {
        parameters: {
            query?: {
                /**
                 * @description Why the change is made. Kept in the audit trail
                 * @example The projector of hall 1 is broken.
                 */
                reason?: string;
            };
            header?: {
                /**
                 * @description The `ETag` of the version that the change is based on, or a list of them: if the resource has another version, the answer is 412 and nothing is changed. Optional; without it the change is made whatever the version
                 * @example "3"
                 */
                "if-match"?: string;
            };
            path: {
                /** @description Id of the movie */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The archived movie */
            200: {
                headers: {
                    /** @description The version of the resource, for `If-Match` */
                    etag?: string;
                    "x-request-id": components["headers"]["RequestId"];
                    "x-server-time": components["headers"]["ServerTime"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AdminMovie"];
                };
            };
            /** @description `invalid_request`: Invalid request */
            400: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    "x-server-time": components["headers"]["ServerTime"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        code: "invalid_request";
                    };
                };
            };
            /** @description `unauthenticated`: Not signed in */
            401: {
                headers: {
                    /** @description Authentication scheme that the API expects */
                    "WWW-Authenticate"?: string;
                    "x-request-id": components["headers"]["RequestId"];
                    "x-server-time": components["headers"]["ServerTime"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        code: "unauthenticated";
                    };
                };
            };
            /** @description `forbidden`: Not allowed */
            403: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    "x-server-time": components["headers"]["ServerTime"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        code: "forbidden";
                    };
                };
            };
            /** @description `not_found`: Not found */
            404: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    "x-server-time": components["headers"]["ServerTime"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        code: "not_found";
                    };
                };
            };
            /** @description `has_bookings`: Customers have seats */
            409: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    "x-server-time": components["headers"]["ServerTime"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        code: "has_bookings";
                    };
                };
            };
            /** @description `version_mismatch`: Version mismatch */
            412: {
                headers: {
                    /** @description The current `version` of the booking, in quotes */
                    ETag?: string;
                    "x-request-id": components["headers"]["RequestId"];
                    "x-server-time": components["headers"]["ServerTime"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        code: "version_mismatch";
                    };
                };
            };
            /** @description `payload_too_large`: Request body too large */
            413: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    "x-server-time": components["headers"]["ServerTime"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        code: "payload_too_large";
                    };
                };
            };
            /** @description `unsupported_media_type`: Unsupported media type */
            415: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    "x-server-time": components["headers"]["ServerTime"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        code: "unsupported_media_type";
                    };
                };
            };
            /** @description `too_many_requests`: Too many requests */
            429: {
                headers: {
                    /** @description Seconds to wait before sending the same request again */
                    "Retry-After"?: number;
                    "x-request-id": components["headers"]["RequestId"];
                    "x-server-time": components["headers"]["ServerTime"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        code: "too_many_requests";
                    };
                };
            };
            /** @description `internal`: Internal error */
            500: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    "x-server-time": components["headers"]["ServerTime"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        code: "internal";
                    };
                };
            };
            /** @description `unavailable`: Unavailable · `outcome_unknown`: Outcome unknown · `overloaded`: Overloaded */
            503: {
                headers: {
                    /** @description Seconds to wait before sending the same request again */
                    "Retry-After"?: number;
                    "x-request-id": components["headers"]["RequestId"];
                    "x-server-time": components["headers"]["ServerTime"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        code: "unavailable" | "outcome_unknown" | "overloaded";
                    };
                };
            };
        };
    };
    listAuditEvents: {
        parameters: {
            query?: {
                /** @description Maximum number of items on a page */
                limit?: number;
                /** @description `nextCursor` of the previous page, from the same list and filters. Leave it out to get the first page */
                cursor?: string;
                /** @description Only commands of the user with this id */
                actor?: string;
                /** @description Only this action, such as `movie.updated` */
                action?: string;
                /** @description Only changes of this kind of thing */
                targetType?: "movie" | "auditorium" | "plan" | "showtime" | "batch" | "user" | "booking";
                /** @description Only changes of the thing with this id */
                targetId?: string;
                /** @description Only changes that are about the showtime with this id */
                showtimeId?: string;
                /** @description Only entries with `recordedAt` at this instant or later */
                from?: string;
                /** @description Only entries with `recordedAt` before this instant */
                to?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description One page of the audit trail, newest first */
            200: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    "x-server-time": components["headers"]["ServerTime"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AuditEventPage"];
                };
            };
            /** @description `invalid_request`: Invalid request */
            400: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    "x-server-time": components["headers"]["ServerTime"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        code: "invalid_request";
                    };
                };
            };
            /** @description `unauthenticated`: Not signed in */
            401: {
                headers: {
                    /** @description Authentication scheme that the API expects */
                    "WWW-Authenticate"?: string;
                    "x-request-id": components["headers"]["RequestId"];
                    "x-server-time": components["headers"]["ServerTime"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        code: "unauthenticated";
                    };
                };
            };
            /** @description `forbidden`: Not allowed */
            403: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    "x-server-time": components["headers"]["ServerTime"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        code: "forbidden";
                    };
                };
            };
            /** @description `too_many_requests`: Too many requests */
            429: {
                headers: {
                    /** @description Seconds to wait before sending the same request again */
                    "Retry-After"?: number;
                    "x-request-id": components["headers"]["RequestId"];
                    "x-server-time": components["headers"]["ServerTime"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        code: "too_many_requests";
                    };
                };
            };
            /** @description `internal`: Internal error */
            500: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    "x-server-time": components["headers"]["ServerTime"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        code: "internal";
                    };
                };
            };
            /** @description `unavailable`: Unavailable · `overloaded`: Overloaded */
            503: {
                headers: {
                    /** @description Seconds to wait before sending the same request again */
                    "Retry-After"?: number;
                    "x-request-id": components["headers"]["RequestId"];
                    "x-server-time": components["headers"]["ServerTime"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        code: "unavailable" | "overloaded";
                    };
                };
            };
        };
    };
    listAuditoriums: {
        parameters: {
            query?: {
                /** @description Maximum number of items on a page */
                limit?: number;
                /** @description `nextCursor` of the previous page, from the same list and filters. Leave it out to get the first page */
                cursor?: string;
                /** @description `true`: only archived auditoriums; `false`: only auditoriums that are not archived */
                archived?: boolean;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description One page of auditoriums */
            200: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    "x-server-time": components["headers"]["ServerTime"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AuditoriumPage"];
                };
            };
            /** @description `invalid_request`: Invalid request */
            400: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    "x-server-time": components["headers"]["ServerTime"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        code: "invalid_request";
                    };
                };
            };
            /** @description `unauthenticated`: Not signed in */
            401: {
                headers: {
                    /** @description Authentication scheme that the API expects */
                    "WWW-Authenticate"?: string;
                    "x-request-id": components["headers"]["RequestId"];
                    "x-server-time": components["headers"]["ServerTime"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        code: "unauthenticated";
                    };
                };
            };
            /** @description `forbidden`: Not allowed */
            403: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    "x-server-time": components["headers"]["ServerTime"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        code: "forbidden";
                    };
                };
            };
            /** @description `too_many_requests`: Too many requests */
            429: {
                headers: {
                    /** @description Seconds to wait before sending the same request again */
                    "Retry-After"?: number;
                    "x-request-id": components["headers"]["RequestId"];
                    "x-server-time": components["headers"]["ServerTime"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        code: "too_many_requests";
                    };
                };
            };
            /** @description `internal`: Internal error */
            500: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    "x-server-time": components["headers"]["ServerTime"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        code: "internal";
                    };
                };
            };
            /** @description `unavailable`: Unavailable · `overloaded`: Overloaded */
            503: {
                headers: {
                    /** @description Seconds to wait before sending the same request again */
                    "Retry-After"?: number;
                    "x-request-id": components["headers"]["RequestId"];
                    "x-server-time": components["headers"]["ServerTime"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        code: "unavailable" | "overloaded";
                    };
                };
            };
        };
    };
    createAuditorium: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["NewAuditorium"];
            };
        };
        responses: {
            /** @description The new auditorium */
            201: {
                headers: {
                    /** @description The version of the resource, for `If-Match` */
                    etag?: string;
                    "x-request-id": components["headers"]["RequestId"];
                    "x-server-time": components["headers"]["ServerTime"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Auditorium"];
                };
            };
            /** @description `invalid_request`: Invalid request */
            400: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    "x-server-time": components["headers"]["ServerTime"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        code: "invalid_request";
                    };
                };
            };
            /** @description `unauthenticated`: Not signed in */
            401: {
                headers: {
                    /** @description Authentication scheme that the API expects */
                    "WWW-Authenticate"?: string;
                    "x-request-id": components["headers"]["RequestId"];
                    "x-server-time": components["headers"]["ServerTime"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        code: "unauthenticated";
                    };
                };
            };
            /** @description `forbidden`: Not allowed */
            403: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    "x-server-time": components["headers"]["ServerTime"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        code: "forbidden";
                    };
                };
            };
            /** @description `payload_too_large`: Request body too large */
            413: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    "x-server-time": components["headers"]["ServerTime"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        code: "payload_too_large";
                    };
                };
            };
            /** @description `unsupported_media_type`: Unsupported media type */
            415: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    "x-server-time": components["headers"]["ServerTime"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        code: "unsupported_media_type";
                    };
                };
            };
            /** @description `too_many_requests`: Too many requests */
            429: {
                headers: {
                    /** @description Seconds to wait before sending the same request again */
                    "Retry-After"?: number;
                    "x-request-id": components["headers"]["RequestId"];
                    "x-server-time": components["headers"]["ServerTime"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        code: "too_many_requests";
                    };
                };
            };
            /** @description `internal`: Internal error */
            500: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    "x-server-time": components["headers"]["ServerTime"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        code: "internal";
                    };
                };
            };
            /** @description `unavailable`: Unavailable · `outcome_unknown`: Outcome unknown · `overloaded`: Overloaded */
            503: {
                headers: {
                    /** @description Seconds to wait before sending the same request again */
                    "Retry-After"?: number;
                    "x-request-id": components["headers"]["RequestId"];
                    "x-server-time": components["headers"]["ServerTime"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        code: "unavailable" | "outcome_unknown" | "overloaded";
                    };
                };
            };
        };
    };
    showAuditorium: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Id of the auditorium */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The auditorium */
            200: {
                headers: {
                    /** @description The version of the resource, for `If-Match` */
                    etag?: string;
                    "x-request-id": components["headers"]["RequestId"];
                    "x-server-time": components["headers"]["ServerTime"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Auditorium"];
                };
            };
            /** @description `invalid_request`: Invalid request */
            400: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    "x-server-time": components["headers"]["ServerTime"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        code: "invalid_request";
                    };
                };
            };
            /** @description `unauthenticated`: Not signed in */
            401: {
                headers: {
                    /** @description Authentication scheme that the API expects */
                    "WWW-Authenticate"?: string;
                    "x-request-id": components["headers"]["RequestId"];
                    "x-server-time": components["headers"]["ServerTime"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        code: "unauthenticated";
                    };
                };
            };
            /** @description `forbidden`: Not allowed */
            403: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    "x-server-time": components["headers"]["ServerTime"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        code: "forbidden";
                    };
                };
            };
            /** @description `not_found`: Not found */
            404: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    "x-server-time": components["headers"]["ServerTime"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        code: "not_found";
                    };
                };
            };
            /** @description `too_many_requests`: Too many requests */
            429: {
                headers: {
                    /** @description Seconds to wait before sending the same request again */
                    "Retry-After"?: number;
                    "x-request-id": components["headers"]["RequestId"];
                    "x-server-time": components["headers"]["ServerTime"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        code: "too_many_requests";
                    };
                };
            };
            /** @description `internal`: Internal error */
            500: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    "x-server-time": components["headers"]["ServerTime"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        code: "internal";
                    };
                };
            };
            /** @description `unavailable`: Unavailable · `overloaded`: Overloaded */
            503: {
                headers: {
                    /** @description Seconds to wait before sending the same request again */
                    "Retry-After"?: number;
                    "x-request-id": components["headers"]["RequestId"];
                    "x-server-time": components["headers"]["ServerTime"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        code: "unavailable" | "overloaded";
                    };
                };
            };
        };
    };
    updateAuditorium: {
        parameters: {
            query?: never;
            header?: {
                /**
                 * @description The `ETag` of the version that the change is based on, or a list of them: if the resource has another version, the answer is 412 and nothing is changed. Optional; without it the change is made whatever the version
                 * @example "3"
                 */
                "if-match"?: string;
            };
            path: {
                /** @description Id of the auditorium */
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["AuditoriumChange"];
            };
        };
        responses: {
            /** @description The auditorium after the change */
            200: {
                headers: {
                    /** @description The version of the resource, for `If-Match` */
                    etag?: string;
                    "x-request-id": components["headers"]["RequestId"];
                    "x-server-time": components["headers"]["ServerTime"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Auditorium"];
                };
            };
            /** @description `invalid_request`: Invalid request */
            400: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    "x-server-time": components["headers"]["ServerTime"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        code: "invalid_request";
                    };
                };
            };
            /** @description `unauthenticated`: Not signed in */
            401: {
                headers: {
                    /** @description Authentication scheme that the API expects */
                    "WWW-Authenticate"?: string;
                    "x-request-id": components["headers"]["RequestId"];
                    "x-server-time": components["headers"]["ServerTime"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        code: "unauthenticated";
                    };
                };
            };
            /** @description `forbidden`: Not allowed */
            403: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    "x-server-time": components["headers"]["ServerTime"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        code: "forbidden";
                    };
                };
            };
            /** @description `not_found`: Not found */
            404: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    "x-server-time": components["headers"]["ServerTime"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        code: "not_found";
                    };
                };
            };
            /** @description `has_showtimes`: Showtimes to come */
            409: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    "x-server-time": components["headers"]["ServerTime"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        code: "has_showtimes";
                    };
                };
            };
            /** @description `version_mismatch`: Version mismatch */
            412: {
                headers: {
                    /** @description The current `version` of the booking, in quotes */
                    ETag?: string;
                    "x-request-id": components["headers"]["RequestId"];
                    "x-server-time": components["headers"]["ServerTime"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        code: "version_mismatch";
                    };
                };
            };
            /** @description `payload_too_large`: Request body too large */
            413: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    "x-server-time": components["headers"]["ServerTime"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        code: "payload_too_large";
                    };
                };
            };
            /** @description `unsupported_media_type`: Unsupported media type */
            415: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    "x-server-time": components["headers"]["ServerTime"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        code: "unsupported_media_type";
                    };
                };
            };
            /** @description `unknown_tiers`: Prices do not fit the seat plan · `unknown_seats`: Unknown seats · `currency_mismatch`: Wrong currency */
            422: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    "x-server-time": components["headers"]["ServerTime"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        code: "unknown_tiers" | "unknown_seats" | "currency_mismatch";
                    };
                };
            };
            /** @description `too_many_requests`: Too many requests */
            429: {
                headers: {
                    /** @description Seconds to wait before sending the same request again */
                    "Retry-After"?: number;
                    "x-request-id": components["headers"]["RequestId"];
                    "x-server-time": components["headers"]["ServerTime"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        code: "too_many_requests";
                    };
                };
            };
            /** @description `internal`: Internal error */
            500: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    "x-server-time": components["headers"]["ServerTime"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        code: "internal";
                    };
                };
            };
            /** @description `unavailable`: Unavailable · `outcome_unknown`: Outcome unknown · `overloaded`: Overloaded */
            503: {
                headers: {
                    /** @description Seconds to wait before sending the same request again */
                    "Retry-After"?: number;
                    "x-request-id": components["headers"]["RequestId"];
                    "x-server-time": components["headers"]["ServerTime"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        code: "unavailable" | "outcome_unknown" | "overloaded";
                    };
                };
            };
        };
    };
    archiveAuditorium: {
        parameters: {
            query?: {
                /**
                 * @description Why the change is made. Kept in the audit trail
                 * @example The projector of hall 1 is broken.
                 */
                reason?: string;
            };
            header?: {
                /**
                 * @description The `ETag` of the version that the change is based on, or a list of them: if the resource has another version, the answer is 412 and nothing is changed. Optional; without it the change is made whatever the version
                 * @example "3"
                 */
                "if-match"?: string;
            };
            path: {
                /** @description Id of the auditorium */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The archived auditorium */
            200: {
                headers: {
                    /** @description The version of the resource, for `If-Match` */
                    etag?: string;
                    "x-request-id": components["headers"]["RequestId"];
                    "x-server-time": components["headers"]["ServerTime"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Auditorium"];
                };
            };
            /** @description `invalid_request`: Invalid request */
            400: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    "x-server-time": components["headers"]["ServerTime"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        code: "invalid_request";
                    };
                };
            };
            /** @description `unauthenticated`: Not signed in */
            401: {
                headers: {
                    /** @description Authentication scheme that the API expects */
                    "WWW-Authenticate"?: string;
                    "x-request-id": components["headers"]["RequestId"];
                    "x-server-time": components["headers"]["ServerTime"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        code: "unauthenticated";
                    };
                };
            };
            /** @description `forbidden`: Not allowed */
            403: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    "x-server-time": components["headers"]["ServerTime"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        code: "forbidden";
                    };
                };
            };
            /** @description `not_found`: Not found */
            404: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    "x-server-time": components["headers"]["ServerTime"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        code: "not_found";
                    };
                };
            };
            /** @description `has_showtimes`: Showtimes to come */
            409: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    "x-server-time": components["headers"]["ServerTime"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        code: "has_showtimes";
                    };
                };
            };
            /** @description `version_mismatch`: Version mismatch */
            412: {
                headers: {
                    /** @description The current `version` of the booking, in quotes */
                    ETag?: string;
                    "x-request-id": components["headers"]["RequestId"];
                    "x-server-time": components["headers"]["ServerTime"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        code: "version_mismatch";
                    };
                };
            };
            /** @description `payload_too_large`: Request body too large */
            413: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    "x-server-time": components["headers"]["ServerTime"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        code: "payload_too_large";
                    };
                };
            };
            /** @description `unsupported_media_type`: Unsupported media type */
            415: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    "x-server-time": components["headers"]["ServerTime"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        code: "unsupported_media_type";
                    };
                };
            };
            /** @description `too_many_requests`: Too many requests */
            429: {
                headers: {
                    /** @description Seconds to wait before sending the same request again */
                    "Retry-After"?: number;
                    "x-request-id": components["headers"]["RequestId"];
                    "x-server-time": components["headers"]["ServerTime"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        code: "too_many_requests";
                    };
                };
            };
            /** @description `internal`: Internal error */
            500: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    "x-server-time": components["headers"]["ServerTime"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        code: "internal";
                    };
                };
            };
            /** @description `unavailable`: Unavailable · `outcome_unknown`: Outcome unknown · `overloaded`: Overloaded */
            503: {
                headers: {
                    /** @description Seconds to wait before sending the same request again */
                    "Retry-After"?: number;
                    "x-request-id": components["headers"]["RequestId"];
                    "x-server-time": components["headers"]["ServerTime"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        code: "unavailable" | "outcome_unknown" | "overloaded";
                    };
                };
            };
        };
    };
    listSeatPlans: {
        parameters: {
            query?: {
                /** @description Maximum number of items on a page */
                limit?: number;
                /** @description `nextCursor` of the previous page, from the same list and filters. Leave it out to get the first page */
                cursor?: string;
                /** @description `true`: only the current plan; `false`: only plans that are not current */
                isCurrent?: boolean;
            };
            header?: never;
            path: {
                /** @description Id of the auditorium */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description One page of plans */
            200: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    "x-server-time": components["headers"]["ServerTime"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AdminSeatPlanPage"];
                };
            };
            /** @description `invalid_request`: Invalid request */
            400: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    "x-server-time": components["headers"]["ServerTime"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        code: "invalid_request";
                    };
                };
            };
            /** @description `unauthenticated`: Not signed in */
            401: {
                headers: {
                    /** @description Authentication scheme that the API expects */
                    "WWW-Authenticate"?: string;
                    "x-request-id": components["headers"]["RequestId"];
                    "x-server-time": components["headers"]["ServerTime"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        code: "unauthenticated";
                    };
                };
            };
            /** @description `forbidden`: Not allowed */
            403: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    "x-server-time": components["headers"]["ServerTime"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        code: "forbidden";
                    };
                };
            };
            /** @description `not_found`: Not found */
            404: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    "x-server-time": components["headers"]["ServerTime"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        code: "not_found";
                    };
                };
            };
            /** @description `too_many_requests`: Too many requests */
            429: {
                headers: {
                    /** @description Seconds to wait before sending the same request again */
                    "Retry-After"?: number;
                    "x-request-id": components["headers"]["RequestId"];
                    "x-server-time": components["headers"]["ServerTime"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        code: "too_many_requests";
                    };
                };
            };
            /** @description `internal`: Internal error */
            500: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    "x-server-time": components["headers"]["ServerTime"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        code: "internal";
                    };
                };
            };
            /** @description `unavailable`: Unavailable · `overloaded`: Overloaded */
            503: {
                headers: {
                    /** @description Seconds to wait before sending the same request again */
                    "Retry-After"?: number;
                    "x-request-id": components["headers"]["RequestId"];
                    "x-server-time": components["headers"]["ServerTime"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        code: "unavailable" | "overloaded";
                    };
                };
            };
        };
    };
    createSeatPlan: {
        parameters: {
            query?: {
                /** @description `true`: show what would be stored, and store nothing */
                dryRun?: boolean;
            };
            header?: never;
            path: {
                /** @description Id of the auditorium */
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["NewSeatPlan"];
            };
        };
        responses: {
            /** @description A dry run: the plan that would be stored */
            200: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    "x-server-time": components["headers"]["ServerTime"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SeatPlanDraft"];
                };
            };
            /** @description The new plan */
            201: {
                headers: {
                    /** @description The version of the resource, for `If-Match` */
                    etag?: string;
                    "x-request-id": components["headers"]["RequestId"];
                    "x-server-time": components["headers"]["ServerTime"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AdminSeatPlan"];
                };
            };
            /** @description `invalid_request`: Invalid request */
            400: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    "x-server-time": components["headers"]["ServerTime"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        code: "invalid_request";
                    };
                };
            };
            /** @description `unauthenticated`: Not signed in */
            401: {
                headers: {
                    /** @description Authentication scheme that the API expects */
                    "WWW-Authenticate"?: string;
                    "x-request-id": components["headers"]["RequestId"];
                    "x-server-time": components["headers"]["ServerTime"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        code: "unauthenticated";
                    };
                };
            };
            /** @description `forbidden`: Not allowed */
            403: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    "x-server-time": components["headers"]["ServerTime"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        code: "forbidden";
                    };
                };
            };
            /** @description `not_found`: Not found */
            404: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    "x-server-time": components["headers"]["ServerTime"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        code: "not_found";
                    };
                };
            };
            /** @description `payload_too_large`: Request body too large */
            413: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    "x-server-time": components["headers"]["ServerTime"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        code: "payload_too_large";
                    };
                };
            };
            /** @description `unsupported_media_type`: Unsupported media type */
            415: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    "x-server-time": components["headers"]["ServerTime"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        code: "unsupported_media_type";
                    };
                };
            };
            /** @description `invalid_plan`: Invalid seat plan */
            422: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    "x-server-time": components["headers"]["ServerTime"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        code: "invalid_plan";
                    };
                };
            };
            /** @description `too_many_requests`: Too many requests */
            429: {
                headers: {
                    /** @description Seconds to wait before sending the same request again */
                    "Retry-After"?: number;
                    "x-request-id": components["headers"]["RequestId"];
                    "x-server-time": components["headers"]["ServerTime"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        code: "too_many_requests";
                    };
                };
            };
            /** @description `internal`: Internal error */
            500: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    "x-server-time": components["headers"]["ServerTime"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        code: "internal";
                    };
                };
            };
            /** @description `unavailable`: Unavailable · `outcome_unknown`: Outcome unknown · `overloaded`: Overloaded */
            503: {
                headers: {
                    /** @description Seconds to wait before sending the same request again */
                    "Retry-After"?: number;
                    "x-request-id": components["headers"]["RequestId"];
                    "x-server-time": components["headers"]["ServerTime"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        code: "unavailable" | "outcome_unknown" | "overloaded";
                    };
                };
            };
        };
    };
    showAdminSeatPlan: {
        parameters: {
            query?: {
                /** @description `holdfast` if absent */
                format?: "holdfast" | "pretix";
            };
            header?: never;
            path: {
                /** @description Id of the seat plan */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The plan */
            200: {
                headers: {
                    /** @description The version of the resource, for `If-Match` */
                    etag?: string;
                    "x-request-id": components["headers"]["RequestId"];
                    "x-server-time": components["headers"]["ServerTime"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AdminSeatPlanDetails"];
                };
            };
            /** @description `invalid_request`: Invalid request */
            400: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    "x-server-time": components["headers"]["ServerTime"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        code: "invalid_request";
                    };
                };
            };
            /** @description `unauthenticated`: Not signed in */
            401: {
                headers: {
                    /** @description Authentication scheme that the API expects */
                    "WWW-Authenticate"?: string;
                    "x-request-id": components["headers"]["RequestId"];
                    "x-server-time": components["headers"]["ServerTime"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        code: "unauthenticated";
                    };
                };
            };
            /** @description `forbidden`: Not allowed */
            403: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    "x-server-time": components["headers"]["ServerTime"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        code: "forbidden";
                    };
                };
            };
            /** @description `not_found`: Not found */
            404: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    "x-server-time": components["headers"]["ServerTime"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        code: "not_found";
                    };
                };
            };
            /** @description `too_many_requests`: Too many requests */
            429: {
                headers: {
                    /** @description Seconds to wait before sending the same request again */
                    "Retry-After"?: number;
                    "x-request-id": components["headers"]["RequestId"];
                    "x-server-time": components["headers"]["ServerTime"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        code: "too_many_requests";
                    };
                };
            };
            /** @description `internal`: Internal error */
            500: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    "x-server-time": components["headers"]["ServerTime"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        code: "internal";
                    };
                };
            };
            /** @description `unavailable`: Unavailable · `overloaded`: Overloaded */
            503: {
                headers: {
                    /** @description Seconds to wait before sending the same request again */
                    "Retry-After"?: number;
                    "x-request-id": components["headers"]["RequestId"];
                    "x-server-time": components["headers"]["ServerTime"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        code: "unavailable" | "overloaded";
                    };
                };
            };
        };
    };
    updateSeatPlan: {
        parameters: {
            query?: never;
            header?: {
                /**
                 * @description The `ETag` of the version that the change is based on, or a list of them: if the resource has another version, the answer is 412 and nothing is changed. Optional; without it the change is made whatever the version
                 * @example "3"
                 */
                "if-match"?: string;
            };
            path: {
                /** @description Id of the seat plan */
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["SeatPlanChange"];
            };
        };
        responses: {
            /** @description The plan after the change, without its rows */
            200: {
                headers: {
                    /** @description The version of the resource, for `If-Match` */
                    etag?: string;
                    "x-request-id": components["headers"]["RequestId"];
                    "x-server-time": components["headers"]["ServerTime"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AdminSeatPlan"];
                };
            };
            /** @description `invalid_request`: Invalid request */
            400: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    "x-server-time": components["headers"]["ServerTime"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        code: "invalid_request";
                    };
                };
            };
            /** @description `unauthenticated`: Not signed in */
            401: {
                headers: {
                    /** @description Authentication scheme that the API expects */
                    "WWW-Authenticate"?: string;
                    "x-request-id": components["headers"]["RequestId"];
                    "x-server-time": components["headers"]["ServerTime"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        code: "unauthenticated";
                    };
                };
            };
            /** @description `forbidden`: Not allowed */
            403: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    "x-server-time": components["headers"]["ServerTime"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        code: "forbidden";
                    };
                };
            };
            /** @description `not_found`: Not found */
            404: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    "x-server-time": components["headers"]["ServerTime"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        code: "not_found";
                    };
                };
            };
            /** @description `version_mismatch`: Version mismatch */
            412: {
                headers: {
                    /** @description The current `version` of the booking, in quotes */
                    ETag?: string;
                    "x-request-id": components["headers"]["RequestId"];
                    "x-server-time": components["headers"]["ServerTime"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        code: "version_mismatch";
                    };
                };
            };
            /** @description `payload_too_large`: Request body too large */
            413: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    "x-server-time": components["headers"]["ServerTime"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        code: "payload_too_large";
                    };
                };
            };
            /** @description `unsupported_media_type`: Unsupported media type */
            415: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    "x-server-time": components["headers"]["ServerTime"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        code: "unsupported_media_type";
                    };
                };
            };
            /** @description `unknown_tiers`: Prices do not fit the seat plan · `unknown_seats`: Unknown seats */
            422: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    "x-server-time": components["headers"]["ServerTime"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        code: "unknown_tiers" | "unknown_seats";
                    };
                };
            };
            /** @description `too_many_requests`: Too many requests */
            429: {
                headers: {
                    /** @description Seconds to wait before sending the same request again */
                    "Retry-After"?: number;
                    "x-request-id": components["headers"]["RequestId"];
                    "x-server-time": components["headers"]["ServerTime"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        code: "too_many_requests";
                    };
                };
            };
            /** @description `internal`: Internal error */
            500: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    "x-server-time": components["headers"]["ServerTime"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        code: "internal";
                    };
                };
            };
            /** @description `unavailable`: Unavailable · `outcome_unknown`: Outcome unknown · `overloaded`: Overloaded */
            503: {
                headers: {
                    /** @description Seconds to wait before sending the same request again */
                    "Retry-After"?: number;
                    "x-request-id": components["headers"]["RequestId"];
                    "x-server-time": components["headers"]["ServerTime"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        code: "unavailable" | "outcome_unknown" | "overloaded";
                    };
                };
            };
        };
    };
    listAdminShowtimes: {
        parameters: {
            query?: {
                /** @description Maximum number of items on a page */
                limit?: number;
                /** @description `nextCursor` of the previous page, from the same list and filters. Leave it out to get the first page */
                cursor?: string;
                /** @description Only showtimes in this auditorium. A malformed id is answered 400, an unknown one with an empty page */
                auditoriumId?: string;
                /** @description Only showtimes of this movie. A malformed id is answered 400, an unknown one with an empty page */
                movieId?: string;
                /** @description Only showtimes in this state */
                state?: "open" | "paused" | "closed" | "cancelled";
                /**
                 * @description Only showtimes that start at this instant or later
                 * @example 2026-11-22T19:15:00.000Z
                 */
                from?: string;
                /**
                 * @description Only showtimes that start before this instant
                 * @example 2026-11-22T19:15:00.000Z
                 */
                to?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description One page of showtimes, earliest first */
            200: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    "x-server-time": components["headers"]["ServerTime"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AdminShowtimePage"];
                };
            };
            /** @description `invalid_request`: Invalid request */
            400: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    "x-server-time": components["headers"]["ServerTime"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        code: "invalid_request";
                    };
                };
            };
            /** @description `unauthenticated`: Not signed in */
            401: {
                headers: {
                    /** @description Authentication scheme that the API expects */
                    "WWW-Authenticate"?: string;
                    "x-request-id": components["headers"]["RequestId"];
                    "x-server-time": components["headers"]["ServerTime"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        code: "unauthenticated";
                    };
                };
            };
            /** @description `forbidden`: Not allowed */
            403: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    "x-server-time": components["headers"]["ServerTime"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        code: "forbidden";
                    };
                };
            };
            /** @description `too_many_requests`: Too many requests */
            429: {
                headers: {
                    /** @description Seconds to wait before sending the same request again */
                    "Retry-After"?: number;
                    "x-request-id": components["headers"]["RequestId"];
                    "x-server-time": components["headers"]["ServerTime"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        code: "too_many_requests";
                    };
                };
            };
            /** @description `internal`: Internal error */
            500: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    "x-server-time": components["headers"]["ServerTime"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        code: "internal";
                    };
                };
            };
            /** @description `unavailable`: Unavailable · `overloaded`: Overloaded */
            503: {
                headers: {
                    /** @description Seconds to wait before sending the same request again */
                    "Retry-After"?: number;
                    "x-request-id": components["headers"]["RequestId"];
                    "x-server-time": components["headers"]["ServerTime"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        code: "unavailable" | "overloaded";
                    };
                };
            };
        };
    };
    createShowtime: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["NewShowtime"];
            };
        };
        responses: {
            /** @description The new showtime */
            201: {
                headers: {
                    /** @description The versions of terms and schedule, for `If-Match` */
                    etag?: string;
                    "x-request-id": components["headers"]["RequestId"];
                    "x-server-time": components["headers"]["ServerTime"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AdminShowtime"];
                };
            };
            /** @description `invalid_request`: Invalid request */
            400: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    "x-server-time": components["headers"]["ServerTime"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        code: "invalid_request";
                    };
                };
            };
            /** @description `unauthenticated`: Not signed in */
            401: {
                headers: {
                    /** @description Authentication scheme that the API expects */
                    "WWW-Authenticate"?: string;
                    "x-request-id": components["headers"]["RequestId"];
                    "x-server-time": components["headers"]["ServerTime"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        code: "unauthenticated";
                    };
                };
            };
            /** @description `forbidden`: Not allowed */
            403: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    "x-server-time": components["headers"]["ServerTime"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        code: "forbidden";
                    };
                };
            };
            /** @description `showtime_clash`: The auditorium is occupied */
            409: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    "x-server-time": components["headers"]["ServerTime"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        code: "showtime_clash";
                    };
                };
            };
            /** @description `payload_too_large`: Request body too large */
            413: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    "x-server-time": components["headers"]["ServerTime"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        code: "payload_too_large";
                    };
                };
            };
            /** @description `unsupported_media_type`: Unsupported media type */
            415: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    "x-server-time": components["headers"]["ServerTime"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        code: "unsupported_media_type";
                    };
                };
            };
            /** @description `unknown_reference`: Unknown reference · `unknown_tiers`: Prices do not fit the seat plan · `currency_mismatch`: Wrong currency · `unknown_seats`: Unknown seats · `showtime_in_past`: Start in the past · `time_skipped`: Time skipped by a clock change · `invalid_window`: Sales would close before they open · `time_ambiguous`: Time repeated by a clock change */
            422: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    "x-server-time": components["headers"]["ServerTime"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        code: "unknown_reference" | "unknown_tiers" | "currency_mismatch" | "unknown_seats" | "showtime_in_past" | "time_skipped" | "invalid_window" | "time_ambiguous";
                    };
                };
            };
            /** @description `too_many_requests`: Too many requests */
            429: {
                headers: {
                    /** @description Seconds to wait before sending the same request again */
                    "Retry-After"?: number;
                    "x-request-id": components["headers"]["RequestId"];
                    "x-server-time": components["headers"]["ServerTime"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        code: "too_many_requests";
                    };
                };
            };
            /** @description `internal`: Internal error */
            500: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    "x-server-time": components["headers"]["ServerTime"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        code: "internal";
                    };
                };
            };
            /** @description `unavailable`: Unavailable · `outcome_unknown`: Outcome unknown · `overloaded`: Overloaded */
            503: {
                headers: {
                    /** @description Seconds to wait before sending the same request again */
                    "Retry-After"?: number;
                    "x-request-id": components["headers"]["RequestId"];
                    "x-server-time": components["headers"]["ServerTime"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        code: "unavailable" | "outcome_unknown" | "overloaded";
                    };
                };
            };
        };
    };
    scheduleShowtimes: {
        parameters: {
            query?: never;
            header?: {
                /**
                 * @description A repeat with the same key and body within a day schedules nothing and is answered like the first request, with `Idempotency-Replayed: true`. 1 to 64 letters, digits, `-` and `_`
                 * @example 5b0fb1ab-1f0c-4c55-a8f5-9c1d6a7c2c11
                 */
                "idempotency-key"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["NewSchedule"];
            };
        };
        responses: {
            /** @description With `dryRun`: what would be scheduled */
            200: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    "x-server-time": components["headers"]["ServerTime"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Schedule"];
                };
            };
            /** @description What was scheduled */
            201: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    "x-server-time": components["headers"]["ServerTime"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Schedule"];
                };
            };
            /** @description `invalid_request`: Invalid request */
            400: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    "x-server-time": components["headers"]["ServerTime"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        code: "invalid_request";
                    };
                };
            };
            /** @description `unauthenticated`: Not signed in */
            401: {
                headers: {
                    /** @description Authentication scheme that the API expects */
                    "WWW-Authenticate"?: string;
                    "x-request-id": components["headers"]["RequestId"];
                    "x-server-time": components["headers"]["ServerTime"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        code: "unauthenticated";
                    };
                };
            };
            /** @description `forbidden`: Not allowed */
            403: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    "x-server-time": components["headers"]["ServerTime"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        code: "forbidden";
                    };
                };
            };
            /** @description `showtime_clash`: The auditorium is occupied */
            409: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    "x-server-time": components["headers"]["ServerTime"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        code: "showtime_clash";
                    };
                };
            };
            /** @description `payload_too_large`: Request body too large */
            413: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    "x-server-time": components["headers"]["ServerTime"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        code: "payload_too_large";
                    };
                };
            };
            /** @description `unsupported_media_type`: Unsupported media type */
            415: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    "x-server-time": components["headers"]["ServerTime"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        code: "unsupported_media_type";
                    };
                };
            };
            /** @description `unknown_reference`: Unknown reference · `unknown_tiers`: Prices do not fit the seat plan · `currency_mismatch`: Wrong currency · `unknown_seats`: Unknown seats · `showtime_in_past`: Start in the past · `time_skipped`: Time skipped by a clock change · `invalid_window`: Sales would close before they open · `idempotency_mismatch`: Idempotency key reused */
            422: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    "x-server-time": components["headers"]["ServerTime"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        code: "unknown_reference" | "unknown_tiers" | "currency_mismatch" | "unknown_seats" | "showtime_in_past" | "time_skipped" | "invalid_window" | "idempotency_mismatch";
                    };
                };
            };
            /** @description `too_many_requests`: Too many requests */
            429: {
                headers: {
                    /** @description Seconds to wait before sending the same request again */
                    "Retry-After"?: number;
                    "x-request-id": components["headers"]["RequestId"];
                    "x-server-time": components["headers"]["ServerTime"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        code: "too_many_requests";
                    };
                };
            };
            /** @description `internal`: Internal error */
            500: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    "x-server-time": components["headers"]["ServerTime"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        code: "internal";
                    };
                };
            };
            /** @description `unavailable`: Unavailable · `outcome_unknown`: Outcome unknown · `overloaded`: Overloaded */
            503: {
                headers: {
                    /** @description Seconds to wait before sending the same request again */
                    "Retry-After"?: number;
                    "x-request-id": components["headers"]["RequestId"];
                    "x-server-time": components["headers"]["ServerTime"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        code: "unavailable" | "outcome_unknown" | "overloaded";
                    };
                };
            };
        };
    };
    showAdminShowtime: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Id of the showtime */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The showtime */
            200: {
                headers: {
                    /** @description The versions of terms and schedule, for `If-Match` */
                    etag?: string;
                    "x-request-id": components["headers"]["RequestId"];
                    "x-server-time": components["headers"]["ServerTime"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AdminShowtimeDetails"];
                };
            };
            /** @description `invalid_request`: Invalid request */
            400: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    "x-server-time": components["headers"]["ServerTime"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        code: "invalid_request";
                    };
                };
            };
            /** @description `unauthenticated`: Not signed in */
            401: {
                headers: {
                    /** @description Authentication scheme that the API expects */
                    "WWW-Authenticate"?: string;
                    "x-request-id": components["headers"]["RequestId"];
                    "x-server-time": components["headers"]["ServerTime"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        code: "unauthenticated";
                    };
                };
            };
            /** @description `forbidden`: Not allowed */
            403: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    "x-server-time": components["headers"]["ServerTime"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        code: "forbidden";
                    };
                };
            };
            /** @description `not_found`: Not found */
            404: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    "x-server-time": components["headers"]["ServerTime"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        code: "not_found";
                    };
                };
            };
            /** @description `too_many_requests`: Too many requests */
            429: {
                headers: {
                    /** @description Seconds to wait before sending the same request again */
                    "Retry-After"?: number;
                    "x-request-id": components["headers"]["RequestId"];
                    "x-server-time": components["headers"]["ServerTime"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        code: "too_many_requests";
                    };
                };
            };
            /** @description `internal`: Internal error */
            500: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    "x-server-time": components["headers"]["ServerTime"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        code: "internal";
                    };
                };
            };
            /** @description `unavailable`: Unavailable · `overloaded`: Overloaded */
            503: {
                headers: {
                    /** @description Seconds to wait before sending the same request again */
                    "Retry-After"?: number;
                    "x-request-id": components["headers"]["RequestId"];
                    "x-server-time": components["headers"]["ServerTime"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        code: "unavailable" | "overloaded";
                    };
                };
            };
        };
    };
    updateShowtime: {
        parameters: {
            query?: never;
            header?: {
                /**
                 * @description The `ETag` of the version that the change is based on, or a list of them: if the resource has another version, the answer is 412 and nothing is changed. Optional; without it the change is made whatever the version
                 * @example "3"
                 */
                "if-match"?: string;
            };
            path: {
                /** @description Id of the showtime */
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ShowtimeChange"];
            };
        };
        responses: {
            /** @description The showtime after the change */
            200: {
                headers: {
                    /** @description The versions of terms and schedule, for `If-Match` */
                    etag?: string;
                    "x-request-id": components["headers"]["RequestId"];
                    "x-server-time": components["headers"]["ServerTime"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AdminShowtimeDetails"];
                };
            };
            /** @description `invalid_request`: Invalid request */
            400: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    "x-server-time": components["headers"]["ServerTime"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        code: "invalid_request";
                    };
                };
            };
            /** @description `unauthenticated`: Not signed in */
            401: {
                headers: {
                    /** @description Authentication scheme that the API expects */
                    "WWW-Authenticate"?: string;
                    "x-request-id": components["headers"]["RequestId"];
                    "x-server-time": components["headers"]["ServerTime"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        code: "unauthenticated";
                    };
                };
            };
            /** @description `forbidden`: Not allowed */
            403: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    "x-server-time": components["headers"]["ServerTime"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        code: "forbidden";
                    };
                };
            };
            /** @description `not_found`: Not found */
            404: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    "x-server-time": components["headers"]["ServerTime"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        code: "not_found";
                    };
                };
            };
            /** @description `showtime_closed`: Showtime closed · `showtime_cancelled`: Showtime cancelled · `showtime_clash`: The auditorium is occupied */
            409: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    "x-server-time": components["headers"]["ServerTime"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        code: "showtime_closed" | "showtime_cancelled" | "showtime_clash";
                    };
                };
            };
            /** @description `version_mismatch`: Version mismatch */
            412: {
                headers: {
                    /** @description The current `version` of the booking, in quotes */
                    ETag?: string;
                    "x-request-id": components["headers"]["RequestId"];
                    "x-server-time": components["headers"]["ServerTime"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        code: "version_mismatch";
                    };
                };
            };
            /** @description `payload_too_large`: Request body too large */
            413: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    "x-server-time": components["headers"]["ServerTime"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        code: "payload_too_large";
                    };
                };
            };
            /** @description `unsupported_media_type`: Unsupported media type */
            415: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    "x-server-time": components["headers"]["ServerTime"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        code: "unsupported_media_type";
                    };
                };
            };
            /** @description `unknown_tiers`: Prices do not fit the seat plan · `currency_mismatch`: Wrong currency · `invalid_window`: Sales would close before they open · `showtime_in_past`: Start in the past · `time_skipped`: Time skipped by a clock change · `time_ambiguous`: Time repeated by a clock change */
            422: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    "x-server-time": components["headers"]["ServerTime"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        code: "unknown_tiers" | "currency_mismatch" | "invalid_window" | "showtime_in_past" | "time_skipped" | "time_ambiguous";
                    };
                };
            };
            /** @description `too_many_requests`: Too many requests */
            429: {
                headers: {
                    /** @description Seconds to wait before sending the same request again */
                    "Retry-After"?: number;
                    "x-request-id": components["headers"]["RequestId"];
                    "x-server-time": components["headers"]["ServerTime"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        code: "too_many_requests";
                    };
                };
            };
            /** @description `internal`: Internal error */
            500: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    "x-server-time": components["headers"]["ServerTime"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        code: "internal";
                    };
                };
            };
            /** @description `unavailable`: Unavailable · `outcome_unknown`: Outcome unknown · `recovering`: Showtime being prepared · `busy`: At capacity · `overloaded`: Overloaded */
            503: {
                headers: {
                    /** @description Seconds to wait before sending the same request again */
                    "Retry-After"?: number;
                    "x-request-id": components["headers"]["RequestId"];
                    "x-server-time": components["headers"]["ServerTime"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        code: "unavailable" | "outcome_unknown" | "recovering" | "busy" | "overloaded";
                    };
                };
            };
        };
    };
    cancelShowtime: {
        parameters: {
            query: {
                /**
                 * @description Why the change is made. Kept in the audit trail
                 * @example The projector of hall 1 is broken.
                 */
                reason: string;
            };
            header?: {
                /**
                 * @description The `ETag` of the version that the change is based on, or a list of them: if the resource has another version, the answer is 412 and nothing is changed. Optional; without it the change is made whatever the version
                 * @example "3"
                 */
                "if-match"?: string;
            };
            path: {
                /** @description Id of the showtime */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The cancelled showtime */
            200: {
                headers: {
                    /** @description The versions of terms and schedule, for `If-Match` */
                    etag?: string;
                    "x-request-id": components["headers"]["RequestId"];
                    "x-server-time": components["headers"]["ServerTime"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AdminShowtimeDetails"];
                };
            };
            /** @description `invalid_request`: Invalid request */
            400: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    "x-server-time": components["headers"]["ServerTime"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        code: "invalid_request";
                    };
                };
            };
            /** @description `unauthenticated`: Not signed in */
            401: {
                headers: {
                    /** @description Authentication scheme that the API expects */
                    "WWW-Authenticate"?: string;
                    "x-request-id": components["headers"]["RequestId"];
                    "x-server-time": components["headers"]["ServerTime"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        code: "unauthenticated";
                    };
                };
            };
            /** @description `forbidden`: Not allowed */
            403: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    "x-server-time": components["headers"]["ServerTime"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        code: "forbidden";
                    };
                };
            };
            /** @description `not_found`: Not found */
            404: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    "x-server-time": components["headers"]["ServerTime"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        code: "not_found";
                    };
                };
            };
            /** @description `showtime_closed`: Showtime closed */
            409: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    "x-server-time": components["headers"]["ServerTime"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        code: "showtime_closed";
                    };
                };
            };
            /** @description `version_mismatch`: Version mismatch */
            412: {
                headers: {
                    /** @description The current `version` of the booking, in quotes */
                    ETag?: string;
                    "x-request-id": components["headers"]["RequestId"];
                    "x-server-time": components["headers"]["ServerTime"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        code: "version_mismatch";
                    };
                };
            };
            /** @description `payload_too_large`: Request body too large */
            413: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    "x-server-time": components["headers"]["ServerTime"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        code: "payload_too_large";
                    };
                };
            };
            /** @description `unsupported_media_type`: Unsupported media type */
            415: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    "x-server-time": components["headers"]["ServerTime"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        code: "unsupported_media_type";
                    };
                };
            };
            /** @description `too_many_requests`: Too many requests */
            429: {
                headers: {
                    /** @description Seconds to wait before sending the same request again */
                    "Retry-After"?: number;
                    "x-request-id": components["headers"]["RequestId"];
                    "x-server-time": components["headers"]["ServerTime"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        code: "too_many_requests";
                    };
                };
            };
            /** @description `internal`: Internal error */
            500: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    "x-server-time": components["headers"]["ServerTime"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        code: "internal";
                    };
                };
            };
            /** @description `unavailable`: Unavailable · `outcome_unknown`: Outcome unknown · `overloaded`: Overloaded */
            503: {
                headers: {
                    /** @description Seconds to wait before sending the same request again */
                    "Retry-After"?: number;
                    "x-request-id": components["headers"]["RequestId"];
                    "x-server-time": components["headers"]["ServerTime"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        code: "unavailable" | "outcome_unknown" | "overloaded";
                    };
                };
            };
        };
    };
    blockSeats: {
        parameters: {
            query?: never;
            header?: {
                /**
                 * @description The `ETag` of the version that the change is based on, or a list of them: if the resource has another version, the answer is 412 and nothing is changed. Optional; without it the change is made whatever the version
                 * @example "3"
                 */
                "if-match"?: string;
            };
            path: {
                /** @description Id of the showtime */
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["BlockChange"];
            };
        };
        responses: {
            /** @description The showtime after the change */
            200: {
                headers: {
                    /** @description The versions of terms and schedule, for `If-Match` */
                    etag?: string;
                    "x-request-id": components["headers"]["RequestId"];
                    "x-server-time": components["headers"]["ServerTime"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AdminShowtimeDetails"];
                };
            };
            /** @description `invalid_request`: Invalid request */
            400: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    "x-server-time": components["headers"]["ServerTime"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        code: "invalid_request";
                    };
                };
            };
            /** @description `unauthenticated`: Not signed in */
            401: {
                headers: {
                    /** @description Authentication scheme that the API expects */
                    "WWW-Authenticate"?: string;
                    "x-request-id": components["headers"]["RequestId"];
                    "x-server-time": components["headers"]["ServerTime"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        code: "unauthenticated";
                    };
                };
            };
            /** @description `forbidden`: Not allowed */
            403: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    "x-server-time": components["headers"]["ServerTime"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        code: "forbidden";
                    };
                };
            };
            /** @description `not_found`: Not found */
            404: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    "x-server-time": components["headers"]["ServerTime"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        code: "not_found";
                    };
                };
            };
            /** @description `showtime_closed`: Showtime closed · `showtime_cancelled`: Showtime cancelled · `seats_taken`: Seats not available */
            409: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    "x-server-time": components["headers"]["ServerTime"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        code: "showtime_closed" | "showtime_cancelled" | "seats_taken";
                    };
                };
            };
            /** @description `version_mismatch`: Version mismatch */
            412: {
                headers: {
                    /** @description The current `version` of the booking, in quotes */
                    ETag?: string;
                    "x-request-id": components["headers"]["RequestId"];
                    "x-server-time": components["headers"]["ServerTime"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        code: "version_mismatch";
                    };
                };
            };
            /** @description `payload_too_large`: Request body too large */
            413: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    "x-server-time": components["headers"]["ServerTime"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        code: "payload_too_large";
                    };
                };
            };
            /** @description `unsupported_media_type`: Unsupported media type */
            415: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    "x-server-time": components["headers"]["ServerTime"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        code: "unsupported_media_type";
                    };
                };
            };
            /** @description `unknown_seats`: Unknown seats */
            422: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    "x-server-time": components["headers"]["ServerTime"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        code: "unknown_seats";
                    };
                };
            };
            /** @description `too_many_requests`: Too many requests */
            429: {
                headers: {
                    /** @description Seconds to wait before sending the same request again */
                    "Retry-After"?: number;
                    "x-request-id": components["headers"]["RequestId"];
                    "x-server-time": components["headers"]["ServerTime"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        code: "too_many_requests";
                    };
                };
            };
            /** @description `internal`: Internal error */
            500: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    "x-server-time": components["headers"]["ServerTime"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        code: "internal";
                    };
                };
            };
            /** @description `unavailable`: Unavailable · `outcome_unknown`: Outcome unknown · `recovering`: Showtime being prepared · `busy`: At capacity · `overloaded`: Overloaded */
            503: {
                headers: {
                    /** @description Seconds to wait before sending the same request again */
                    "Retry-After"?: number;
                    "x-request-id": components["headers"]["RequestId"];
                    "x-server-time": components["headers"]["ServerTime"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        code: "unavailable" | "outcome_unknown" | "recovering" | "busy" | "overloaded";
                    };
                };
            };
        };
    };
}
