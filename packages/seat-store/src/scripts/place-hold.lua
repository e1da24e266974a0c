#!lua
--[[ place-hold: hold all requested seats for one booking, or none.
KEYS[1] meta        HASH    the showtime as installed
KEYS[2] owner       HASH    seat index -> owner entry
KEYS[3] map         STRING  one status letter per seat
KEYS[4] expiry      ZSET    live holds of this showtime by expiry
KEYS[5] expiries    ZSET    showtimes of the bucket by their earliest hold expiry
KEYS[6] buyers      HASH    user id -> the user's holds and bookings at this showtime
KEYS[7] booking     STRING  the new booking's record
KEYS[8] userIndex   ZSET    the user's recent bookings in this bucket
KEYS[9?] idempotency STRING  `bookingId|3,4`; only if the client sent a key
ARGV[1] showtimeId   ARGV[2] bookingId   ARGV[3] userId   ARGV[4] planId   ARGV[5] priceVersion   ARGV[6] amount, minor units
ARGV[7] amounts of the seats as `1250,1250`   ARGV[8] holdTtlMs   ARGV[9] seatsPerUserMax   ARGV[10] liveHoldsPerUserMax
ARGV[11] holdsPerHourMax, at most userIndexMax   ARGV[12] endedHoldTtlMs   ARGV[13] userIndexMax   ARGV[14] userIndexTtlMs
ARGV[15] seatsTtlMs   ARGV[16] idempotencyKey or ""   ARGV[17..] seats: indexes, distinct, ascending
RETURNS {"held", nowMs, the record as JSON} | {"replayed", bookingId} | {"seats_taken", seat...}
  | {"seat_limit"} | {"hold_limit"} | {"hourly_limit", retryInMs} | {"showtime_closed"} | {"showtime_cancelled"}
  | {"not_on_sale", nowMs, salesOpenAt before the opening, else ""}
  | {"idempotency_mismatch"} | {"stale_prices"} | {"not_ready"} | {"fenced"} | {"recovering"}
EFFECTS writes all keys together on "held", none otherwise. A booking id that exists already means that this call is a repeat; the
  reply has the current record. The hold ends holdTtlMs from now, at the latest at the later of start and end of sales.
  The record and the idempotency key expire together, endedHoldTtlMs after the hold's end.
COST O(seats asked + the user's live entries), plus O(log userIndexMax) for a user with holdsPerHourMax bookings in the index. On
  "hourly_limit" one more read, O(userIndexMax). ]]
-- @include now
-- @include fence
-- @include find-repeat
-- @include owner
-- @include buyers
-- @include expiry
-- @include write-map
-- @include keep-until
-- @include write-hold
local meta_key, owner_key, map_key, expiry_key, expiries_key, buyers_key, booking_key, index_key, idem_key = unpack(KEYS)
local showtime, booking, user, plan, price_version, amount, amounts = unpack(ARGV, 1, 7)
local ttl, seats_max, holds_max, hourly_max = unpack(ARGV, 8, 11)
local ended_ttl, index_max, index_ttl, seats_ttl, client_key = unpack(ARGV, 12, 16)
local seats = { unpack(ARGV, 17) }
local HOUR_MS = 3600000
local seat_list = table.concat(seats, ',')

local meta = redis.call('HMGET', meta_key, 'state', 'planId', 'priceVersion', 'currency', 'salesOpenAt', 'salesCloseAt', 'startsAt',
	'endsAt', 'seatCount', 'scheduleVersion', 'replid')
local state, meta_plan, meta_price_version, currency, sales_open_at, sales_close_at, starts_at, ends_at, seat_count, schedule_version,
	replid = unpack(meta)
local now = now_ms()
local refusal = refusal_of_fence(meta_key, state, replid, now)
if refusal then return { refusal } end

-- The cancellation of the showtime is checked before any replay (ADR 11).
if state == 'cancelled' then return { 'showtime_cancelled' } end
local repeated = find_repeat(booking_key, idem_key, seat_list, now)
if repeated then return repeated end

if state == 'closed' or now >= tonumber(ends_at) then return { 'showtime_closed' } end
-- The rule of salesOf in the domain, which every answer that shows a showtime uses.
if now >= tonumber(sales_close_at) then return { 'not_on_sale', now, '' } end
if now < tonumber(sales_open_at) then return { 'not_on_sale', now, sales_open_at } end
if state ~= 'open' then return { 'not_on_sale', now, '' } end
if meta_plan ~= plan or meta_price_version ~= price_version then return { 'stale_prices' } end
for _, seat in ipairs(seats) do
	if tonumber(seat) >= tonumber(seat_count) then return redis.error_reply('BROKEN seat index beyond the plan') end
end

local has_seats, has_holds = 0, 0
for _, live in ipairs(live_bookings(redis.call('HGET', buyers_key, user), now)) do
	local _, commas = string.gsub(live.seats, ',', ',')
	has_seats = has_seats + commas + 1
	if live.expires_at > 0 then has_holds = has_holds + 1 end
end
if has_holds + 1 > tonumber(holds_max) then return { 'hold_limit' } end
if has_seats + #seats > tonumber(seats_max) then return { 'seat_limit' } end

-- The index contains every hold of the past hour, because it is trimmed to index_max entries and hourly_max is not greater. Most
-- users have fewer bookings in the index than one hour allows, so their scores need not be read.
local indexed = redis.call('ZCARD', index_key)
if indexed >= tonumber(hourly_max) then
	local past_hour = '(' .. string.format('%d', now - HOUR_MS)
	local placed = redis.call('ZCOUNT', index_key, past_hour, '+inf')
	if placed >= tonumber(hourly_max) then
		-- The limit allows a hold again when this many of the oldest holds are more than an hour old: one, or more if the limit was
		-- lowered.
		local excess = placed - tonumber(hourly_max) + 1
		local last = redis.call('ZRANGE', index_key, past_hour, '+inf', 'BYSCORE', 'LIMIT', excess - 1, 1, 'WITHSCORES')
		return { 'hourly_limit', string.format('%d', tonumber(last[2]) + HOUR_MS - now) }
	end
end

local taken = {}
for i, value in ipairs(redis.call('HMGET', owner_key, unpack(seats))) do
	if not is_free(value, now) then taken[#taken + 1] = seats[i] end
end
if #taken > 0 then return { 'seats_taken', unpack(taken) } end

local keys = { meta = meta_key, owner = owner_key, map = map_key, expiry = expiry_key, expiries = expiries_key, buyers = buyers_key,
	booking = booking_key, index = index_key, idem = idem_key }
local hold = { showtime = showtime, booking = booking, user = user, seats = seats, seat_list = seat_list, now = now, ends_at = ends_at,
	expires_ms = latest_expiry(now + tonumber(ttl), starts_at, sales_close_at) }
local record = { planId = plan, amounts = amounts, amount = amount, currency = currency, scheduleVersion = schedule_version,
	idempotencyKey = idem_key and client_key }
local lifetimes = { ended_ttl = ended_ttl, index_max = index_max, index_ttl = index_ttl, seats_ttl = seats_ttl }
return { 'held', now, write_hold(keys, hold, record, seat_list, lifetimes, indexed) }
