#!lua
--[[ confirm: sell the seats of a live hold to its user, and append the event to the outbox, in one step.
KEYS[1] meta     HASH    the showtime as installed
KEYS[2] owner    HASH    seat index -> owner entry
KEYS[3] map      STRING  one status letter per seat
KEYS[4] expiry   ZSET    live holds of this showtime by expiry
KEYS[5] buyers   HASH    user id -> the user's holds and bookings at this showtime
KEYS[6] booking  STRING  the booking's record
KEYS[7] outbox   STREAM  events that the ledger does not have yet
KEYS[8] seq      STRING  event counter of the bucket
ARGV[1] bookingId   ARGV[2] userId   ARGV[3] ifVersion or ""   ARGV[4] outboxMax   ARGV[5] seatsTtlMs
ARGV[6] actor: "" if the user confirms   ARGV[7] requestId   ARGV[8] reason or ""
RETURNS {"confirmed", nowMs, the record as JSON} | {"hold_expired"} | {"booking_state"} | {"version_mismatch", version}
  | {"showtime_cancelled"} | {"busy"} | {"not_found"} | {"not_loaded"} | {"not_ready"} | {"fenced"} | {"recovering"}
EFFECTS on "confirmed" changes owner, map, expiry, buyers, booking, outbox and seq together. A repeat rewrites the record unchanged.
  The entry has the command of staff who confirm, and also that of staff who placed the hold.
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
-- @include booking-staff
-- @include keep-until
local meta_key, owner_key, map_key, expiry_key, buyers_key, booking_key, outbox_key, seq_key = unpack(KEYS)
local booking, user, if_version, outbox_max, seats_ttl, actor, request_id, reason = unpack(ARGV)

local now = now_ms()
local record, refusal, text, ends_at = open_own_booking(meta_key, booking_key, user, now, 'endsAt')
if refusal then return { refusal } end

if record.state == 'CONFIRMED' then
	if replay_differs(if_version, record.version) then return { 'version_mismatch', record.version } end
	rewrite_record(booking_key, text)
	return { 'confirmed', now, text }
end
if not is_hold(record) then
	if version_differs(if_version, record.version) then return { 'version_mismatch', record.version } end
	return { 'booking_state' }
end
local seats = parse_seats(record.seats)
local _, all_owned = seats_owned(owner_key, seats, booking)
if now >= tonumber(record.expiresAt) or not all_owned then return { 'hold_expired' } end
if version_differs(if_version, record.version) then return { 'version_mismatch', record.version } end
if redis.call('XLEN', outbox_key) >= tonumber(outbox_max) then return { 'busy' } end

local owners = {}
for _, seat in ipairs(seats) do
	owners[#owners + 1] = seat
	owners[#owners + 1] = booking .. '|0'
end
redis.call('HSET', owner_key, unpack(owners))
write_map(meta_key, map_key, seats, 'S')
redis.call('ZREM', expiry_key, expiry_member(booking, user, record.seats))
-- Normally the user has an entry already. The entry is new only if the clock was set back after another call had removed the hold
-- from it as expired.
if write_buyer(buyers_key, user, now, booking, 0, record.seats) then keep_until_end(ends_at, seats_ttl, buyers_key) end
record.state, record.version, record.recorded = 'CONFIRMED', string.format('%d', tonumber(record.version) + 1), '0'
-- scheduleVersion stays that of the hold: a buyer who has not seen a later schedule gets a notice when the ledger has the booking.
record.confirmedAt = string.format('%d', now)
local commands = {}
if record.sale then commands[1] = record.sale end
if actor ~= '' then commands[#commands + 1] = command_text('booking.confirmed', actor, request_id, reason) end
-- Only extend needs the idempotency key, and the entry has the sale.
record.idempotencyKey, record.sale = nil, nil
text = append_event(outbox_key, seq_key, 'booking.confirmed', booking, record, now, staff_fields(commands))
redis.call('SET', booking_key, text)
return { 'confirmed', now, text }
