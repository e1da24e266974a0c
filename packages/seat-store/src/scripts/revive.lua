#!lua
--[[ revive: bring a cancelled booking back at the request of staff, if its seats are free, and append the event to the outbox.
KEYS[1] meta     HASH    the showtime as installed
KEYS[2] owner    HASH    seat index -> owner entry
KEYS[3] map      STRING  one status letter per seat
KEYS[4] buyers   HASH    user id -> the user's holds and bookings at this showtime
KEYS[5] booking  STRING  the booking's record
KEYS[6] outbox   STREAM  events that the ledger does not have yet
KEYS[7] seq      STRING  event counter of the bucket
ARGV[1] bookingId   ARGV[2] userId   ARGV[3] ifVersion or ""   ARGV[4] outboxMax   ARGV[5] seatsTtlMs
ARGV[6] ledgerVersion: the version at which the ledger has the booking as cancelled, "" if it does not
ARGV[7] deadline, epoch ms: the refund is withheld until then   ARGV[8] actor   ARGV[9] requestId   ARGV[10] reason or ""
RETURNS {"confirmed", nowMs, the record as JSON} | {"seats_taken", seat...} | {"booking_state"} | {"version_mismatch", version}
  | {"not_recorded"} | {"too_late"} | {"showtime_cancelled"} | {"busy"} | {"not_found"} | {"not_loaded"} | {"not_ready"} | {"fenced"}
  | {"recovering"}
EFFECTS on "confirmed" changes owner, map, buyers, booking, outbox and seq together. A confirmed booking makes this a repeat, which
  rewrites the record unchanged. A blocked seat is taken. "not_recorded": the ledger has another version, so its refund, if there is
  one, is not the one that is withheld. "too_late": the deadline is over.
COST O(seats of the booking + the user's live entries). ]]
-- @include now
-- @include fence
-- @include owner
-- @include seat-list
-- @include buyers
-- @include write-map
-- @include booking-record
-- @include open-own-booking
-- @include append-event
-- @include booking-staff
-- @include keep-until
local meta_key, owner_key, map_key, buyers_key, booking_key, outbox_key, seq_key = unpack(KEYS)
local booking, user, if_version, outbox_max, seats_ttl, ledger_version, deadline, actor, request_id, reason = unpack(ARGV)

local now = now_ms()
local record, refusal, text, ends_at = open_own_booking(meta_key, booking_key, user, now, 'endsAt')
if refusal then return { refusal } end
if record.state == 'CONFIRMED' then
	if replay_differs(if_version, record.version) then return { 'version_mismatch', record.version } end
	rewrite_record(booking_key, text)
	return { 'confirmed', now, text }
end
if version_differs(if_version, record.version) then return { 'version_mismatch', record.version } end
-- A released hold was never confirmed.
if record.state ~= 'CANCELLED' or not record.confirmedAt then return { 'booking_state' } end
if record.version ~= ledger_version then return { 'not_recorded' } end
if now >= tonumber(deadline) then return { 'too_late' } end
local seats, taken, owners = parse_seats(record.seats), {}, {}
for i, value in ipairs(redis.call('HMGET', owner_key, unpack(seats))) do
	if not is_free(value, now) then taken[#taken + 1] = seats[i] end
	owners[#owners + 1] = seats[i]
	owners[#owners + 1] = booking .. '|0'
end
if #taken > 0 then return { 'seats_taken', unpack(taken) } end
if redis.call('XLEN', outbox_key) >= tonumber(outbox_max) then return { 'busy' } end

redis.call('HSET', owner_key, unpack(owners))
write_map(meta_key, map_key, seats, 'S')
write_buyer(buyers_key, user, now, booking, 0, record.seats)
keep_until_end(ends_at, seats_ttl, owner_key, buyers_key)
record.state, record.version, record.recorded = 'CONFIRMED', string.format('%d', tonumber(record.version) + 1), '0'
-- The booking owns its seats from now on, not since its first confirm. scheduleVersion stays: moves since then get their notices.
record.confirmedAt, record.cancelledAt, record.refundPercent = string.format('%d', now), nil, nil
local staff = staff_fields({ command_text('booking.revived', actor, request_id, reason) })
text = append_event(outbox_key, seq_key, 'booking.confirmed', booking, record, now, staff)
redis.call('SET', booking_key, text)
return { 'confirmed', now, text }
