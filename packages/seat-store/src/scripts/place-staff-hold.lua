#!lua
--[[ place-staff-hold: hold all requested seats for one booking at the request of staff, or none. Blocked seats, the sales window and the
limits of users do not count; the owner of a seat does.
KEYS[1] meta        HASH    the showtime as installed
KEYS[2] owner       HASH    seat index -> owner entry
KEYS[3] map         STRING  one status letter per seat
KEYS[4] expiry      ZSET    live holds of this showtime by expiry
KEYS[5] expiries    ZSET    showtimes of the bucket by their earliest hold expiry
KEYS[6] buyers      HASH    user id -> the user's holds and bookings at this showtime
KEYS[7] booking     STRING  the new booking's record
KEYS[8] userIndex   ZSET    the user's recent bookings in this bucket
KEYS[9] outbox      STREAM  events that the ledger does not have yet
KEYS[10] seq        STRING  event counter of the bucket
KEYS[11?] idempotency STRING  `bookingId|userId:3,4`; only if the client sent a key
ARGV[1] showtimeId   ARGV[2] bookingId   ARGV[3] userId   ARGV[4] planId   ARGV[5] priceVersion   ARGV[6] amount, minor units
ARGV[7] amounts of the seats as `1250,1250`   ARGV[8] holdTtlMs   ARGV[9] endedHoldTtlMs   ARGV[10] userIndexMax
ARGV[11] userIndexTtlMs   ARGV[12] seatsTtlMs   ARGV[13] outboxMax   ARGV[14] actor   ARGV[15] requestId   ARGV[16] reason or ""
ARGV[17..] seats: indexes, distinct, ascending
RETURNS {"held", nowMs, the record as JSON} | {"replayed", bookingId} | {"seats_taken", seat...} | {"showtime_closed"}
  | {"showtime_cancelled"} | {"idempotency_mismatch"} | {"stale_prices"} | {"busy"} | {"not_ready"} | {"fenced"} | {"recovering"}
EFFECTS writes all keys together on "held", none otherwise; as place-hold, except that the record has the command (`sale`), that the
  hold ends at the latest when the showtime ends, and that the box-office account gets no index and no buyer entry. Blocked seats are
  off the list of blocked seats from then on: showtimeVersion + 1 and one outbox entry. "showtime_closed": the showtime has ended.
COST O(seats asked + the user's live entries), plus O(seats blocked) if one of them is blocked. ]]
-- @include now
-- @include fence
-- @include find-repeat
-- @include owner
-- @include seat-list
-- @include buyers
-- @include expiry
-- @include write-map
-- @include keep-until
-- @include staff-command
-- @include append-showtime-event
-- @include booking-staff
-- @include unblock-sold
-- @include write-hold
local meta_key, owner_key, map_key, expiry_key, expiries_key, buyers_key, booking_key, index_key, outbox_key, seq_key, idem_key = unpack(KEYS)
local showtime, booking, user, plan, price_version, amount, amounts = unpack(ARGV, 1, 7)
local ttl, ended_ttl, index_max, index_ttl, seats_ttl, outbox_max, actor, request_id, reason = unpack(ARGV, 8, 16)
local seats = { unpack(ARGV, 17) }
local seat_list = table.concat(seats, ',')
local fingerprint = user .. ':' .. seat_list

local state, meta_plan, meta_price_version, currency, ends_at, seat_count, schedule_version, replid = unpack(redis.call('HMGET', meta_key,
	'state', 'planId', 'priceVersion', 'currency', 'endsAt', 'seatCount', 'scheduleVersion', 'replid'))
local now = now_ms()
local refusal = refusal_of_fence(meta_key, state, replid, now)
if refusal then return { refusal } end
if state == 'cancelled' then return { 'showtime_cancelled' } end
local repeated = find_repeat(booking_key, idem_key, fingerprint, now)
if repeated then return repeated end
if now >= tonumber(ends_at) then return { 'showtime_closed' } end
if meta_plan ~= plan or meta_price_version ~= price_version then return { 'stale_prices' } end
for _, seat in ipairs(seats) do
	if tonumber(seat) >= tonumber(seat_count) then return redis.error_reply('BROKEN seat index beyond the plan') end
end
local taken, blocked = {}, {}
for i, value in ipairs(redis.call('HMGET', owner_key, unpack(seats))) do
	if is_blocked(value) then
		blocked[#blocked + 1] = seats[i]
	elseif not is_free(value, now) then
		taken[#taken + 1] = seats[i]
	end
end
if #taken > 0 then return { 'seats_taken', unpack(taken) } end
if #blocked > 0 and redis.call('XLEN', outbox_key) >= tonumber(outbox_max) then return { 'busy' } end

unblock_sold(meta_key, outbox_key, seq_key, showtime, blocked, now, command_fields(actor, request_id, reason))
local keys = { meta = meta_key, owner = owner_key, map = map_key, expiry = expiry_key, expiries = expiries_key, buyers = buyers_key,
	booking = booking_key, index = index_key, idem = idem_key }
local hold = { showtime = showtime, booking = booking, user = user, seats = seats, seat_list = seat_list, now = now, ends_at = ends_at,
	expires_ms = math.min(now + tonumber(ttl), tonumber(ends_at)) }
local record = { planId = plan, amounts = amounts, amount = amount, currency = currency, scheduleVersion = schedule_version,
	sale = command_text('booking.sold', actor, request_id, reason) }
local lifetimes = { ended_ttl = ended_ttl, index_max = index_max, index_ttl = index_ttl, seats_ttl = seats_ttl }
local indexed = is_tracked(user) and redis.call('ZCARD', index_key) or 0
return { 'held', now, write_hold(keys, hold, record, fingerprint, lifetimes, indexed) }
