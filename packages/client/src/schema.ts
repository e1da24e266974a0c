/** Generated from openapi.json by `npm run build`: the routes of the API as types. Not edited by hand. */

export interface paths {
    "/livez": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Whether the process runs
         * @description The event loop turns. Says nothing about the stores: a restart would not mend those. For whoever restarts what hangs.
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
         * Whether this process takes new requests
         * @description 200 while the process listens and was not told to end, whatever its stores do: a process that is taken out for them leaves people with the error of the load balancer. After SIGTERM it answers 503 first, and the process stops listening `DRAIN_MS` later.
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
         * Whether bookings work now
         * @description Looks at everything that bookings need, and is true within 2 s of a part dying, being demoted, ceasing to take writes or to keep them, and of its coming back. `degraded`: bookings work, but nobody records them for now. For load balancers: 200 sends people here, 503 does not.
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
         * @description A new user, signed in at once. Hashing the password takes a quarter of a second on purpose; where too many wait for that, the answer is `busy`. After `outcome_unknown` the same request answers `email_taken` if it had happened: then sign in.
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
         * @description A wrong password and an unknown e-mail get one answer, after one time. After `outcome_unknown` send the same request again: a session that the first one may have opened expires unused.
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
         * @description A refresh token is good once. Sent again within 10 s, while its successor is unused, it gives the same successor, so that a lost answer costs nothing. Sent again later it ends every token of that sign-in; so repeat it within 10 s after `outcome_unknown` and when no answer came.
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
         * @description Ends this sign-in: its refresh token, and every access token that came of it, here at once and everywhere within a second.
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
         * Who am I
         * @description The user behind the access token, as they are now.
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
         * Movies
         * @description By title, in pages; all of them, or those of one status, or with a text in their title.
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
         * One movie
         * @description What the catalogue knows of it.
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
         * Upcoming showtimes of a movie
         * @description From now on, soonest first; of one day at the venue, if `date` names it.
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
         * Upcoming showtimes
         * @description Of all movies, from now on, soonest first; of one movie or one day at the venue, if asked for.
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
         * One showtime
         * @description What the catalogue says, and how many seats are left now.
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
         * The seats of a showtime now
         * @description Drawn in rows, with labels, prices and counts; with an access token your own seats are marked, and the answer is yours alone (`Vary: Authorization`). `view=status` is one letter per seat, over the plan at `GET /plans/{id}`, the same for all.
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
         * One seat plan
         * @description Immutable: another layout is another plan. `view=status` and the stream name seats by their index in it.
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
         * Seats as they change
         * @description Tells of seats by their index in the plan (`GET /plans/{id}`), with the letters of `view=status`.
         *
         *     Read `GET /showtimes/{showtimeId}/seats?view=status`, open the stream with `?since=` its `version`, and apply each event whose
         *     `version` is above the one you have: its statuses replace what you knew of those seats. Versions rise from event to event, with gaps
         *     where several changes are told as one. At an event `reset` read the seats anew, and go on with events later than what you read, those that arrived meanwhile
         *     too: you came without a version, or with one too old to be led on from, or the seats were rebuilt. A browser's `EventSource` comes back by itself and says where it was
         *     (`Last-Event-ID`, which goes before `since`). A comment line every 15 s shows that the stream lives. A client that does not read what
         *     it is sent is dropped, and may come back. Holds that lapse are told at their instant. Where this answers `overloaded`, read
         *     `view=status` with `If-None-Match` every few seconds.
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
         * My bookings, newest first
         * @description A page may hold fewer than `limit` while `nextCursor` says that there are more. A booking that cannot be read is left out.
         */
        get: operations["listBookings"];
        put?: never;
        /**
         * Hold seats of a showtime
         * @description All of the seats or none. The booking is `pending` until it is confirmed, released, or its time is up. One user may place a limited number of holds within an hour, released or not; past that the answer is 429 and `Retry-After` names when the next one is possible.
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
         * One of my bookings
         * @description Read from Redis and from the ledger; the later version stands. Expired and released ones can be read until an hour after their `expiresAt`. Somebody else's is a 404.
         */
        get: operations["showBooking"];
        put?: never;
        post?: never;
        /**
         * Release or cancel a booking
         * @description A hold is released, a confirmed booking cancelled until its showtime starts; the seats are free at once and the record stays. Repeating it answers the same; an expired hold stays expired.
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
         * Confirm a booking
         * @description Once, and all of its seats. Repeating it answers the same. Takes no body, or `{}`.
         */
        post: operations["confirmBooking"];
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
        /** @description Why there is no other answer (RFC 9457) */
        Problem: {
            /**
             * @description URN of the kind of problem
             * @example urn:problem-type:holdfast:seats_taken
             */
            type: string;
            /**
             * @description The same words for every problem of this kind
             * @example Seats not available
             */
            title: string;
            /**
             * @description The HTTP status
             * @example 409
             */
            status: number;
            /**
             * @description What happened and what to do
             * @example The seats named in `seats` are not available; nothing was held. Choose others.
             */
            detail: string;
            /**
             * @description The path that was asked
             * @example /api/v1/bookings
             */
            instance: string;
            /**
             * @description Stable; decide by this
             * @enum {string}
             */
            code: "invalid_request" | "unauthenticated" | "invalid_credentials" | "not_found" | "email_taken" | "seats_taken" | "seat_limit" | "hold_limit" | "not_on_sale" | "showtime_closed" | "showtime_cancelled" | "showtime_started" | "booking_state" | "hold_expired" | "version_mismatch" | "payload_too_large" | "unsupported_media_type" | "unknown_seats" | "idempotency_mismatch" | "too_many_requests" | "internal" | "recovering" | "busy" | "outcome_unknown" | "overloaded" | "unavailable";
            /**
             * @description The same request, unchanged, may succeed later
             * @example false
             */
            retryable: boolean;
            /**
             * @description Also in `x-request-id`; quote it in a report
             * @example 5f0c2a64-1b7e-4c55-9f0e-2d8a7c6b4e31
             */
            requestId: string;
            /** @description With `invalid_request`: each flaw */
            errors?: {
                /**
                 * @description JSON Pointer into the body; `/path`, `/query/...` and `/headers/...` for those
                 * @example /seats/0
                 */
                pointer: string;
                /**
                 * @description What is wrong there
                 * @example must NOT have fewer than 1 characters
                 */
                message: string;
            }[];
            /**
             * @description The seats that stood in the way, by label
             * @example [
             *       "E5",
             *       "E6"
             *     ]
             */
            seats?: string[];
        };
        /** @description An amount of money, exact: any JSON reader's number holds it */
        Money: {
            /**
             * @description Minor units: cents
             * @example 2500
             */
            amount: number;
            /**
             * @description ISO 4217
             * @example USD
             */
            currency: string;
        };
        /** @description What one seat costs */
        Price: {
            /**
             * @description Minor units: cents
             * @example 2500
             */
            amount: number;
            /**
             * @description ISO 4217
             * @example USD
             */
            currency: string;
        };
        /** @description Somebody who can book */
        User: {
            /**
             * Format: uuid
             * @description The user's id
             * @example 0199d3a0-5b1c-7c11-9d2e-3f4a5b6c7d8e
             */
            id: string;
            /**
             * @description As it was registered
             * @example ada@example.com
             */
            email: string;
            /**
             * @description How the user wants to be called
             * @example Ada Lovelace
             */
            displayName: string;
            /**
             * @description What the user may do
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
        /** @description Somebody who has just proved who they are */
        Session: {
            user: components["schemas"]["User"];
            /**
             * @description Send it as `Authorization: Bearer`
             * @example eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIwMTk5In0.c2lnbmF0dXJl
             */
            accessToken: string;
            /**
             * @description Good once, within 30 days: `POST /auth/refresh` gives the next one. Keep it secret
             * @example mB0Zy6Qe2XfT9uKq4vN7wR1sLcJpHdGaEoUiYtBxVn8
             */
            refreshToken: string;
            /**
             * @description Of the access token
             * @example 900
             */
            expiresInSeconds: number;
        };
        /** @description Somebody new */
        Registration: {
            /**
             * Format: email
             * @description Compared without regard to case
             * @example ada@example.com
             */
            email: string;
            /**
             * @description Any characters
             * @example correct horse battery
             */
            password: string;
            /**
             * @description How the user wants to be called
             * @example Ada Lovelace
             */
            displayName: string;
        };
        /** @description Who says to be whom */
        Credentials: {
            /**
             * @description In any case
             * @example ada@example.com
             */
            email: string;
            /**
             * @description As it was registered
             * @example correct horse battery
             */
            password: string;
        };
        /** @description Who wants to stay signed in */
        RefreshRequest: {
            /**
             * @description The one of the last answer
             * @example mB0Zy6Qe2XfT9uKq4vN7wR1sLcJpHdGaEoUiYtBxVn8
             */
            refreshToken: string;
        };
        /** @description A film that is shown */
        Movie: {
            /**
             * Format: uuid
             * @description Its id
             * @example 0199d3a0-0a10-7a3b-8c4d-5e6f7a8b9c0d
             */
            id: string;
            /**
             * @description As it is billed
             * @example The Third Man
             */
            title: string;
            /**
             * @description A few sentences
             * @example A writer of westerns looks for a dead friend in occupied Vienna.
             */
            description: string;
            /**
             * @description How long it runs
             * @example 104
             */
            durationMinutes: number;
            /**
             * @description One word or two
             * @example Thriller
             */
            genre: string;
            /**
             * @description Age rating as its board words it; null when never rated
             * @example PG
             */
            rating: string | null;
            /**
             * @description Where the poster is; null when there is none
             * @example null
             */
            posterUrl: string | null;
            /**
             * Format: date
             * @description First release
             * @example 1949-09-02
             */
            releaseDate: string | null;
            /**
             * @description Whether it is on
             * @enum {string}
             */
            status: "now_showing" | "coming_soon" | "ended";
        };
        /** @description A page of a list */
        MoviePage: {
            /** @description At most `limit` of them */
            items: components["schemas"]["Movie"][];
            /**
             * @description Give it as `cursor` for the next page; null on the last one
             * @example 0199d3a1-8c20-7e9f-8a0b-1c2d3e4f5a05
             */
            nextCursor: string | null;
        };
        /** @description One movie, in one auditorium, at one instant */
        Showtime: {
            /**
             * Format: uuid
             * @description Its id
             * @example 0199d3a0-0a13-7d0e-9f1a-2b3c4d5e6f05
             */
            id: string;
            /** @description What is shown */
            movie: {
                /**
                 * Format: uuid
                 * @description Its id
                 * @example 0199d3a0-0a10-7a3b-8c4d-5e6f7a8b9c0d
                 */
                id: string;
                /**
                 * @description Its title
                 * @example The Third Man
                 */
                title: string;
            };
            /** @description Where */
            auditorium: {
                /**
                 * Format: uuid
                 * @description Its id
                 * @example 0199d3a0-0a11-7b2c-9d3e-4f5a6b7c8d9e
                 */
                id: string;
                /**
                 * @description Its name
                 * @example Hall 1
                 */
                name: string;
            };
            /**
             * Format: date-time
             * @description When it starts
             * @example 2026-11-22T19:15:00.000Z
             */
            startsAt: string;
            /**
             * Format: date-time
             * @description When it ends
             * @example 2026-11-22T20:59:00.000Z
             */
            endsAt: string;
            /**
             * @description IANA zone of the venue: show times in this one
             * @example Europe/Vienna
             */
            timeZone: string;
            /**
             * Format: date-time
             * @description From when on seats are sold
             * @example 2026-11-15T09:00:00.000Z
             */
            salesOpenAt: string;
            /**
             * Format: date-time
             * @description From when on they are not any more
             * @example 2026-11-22T19:15:00.000Z
             */
            salesCloseAt: string;
            /**
             * @description Seats are sold while it is `open`, between `salesOpenAt` and `salesCloseAt`; not for now when `paused`, nor ever again when `closed` or `cancelled`
             * @enum {string}
             */
            state: "open" | "paused" | "closed" | "cancelled";
            /** @description What a seat of each tier costs */
            prices: {
                /**
                 * @description Id of a price class of seats
                 * @example standard
                 */
                tier: string;
                price: components["schemas"]["Price"];
            }[];
        };
        /** @description A page of a list */
        ShowtimePage: {
            /** @description At most `limit` of them */
            items: components["schemas"]["Showtime"][];
            /**
             * @description Give it as `cursor` for the next page; null on the last one
             * @example 0199d3a1-8c20-7e9f-8a0b-1c2d3e4f5a05
             */
            nextCursor: string | null;
        };
        /** @description A showtime, and how many of its seats are left */
        ShowtimeDetails: {
            /**
             * Format: uuid
             * @description Its id
             * @example 0199d3a0-0a13-7d0e-9f1a-2b3c4d5e6f05
             */
            id: string;
            /** @description What is shown */
            movie: {
                /**
                 * Format: uuid
                 * @description Its id
                 * @example 0199d3a0-0a10-7a3b-8c4d-5e6f7a8b9c0d
                 */
                id: string;
                /**
                 * @description Its title
                 * @example The Third Man
                 */
                title: string;
            };
            /** @description Where */
            auditorium: {
                /**
                 * Format: uuid
                 * @description Its id
                 * @example 0199d3a0-0a11-7b2c-9d3e-4f5a6b7c8d9e
                 */
                id: string;
                /**
                 * @description Its name
                 * @example Hall 1
                 */
                name: string;
            };
            /**
             * Format: date-time
             * @description When it starts
             * @example 2026-11-22T19:15:00.000Z
             */
            startsAt: string;
            /**
             * Format: date-time
             * @description When it ends
             * @example 2026-11-22T20:59:00.000Z
             */
            endsAt: string;
            /**
             * @description IANA zone of the venue: show times in this one
             * @example Europe/Vienna
             */
            timeZone: string;
            /**
             * Format: date-time
             * @description From when on seats are sold
             * @example 2026-11-15T09:00:00.000Z
             */
            salesOpenAt: string;
            /**
             * Format: date-time
             * @description From when on they are not any more
             * @example 2026-11-22T19:15:00.000Z
             */
            salesCloseAt: string;
            /**
             * @description Seats are sold while it is `open`, between `salesOpenAt` and `salesCloseAt`; not for now when `paused`, nor ever again when `closed` or `cancelled`
             * @enum {string}
             */
            state: "open" | "paused" | "closed" | "cancelled";
            /** @description What a seat of each tier costs */
            prices: {
                /**
                 * @description Id of a price class of seats
                 * @example standard
                 */
                tier: string;
                price: components["schemas"]["Price"];
            }[];
            /** @description Seats by status, now; null once the showtime is over or cancelled and has no live seats any more */
            counts: components["schemas"]["SeatCounts"] | null;
        };
        /** @description Seats by status, now */
        SeatCounts: {
            /**
             * @description All there are
             * @example 100
             */
            total: number;
            /**
             * @description Free to be held
             * @example 61
             */
            available: number;
            /**
             * @description Held by somebody, for now
             * @example 7
             */
            held: number;
            /**
             * @description Sold
             * @example 30
             */
            sold: number;
            /**
             * @description Kept off sale
             * @example 2
             */
            blocked: number;
            /**
             * @description Kept back after a loss, because they may have been sold
             * @example 0
             */
            quarantined: number;
        };
        /** @description Every seat of a showtime, row by row */
        SeatMatrix: {
            /**
             * Format: uuid
             * @description Whose seats these are
             * @example 0199d3a0-0a13-7d0e-9f1a-2b3c4d5e6f05
             */
            showtimeId: string;
            /**
             * @description Rises with each change of a seat
             * @example 1000000007
             */
            version: number;
            /** @description Price classes, and what a seat of each costs */
            tiers: {
                /**
                 * @description Its id
                 * @example standard
                 */
                id: string;
                /**
                 * @description Its name
                 * @example Standard
                 */
                name: string;
                price: components["schemas"]["Price"];
            }[];
            counts: components["schemas"]["SeatCounts"];
            /** @description Front to back */
            rows: {
                /**
                 * @description Its name
                 * @example E
                 */
                label: string;
                /** @description Left to right */
                seats: ({
                    /**
                     * @description As a booking names it
                     * @example E5
                     */
                    label: string;
                    /**
                     * @description Id of a tier
                     * @example standard
                     */
                    tier: string;
                    /**
                     * @description What sort of place it is
                     * @enum {string}
                     */
                    kind: "standard" | "wheelchair" | "companion";
                    /**
                     * @description `held` never says by whom
                     * @enum {string}
                     */
                    status: "available" | "held" | "sold" | "blocked" | "quarantined";
                    /**
                     * @description Held or bought by the signed-in user; left out otherwise
                     * @example true
                     */
                    mine?: boolean;
                } | null)[];
            }[];
        };
        /** @description Every seat's status, a letter each */
        SeatStatuses: {
            /**
             * Format: uuid
             * @description Whose seats these are
             * @example 0199d3a0-0a13-7d0e-9f1a-2b3c4d5e6f05
             */
            showtimeId: string;
            /**
             * Format: uuid
             * @description The seat plan that the letters count in: `GET /plans/{id}`
             * @example 0199d3a0-0a12-7c1d-8e2f-3a4b5c6d7e8f
             */
            planId: string;
            /**
             * @description Rises with each change of a seat
             * @example 1000000007
             */
            version: number;
            /**
             * @description One letter per seat, by seat index: `A` available, `H` held, `S` sold, `X` blocked, `Q` quarantined
             * @example AAHHSAAAXA
             */
            statuses: string;
        };
        /**
         * @description Seats that changed
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
             * @description The map's version with these seats in it; also the event's `id`
             * @example 1000000007
             */
            version: number;
            /** @description Seats that changed, and their status now: `A` available, `H` held, `S` sold, `X` blocked, `Q` quarantined */
            seats: [
                number,
                "A" | "H" | "S" | "X" | "Q"
            ][];
        };
        /**
         * @description What was known is known no longer
         * @example {
         *       "version": 2000000000
         *     }
         */
        SeatReset: {
            /**
             * @description Read a map of this version or a later one
             * @example 1000000007
             */
            version: number;
        };
        /** @description The seats of an auditorium; never changes */
        SeatPlan: {
            /**
             * Format: uuid
             * @description Its id
             * @example 0199d3a0-0a12-7c1d-8e2f-3a4b5c6d7e8f
             */
            id: string;
            /**
             * @description Seats, gaps not counted
             * @example 100
             */
            seatCount: number;
            /** @description Price classes; a showtime says what each costs */
            tiers: {
                /**
                 * @description Its id
                 * @example standard
                 */
                id: string;
                /**
                 * @description Its name
                 * @example Standard
                 */
                name: string;
            }[];
            /** @description Front to back, left to right. A seat's index is its place in this order, from 0, gaps not counted */
            rows: {
                /**
                 * @description Its name
                 * @example E
                 */
                label: string;
                /** @description Left to right */
                seats: ({
                    /**
                     * @description As a booking names it
                     * @example E5
                     */
                    label: string;
                    /**
                     * @description Id of a tier
                     * @example standard
                     */
                    tier: string;
                    /**
                     * @description What sort of place it is
                     * @enum {string}
                     */
                    kind: "standard" | "wheelchair" | "companion";
                } | null)[];
            }[];
        };
        /** @description A hold, and what became of it */
        Booking: {
            /**
             * Format: uuid
             * @description The same from hold to ticket
             * @example 0199d3a1-8c20-7e9f-8a0b-1c2d3e4f5a05
             */
            id: string;
            /**
             * Format: uuid
             * @description What it is for
             * @example 0199d3a0-0a13-7d0e-9f1a-2b3c4d5e6f05
             */
            showtimeId: string;
            /**
             * @description `pending`: seats are held until `expiresAt`. `expired`: they were not confirmed in time
             * @enum {string}
             */
            status: "pending" | "confirmed" | "cancelled" | "expired";
            /**
             * @description Seat labels in the plan's order
             * @example [
             *       "E5",
             *       "E6"
             *     ]
             */
            seats: string[];
            total: components["schemas"]["Money"];
            /**
             * Format: date-time
             * @description When the hold lapses, or would have
             * @example 2026-11-22T17:47:03.512Z
             */
            expiresAt: string;
            /**
             * @description Only while `pending`; by the clock that judges, rounded down
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
             * @description When it was confirmed
             * @example null
             */
            confirmedAt: string | null;
            /**
             * Format: date-time
             * @description When it was released or cancelled
             * @example null
             */
            cancelledAt: string | null;
            /**
             * @description Whether the ledger has this version
             * @example false
             */
            recorded: boolean;
            /**
             * @description Rises with each change; the `ETag`
             * @example 1
             */
            version: number;
        };
        /** @description A booking, and what it is for */
        BookingDetails: {
            /**
             * Format: uuid
             * @description The same from hold to ticket
             * @example 0199d3a1-8c20-7e9f-8a0b-1c2d3e4f5a05
             */
            id: string;
            /**
             * Format: uuid
             * @description What it is for
             * @example 0199d3a0-0a13-7d0e-9f1a-2b3c4d5e6f05
             */
            showtimeId: string;
            /**
             * @description `pending`: seats are held until `expiresAt`. `expired`: they were not confirmed in time
             * @enum {string}
             */
            status: "pending" | "confirmed" | "cancelled" | "expired";
            /**
             * @description Seat labels in the plan's order
             * @example [
             *       "E5",
             *       "E6"
             *     ]
             */
            seats: string[];
            total: components["schemas"]["Money"];
            /**
             * Format: date-time
             * @description When the hold lapses, or would have
             * @example 2026-11-22T17:47:03.512Z
             */
            expiresAt: string;
            /**
             * @description Only while `pending`; by the clock that judges, rounded down
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
             * @description When it was confirmed
             * @example null
             */
            confirmedAt: string | null;
            /**
             * Format: date-time
             * @description When it was released or cancelled
             * @example null
             */
            cancelledAt: string | null;
            /**
             * @description Whether the ledger has this version
             * @example false
             */
            recorded: boolean;
            /**
             * @description Rises with each change; the `ETag`
             * @example 1
             */
            version: number;
            /** @description What it is for */
            showtime: {
                /**
                 * Format: uuid
                 * @description Its id
                 * @example 0199d3a0-0a13-7d0e-9f1a-2b3c4d5e6f05
                 */
                id: string;
                /**
                 * Format: date-time
                 * @description When it starts
                 * @example 2026-11-22T19:15:00.000Z
                 */
                startsAt: string;
                /**
                 * Format: date-time
                 * @description When it ends
                 * @example 2026-11-22T20:59:00.000Z
                 */
                endsAt: string;
                /**
                 * @description IANA zone of the venue
                 * @example Europe/Vienna
                 */
                timeZone: string;
                /** @description What is shown */
                movie: {
                    /**
                     * Format: uuid
                     * @description Its id
                     * @example 0199d3a0-0a10-7a3b-8c4d-5e6f7a8b9c0d
                     */
                    id: string;
                    /**
                     * @description Its title
                     * @example The Third Man
                     */
                    title: string;
                };
                /** @description Where */
                auditorium: {
                    /**
                     * Format: uuid
                     * @description Its id
                     * @example 0199d3a0-0a11-7b2c-9d3e-4f5a6b7c8d9e
                     */
                    id: string;
                    /**
                     * @description Its name
                     * @example Hall 1
                     */
                    name: string;
                };
            };
        };
        /** @description A page of a list */
        BookingPage: {
            /** @description At most `limit` of them */
            items: components["schemas"]["Booking"][];
            /**
             * @description Give it as `cursor` for the next page; null on the last one
             * @example 0199d3a1-8c20-7e9f-8a0b-1c2d3e4f5a05
             */
            nextCursor: string | null;
        };
        /** @description Which seats of which showtime: all of them or none */
        HoldRequest: {
            /**
             * @description Id of the showtime
             * @example 0199d3a0-0a13-7d0e-9f1a-2b3c4d5e6f05
             */
            showtimeId: string;
            /**
             * @description Labels exactly as the seat map spells them
             * @example [
             *       "E5",
             *       "E6"
             *     ]
             */
            seats: string[];
        };
        /** @description How the parts are that bookings need */
        Health: {
            /**
             * @description `degraded`: bookings work, but only Redis knows of them for now. `down`: bookings do not work.
             * @enum {string}
             */
            status: "ok" | "degraded" | "down";
            /** @description Look by look */
            checks: {
                /** @description Where seats are held */
                redis: {
                    /**
                     * @description `failed`: it does not answer, or it is a replica
                     * @enum {string}
                     */
                    status: "ok" | "failed";
                    /**
                     * @description How long the look took
                     * @example 1
                     */
                    ms: number;
                    /**
                     * @description What it says it is
                     * @enum {string}
                     */
                    role: "primary" | "replica" | "unknown";
                };
                /** @description Whether Redis takes writes: a real one each second */
                writes: {
                    /**
                     * @description How it is
                     * @enum {string}
                     */
                    status: "ok" | "failed";
                    /**
                     * @description How long the look took
                     * @example 1
                     */
                    ms: number;
                };
                /** @description Whether an answer outlives a crash */
                durability: {
                    /**
                     * @description `failed`: Redis does not keep what it acknowledges, so nothing is sold; the log says why
                     * @enum {string}
                     */
                    status: "ok" | "failed";
                };
                /** @description Who keeps a copy of what is acknowledged */
                replicas: {
                    /**
                     * @description `failed`: fewer than `ACK_LEVEL` needs, so no confirm is acknowledged
                     * @enum {string}
                     */
                    status: "ok" | "failed";
                    /**
                     * @description Replicas that follow; null when unknown
                     * @example 1
                     */
                    online: number | null;
                    /**
                     * @description Replicas that `ACK_LEVEL` needs
                     * @example 0
                     */
                    needed: number;
                };
                /** @description Where bookings are recorded */
                postgres: {
                    /**
                     * @description `failed`: it does not answer, or it is read-only
                     * @enum {string}
                     */
                    status: "ok" | "failed";
                    /**
                     * @description How long the look took
                     * @example 1
                     */
                    ms: number;
                    /**
                     * @description Whether it takes writes; null when unknown
                     * @example true
                     */
                    isWritable: boolean | null;
                };
                /** @description Who records them */
                sweeper: {
                    /**
                     * @description `failed`: it is not heard, or too far behind
                     * @enum {string}
                     */
                    status: "ok" | "failed";
                    /**
                     * @description How long the look took
                     * @example 1
                     */
                    ms: number;
                    /**
                     * @description Age of the oldest event that is not recorded; 0 when all are, null when unknown
                     * @example 120
                     */
                    settleLagMs: number | null;
                    /**
                     * @description Older than this it is too far behind
                     * @example 30000
                     */
                    limitMs: number;
                };
                /** @description What waits to be recorded */
                outbox: {
                    /**
                     * @description How it is
                     * @enum {string}
                     */
                    status: "ok" | "failed";
                    /**
                     * @description How long the look took
                     * @example 1
                     */
                    ms: number;
                    /**
                     * @description Entries waiting in the fullest bucket; null when unknown
                     * @example 3
                     */
                    depth: number | null;
                    /**
                     * @description At this depth confirm and cancel answer `busy`
                     * @example 200000
                     */
                    limit: number;
                };
            };
        };
    };
    responses: never;
    parameters: never;
    requestBodies: never;
    headers: {
        /** @description Names this request in logs and problems; the client's own if it sent a sane one */
        RequestId: string;
        /** @description The server's clock when it answered */
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
            /** @description It runs */
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
            /** @description `invalid_request`: Malformed request */
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
            /** @description It takes requests */
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
            /** @description `invalid_request`: Malformed request */
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
            /** @description It is about to end */
            503: {
                headers: {
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
            /** @description `ok` or `degraded`: bookings work */
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
            /** @description `invalid_request`: Malformed request */
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
            /** @description `down`: bookings do not work */
            503: {
                headers: {
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
            /** @description Registered and signed in */
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
            /** @description `invalid_request`: Malformed request */
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
            /** @description `email_taken`: E-mail in use */
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
            /** @description `payload_too_large`: Body too large */
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
            /** @description `unsupported_media_type`: Not JSON */
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
                    /** @description Seconds to wait before the same request is sent again */
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
            /** @description `internal`: Internal fault */
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
            /** @description `busy`: Too busy · `outcome_unknown`: Outcome unknown · `unavailable`: Unavailable · `overloaded`: Overloaded */
            503: {
                headers: {
                    /** @description Seconds to wait before the same request is sent again */
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
            /** @description Signed in */
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
            /** @description `invalid_request`: Malformed request */
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
                    /** @description How to sign in */
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
            /** @description `payload_too_large`: Body too large */
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
            /** @description `unsupported_media_type`: Not JSON */
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
                    /** @description Seconds to wait before the same request is sent again */
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
            /** @description `internal`: Internal fault */
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
            /** @description `busy`: Too busy · `outcome_unknown`: Outcome unknown · `unavailable`: Unavailable · `overloaded`: Overloaded */
            503: {
                headers: {
                    /** @description Seconds to wait before the same request is sent again */
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
            /** @description The session goes on */
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
            /** @description `invalid_request`: Malformed request */
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
                    /** @description How to sign in */
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
            /** @description `payload_too_large`: Body too large */
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
            /** @description `unsupported_media_type`: Not JSON */
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
                    /** @description Seconds to wait before the same request is sent again */
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
            /** @description `internal`: Internal fault */
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
                    /** @description Seconds to wait before the same request is sent again */
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
            /** @description Signed out */
            204: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    "x-server-time": components["headers"]["ServerTime"];
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description `invalid_request`: Malformed request */
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
                    /** @description How to sign in */
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
            /** @description `payload_too_large`: Body too large */
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
            /** @description `unsupported_media_type`: Not JSON */
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
                    /** @description Seconds to wait before the same request is sent again */
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
            /** @description `internal`: Internal fault */
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
                    /** @description Seconds to wait before the same request is sent again */
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
            /** @description `invalid_request`: Malformed request */
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
                    /** @description How to sign in */
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
                    /** @description Seconds to wait before the same request is sent again */
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
            /** @description `internal`: Internal fault */
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
                    /** @description Seconds to wait before the same request is sent again */
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
                /** @description Items on a page, at most */
                limit?: number;
                /** @description `nextCursor` of the page before; first page without */
                cursor?: string;
                /** @description Only these */
                status?: "now_showing" | "coming_soon" | "ended";
                /** @description Part of the title, whatever the case, with or without accents */
                q?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A page of movies */
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
            /** @description `invalid_request`: Malformed request */
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
            /** @description `internal`: Internal fault */
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
                    /** @description Seconds to wait before the same request is sent again */
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
                /** @description Its id, a UUID */
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
            /** @description `invalid_request`: Malformed request */
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
            /** @description `internal`: Internal fault */
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
                    /** @description Seconds to wait before the same request is sent again */
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
                /** @description Items on a page, at most */
                limit?: number;
                /** @description `nextCursor` of the page before; first page without */
                cursor?: string;
                /**
                 * @description A day at the venue
                 * @example 2026-11-22
                 */
                date?: string;
            };
            header?: never;
            path: {
                /** @description Its id, a UUID */
                movieId: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A page of showtimes, soonest first */
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
            /** @description `invalid_request`: Malformed request */
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
            /** @description `internal`: Internal fault */
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
                    /** @description Seconds to wait before the same request is sent again */
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
                /** @description Items on a page, at most */
                limit?: number;
                /** @description `nextCursor` of the page before; first page without */
                cursor?: string;
                /** @description Only of this movie */
                movieId?: string;
                /**
                 * @description A day at the venue
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
            /** @description A page of showtimes, soonest first */
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
            /** @description `invalid_request`: Malformed request */
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
            /** @description `internal`: Internal fault */
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
                    /** @description Seconds to wait before the same request is sent again */
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
                /** @description Its id, a UUID */
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
            /** @description `invalid_request`: Malformed request */
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
            /** @description `internal`: Internal fault */
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
                    /** @description Seconds to wait before the same request is sent again */
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
                /** @description `matrix` when absent */
                view?: "matrix" | "status";
            };
            header?: {
                /** @description An `ETag` seen before */
                "if-none-match"?: string;
            };
            path: {
                /** @description Its id, a UUID */
                showtimeId: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The seats: the matrix, or with `view=status` the letters */
            200: {
                headers: {
                    ETag?: string;
                    /** @description `Authorization`, with the matrix */
                    Vary?: string;
                    "x-request-id": components["headers"]["RequestId"];
                    "x-server-time": components["headers"]["ServerTime"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SeatMatrix"] | components["schemas"]["SeatStatuses"];
                };
            };
            /** @description They are as they were */
            304: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    "x-server-time": components["headers"]["ServerTime"];
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description `invalid_request`: Malformed request */
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
                    /** @description How to sign in */
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
            /** @description `internal`: Internal fault */
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
                    /** @description Seconds to wait before the same request is sent again */
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
                /** @description An `ETag` seen before */
                "if-none-match"?: string;
            };
            path: {
                /** @description Its id, a UUID */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The plan */
            200: {
                headers: {
                    ETag?: string;
                    /** @description public, max-age=31536000, immutable */
                    "Cache-Control"?: string;
                    "x-request-id": components["headers"]["RequestId"];
                    "x-server-time": components["headers"]["ServerTime"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SeatPlan"];
                };
            };
            /** @description You have it */
            304: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    "x-server-time": components["headers"]["ServerTime"];
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description `invalid_request`: Malformed request */
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
            /** @description `internal`: Internal fault */
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
                    /** @description Seconds to wait before the same request is sent again */
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
                /** @description `version` of the seats that you have */
                since?: number;
            };
            header?: {
                /** @description `id` of the last event seen; goes before `since` */
                "last-event-id"?: string;
            };
            path: {
                /** @description Its id, a UUID */
                showtimeId: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Events, for as long as you stay */
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
            /** @description `invalid_request`: Malformed request */
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
                    /** @description Seconds to wait before the same request is sent again */
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
            /** @description `internal`: Internal fault */
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
                    /** @description Seconds to wait before the same request is sent again */
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
                /** @description Items on a page, at most */
                limit?: number;
                /** @description `nextCursor` of the page before; first page without */
                cursor?: string;
                /** @description Only these */
                status?: "pending" | "confirmed" | "cancelled" | "expired";
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A page of bookings */
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
            /** @description `invalid_request`: Malformed request */
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
                    /** @description How to sign in */
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
                    /** @description Seconds to wait before the same request is sent again */
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
            /** @description `internal`: Internal fault */
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
                    /** @description Seconds to wait before the same request is sent again */
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
                 * @description A text of your own, new for each booking you want. The same key for the same seats at one showtime gives the same booking, until an hour after its `expiresAt`: send it along, and a hold whose answer was lost can be asked for again. Later the key places a new hold
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
            /** @description The seats are held */
            201: {
                headers: {
                    /** @description The booking's version in quotes */
                    ETag?: string;
                    /** @description Where the booking is read */
                    Location?: string;
                    /** @description `true` when the key was used before: the booking as it stands now */
                    "Idempotency-Replayed"?: string;
                    "x-request-id": components["headers"]["RequestId"];
                    "x-server-time": components["headers"]["ServerTime"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Booking"];
                };
            };
            /** @description `invalid_request`: Malformed request */
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
                    /** @description How to sign in */
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
            /** @description `showtime_closed`: Showtime closed · `showtime_cancelled`: Showtime cancelled · `seats_taken`: Seats not available · `seat_limit`: Too many seats · `hold_limit`: Too many holds · `not_on_sale`: Not on sale */
            409: {
                headers: {
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
            /** @description `payload_too_large`: Body too large */
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
            /** @description `unsupported_media_type`: Not JSON */
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
                    /** @description Seconds to wait before the same request is sent again */
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
            /** @description `internal`: Internal fault */
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
            /** @description `recovering`: Showtime being prepared · `busy`: Too busy · `outcome_unknown`: Outcome unknown · `unavailable`: Unavailable · `overloaded`: Overloaded */
            503: {
                headers: {
                    /** @description Seconds to wait before the same request is sent again */
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
                /** @description Its id, a UUID */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The booking and its showtime */
            200: {
                headers: {
                    /** @description The booking's version in quotes */
                    ETag?: string;
                    "x-request-id": components["headers"]["RequestId"];
                    "x-server-time": components["headers"]["ServerTime"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["BookingDetails"];
                };
            };
            /** @description `invalid_request`: Malformed request */
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
                    /** @description How to sign in */
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
                    /** @description Seconds to wait before the same request is sent again */
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
            /** @description `internal`: Internal fault */
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
                    /** @description Seconds to wait before the same request is sent again */
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
                 * @description `wait=5`: answer once the ledger has it; after so many seconds (10 at most), or at once where too many wait, with `recorded: false`
                 * @example wait=5
                 */
                prefer?: string;
                /**
                 * @description One entity tag, `"1"`: go on only if the booking stands at that version. `*`: whatever it is
                 * @example "1"
                 */
                "if-match"?: string;
            };
            path: {
                /** @description Its id, a UUID */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The booking as it stands now */
            200: {
                headers: {
                    /** @description The booking's version in quotes */
                    ETag?: string;
                    /** @description `wait=5`: it was waited for, and the ledger has it */
                    "Preference-Applied"?: string;
                    "x-request-id": components["headers"]["RequestId"];
                    "x-server-time": components["headers"]["ServerTime"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Booking"];
                };
            };
            /** @description `invalid_request`: Malformed request */
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
                    /** @description How to sign in */
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
            /** @description `showtime_closed`: Showtime closed · `showtime_cancelled`: Showtime cancelled · `showtime_started`: Showtime started */
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
            /** @description `version_mismatch`: Booking changed meanwhile */
            412: {
                headers: {
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
            /** @description `payload_too_large`: Body too large */
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
            /** @description `unsupported_media_type`: Not JSON */
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
                    /** @description Seconds to wait before the same request is sent again */
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
            /** @description `internal`: Internal fault */
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
            /** @description `recovering`: Showtime being prepared · `busy`: Too busy · `outcome_unknown`: Outcome unknown · `unavailable`: Unavailable · `overloaded`: Overloaded */
            503: {
                headers: {
                    /** @description Seconds to wait before the same request is sent again */
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
                 * @description `wait=5`: answer once the ledger has it; after so many seconds (10 at most), or at once where too many wait, with `recorded: false`
                 * @example wait=5
                 */
                prefer?: string;
                /**
                 * @description One entity tag, `"1"`: go on only if the booking stands at that version. `*`: whatever it is
                 * @example "1"
                 */
                "if-match"?: string;
            };
            path: {
                /** @description Its id, a UUID */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The booking is confirmed */
            200: {
                headers: {
                    /** @description The booking's version in quotes */
                    ETag?: string;
                    /** @description `wait=5`: it was waited for, and the ledger has it */
                    "Preference-Applied"?: string;
                    "x-request-id": components["headers"]["RequestId"];
                    "x-server-time": components["headers"]["ServerTime"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Booking"];
                };
            };
            /** @description `invalid_request`: Malformed request */
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
                    /** @description How to sign in */
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
            /** @description `showtime_closed`: Showtime closed · `showtime_cancelled`: Showtime cancelled · `booking_state`: Booking cannot change that way */
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
            /** @description `version_mismatch`: Booking changed meanwhile */
            412: {
                headers: {
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
            /** @description `payload_too_large`: Body too large */
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
            /** @description `unsupported_media_type`: Not JSON */
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
                    /** @description Seconds to wait before the same request is sent again */
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
            /** @description `internal`: Internal fault */
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
            /** @description `recovering`: Showtime being prepared · `busy`: Too busy · `outcome_unknown`: Outcome unknown · `unavailable`: Unavailable · `overloaded`: Overloaded */
            503: {
                headers: {
                    /** @description Seconds to wait before the same request is sent again */
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
}
