#!lua
--[[ extend: give a hold more time for its payment, once.
KEYS[1] meta     HASH    the showtime as installed
KEYS[2] owner    HASH    seat index -> owner entry
KEYS[3] expiry   ZSET    live holds of this showtime by expiry
KEYS[4] buyers   HASH    user id -> the user's holds and bookings at this showtime
KEYS[5] booking  STRING  the booking's record
KEYS[6?] idempotency STRING  the use of the hold's idempotency key; only if the hold was placed with one
ARGV[1] bookingId   ARGV[2] userId   ARGV[3] ifVersion or ""   ARGV[4] extensionMs   ARGV[5] lifeMaxMs   ARGV[6] endedHoldTtlMs
ARGV[7] seatsTtlMs
RETURNS {"extended", nowMs, the record as JSON} | {"hold_expired"} | {"booking_state"} | {"version_mismatch", version}
  | {"showtime_cancelled"} | {"not_found"} | {"not_loaded"} | {"not_ready"} | {"fenced"} | {"recovering"}
EFFECTS the hold ends extensionMs from now, at most lifeMaxMs after it was placed, at the latest at the later of start and end of sales,
  and never sooner than before. Only a hold that still owns all its seats can be extended, and only once; a repeat replies with the
  same record. A refusal changes no expiry.
  The record and the idempotency key expire together, endedHoldTtlMs after the hold's new end.
COST O(seats of the booking + the user's live entries). ]]
-- @include now
-- @include fence
-- @include owner
-- @include seat-list
-- @include buyers
-- @include expiry
-- @include booking-record
-- @include open-own-booking
-- @include keep-until
local meta_key, owner_key, expiry_key, buyers_key, booking_key, idem_key = unpack(KEYS)
local booking, user, if_version, extension, life_max, ended_ttl, seats_ttl = unpack(ARGV)

local now = now_ms()
local record, refusal, text, starts_at, sales_close_at, ends_at =
	open_own_booking(meta_key, booking_key, user, now, 'startsAt', 'salesCloseAt', 'endsAt')
if refusal then return { refusal } end
if not is_hold(record) then
	if version_differs(if_version, record.version) then return { 'version_mismatch', record.version } end
	return { 'booking_state' }
end
local seats = parse_seats(record.seats)
local _, all_owned = seats_owned(owner_key, seats, booking)
if now >= tonumber(record.expiresAt) or not all_owned then return { 'hold_expired' } end
if record.state == 'PAYING' then
	if replay_differs(if_version, record.version) then return { 'version_mismatch', record.version } end
	rewrite_record(booking_key, text)
	return { 'extended', now, text }
end
if version_differs(if_version, record.version) then return { 'version_mismatch', record.version } end

local extended = math.min(now + tonumber(extension), tonumber(record.createdAt) + tonumber(life_max))
-- Not sooner than before, even when the showtime was moved since: clients were given the earlier answer.
local expires_at = math.max(tonumber(record.expiresAt), latest_expiry(extended, starts_at, sales_close_at))
record.state, record.version, record.expiresAt = 'PAYING', string.format('%d', tonumber(record.version) + 1), string.format('%d', expires_at)
for _, seat in ipairs(seats) do redis.call('HSET', owner_key, seat, booking .. '|' .. record.expiresAt) end
redis.call('ZADD', expiry_key, record.expiresAt, expiry_member(booking, user, record.seats))
-- Normally the user has an entry already. The entry is new only if the clock was set back after another call had removed the hold
-- from it as expired.
if write_buyer(buyers_key, user, now, booking, expires_at, record.seats) then keep_until_end(ends_at, seats_ttl, buyers_key) end
text = cjson.encode(record)
local readable_until = string.format('%d', expires_at + tonumber(ended_ttl))
redis.call('SET', booking_key, text, 'PXAT', readable_until)
if idem_key then redis.call('PEXPIREAT', idem_key, readable_until) end
return { 'extended', now, text }
