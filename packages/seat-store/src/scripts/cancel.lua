#!lua flags=allow-oom
--[[ cancel: end a booking because its user asks for it. A hold is released; a confirmed booking is cancelled, and the outbox says so.
KEYS[1] meta     HASH    the showtime as installed
KEYS[2] owner    HASH    seat index -> owner entry
KEYS[3] map      STRING  one status letter per seat
KEYS[4] expiry   ZSET    live holds of this showtime by expiry
KEYS[5] buyers   HASH    user -> what they hold and have bought here
KEYS[6] booking  HASH    the booking's record
KEYS[7] outbox   STREAM  what the ledger does not know yet
KEYS[8] seq      STRING  event counter of the bucket
ARGV[1] bookingId   ARGV[2] userId   ARGV[3] ifVersion or ""   ARGV[4] outboxMax
RETURNS {"cancelled", nowMs, record as flat field-value list} | {"showtime_started"} | {"version_mismatch", version}
  | {"showtime_cancelled"} | {"busy"} | {"not_found"} | {"not_loaded"} | {"not_ready"} | {"fenced"} | {"recovering"}
EFFECTS frees only seats that this booking still owns. Released: the record expires when it would have. Cancelled: the record is kept
  until it is recorded, one outbox entry. A repeat only counts itself in `repeats`; an expired hold is left as it is.
COST O(seats of the booking + the user's live entries). ]]
-- @include now
-- @include fence
-- @include owner
-- @include seat-list
-- @include buyers
-- @include expiry
-- @include write-map
-- @include booking-record
-- @include open-own-booking
-- @include append-event
local meta_key, owner_key, map_key, expiry_key, buyers_key, booking_key, outbox_key, seq_key = unpack(KEYS)
local booking, user, if_version, outbox_max = unpack(ARGV)

local now = now_ms()
local record, refusal, starts_at = open_own_booking(meta_key, booking_key, user, now, 'startsAt')
if refusal then return { refusal } end

local is_held, is_confirmed = is_hold(record), record.state == 'CONFIRMED'
if not is_held and not is_confirmed then
	if replay_differs(if_version, record.v) then return { 'version_mismatch', record.v } end
	redis.call('HINCRBY', booking_key, 'repeats', 1)
	return { 'cancelled', now, flat_record(record) }
end
if is_held and now >= tonumber(record.expiresAt) then return { 'cancelled', now, flat_record(record) } end
if version_differs(if_version, record.v) then return { 'version_mismatch', record.v } end
if is_confirmed then
	if now >= tonumber(starts_at) then return { 'showtime_started' } end
	if redis.call('XLEN', outbox_key) >= tonumber(outbox_max) then return { 'busy' } end
end

local owned = seats_owned(owner_key, parse_seats(record.seats), booking)
if #owned > 0 then redis.call('HDEL', owner_key, unpack(owned)) end
write_map(meta_key, map_key, owned, 'A')
redis.call('ZREM', expiry_key, expiry_member(booking, user, record.seats))
write_buyer(buyers_key, user, now, booking, 0, nil)
record.state, record.v, record.recorded = 'CANCELLED', string.format('%d', tonumber(record.v) + 1), '0'
record.cancelledAt = string.format('%d', now)
if is_confirmed then record.entry = append_event(outbox_key, seq_key, 'booking.cancelled', booking, record, now) end
local flat = flat_record(record)
redis.call('HSET', booking_key, unpack(flat))
-- A release leaves the end that place-hold set: a loop of hold and release must not fill Redis.
if is_confirmed then redis.call('PERSIST', booking_key) end
return { 'cancelled', now, flat }
