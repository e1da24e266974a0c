#!lua flags=allow-oom
--[[ cancel: end a booking at the request of its user or of staff. A hold is released. A confirmed booking is cancelled, and its event
appended to the outbox.
KEYS[1] meta     HASH    the showtime as installed
KEYS[2] owner    HASH    seat index -> owner entry
KEYS[3] map      STRING  one status letter per seat
KEYS[4] expiry   ZSET    live holds of this showtime by expiry
KEYS[5] buyers   HASH    user id -> the user's holds and bookings at this showtime
KEYS[6] booking  STRING  the booking's record
KEYS[7] outbox   STREAM  events that the ledger does not have yet
KEYS[8] seq      STRING  event counter of the bucket
ARGV[1] bookingId   ARGV[2] userId   ARGV[3] ifVersion or ""   ARGV[4] outboxMax
ARGV[5] actor: "" if the user cancels   ARGV[6] requestId   ARGV[7] reason or ""   ARGV[8] refundPercent: "" if the user cancels
RETURNS {"cancelled", nowMs, the record as JSON} | {"showtime_started"} | {"version_mismatch", version}
  | {"showtime_cancelled"} | {"busy"} | {"not_found"} | {"not_loaded"} | {"not_ready"} | {"fenced"} | {"recovering"}
EFFECTS frees only seats that this booking still owns. Release: the expiry of the record stays. Cancellation: the record does not
  expire until it is recorded in the ledger, and there is one outbox entry. A repeat rewrites the record unchanged. An expired hold
  is left unchanged. Staff may cancel after the start; a hold that they release has an outbox entry too, for the audit trail.
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
local meta_key, owner_key, map_key, expiry_key, buyers_key, booking_key, outbox_key, seq_key = unpack(KEYS)
local booking, user, if_version, outbox_max, actor, request_id, reason, refund_percent = unpack(ARGV)
local is_staff = actor ~= ''

local now = now_ms()
local record, refusal, text, starts_at = open_own_booking(meta_key, booking_key, user, now, 'startsAt')
if refusal then return { refusal } end

local is_held, is_confirmed = is_hold(record), record.state == 'CONFIRMED'
if not is_held and not is_confirmed then
	if replay_differs(if_version, record.version) then return { 'version_mismatch', record.version } end
	rewrite_record(booking_key, text)
	return { 'cancelled', now, text }
end
if is_held and now >= tonumber(record.expiresAt) then return { 'cancelled', now, text } end
if version_differs(if_version, record.version) then return { 'version_mismatch', record.version } end
if is_confirmed and not is_staff and now >= tonumber(starts_at) then return { 'showtime_started' } end
if (is_confirmed or is_staff) and redis.call('XLEN', outbox_key) >= tonumber(outbox_max) then return { 'busy' } end

local owned = seats_owned(owner_key, parse_seats(record.seats), booking)
if #owned > 0 then redis.call('HDEL', owner_key, unpack(owned)) end
write_map(meta_key, map_key, owned, 'A')
redis.call('ZREM', expiry_key, expiry_member(booking, user, record.seats))
write_buyer(buyers_key, user, now, booking, 0, nil)
record.state, record.version, record.recorded = 'CANCELLED', string.format('%d', tonumber(record.version) + 1), '0'
record.cancelledAt = string.format('%d', now)
record.sale = nil
if is_confirmed then
	local commands = is_staff and { command_text('booking.cancelled', actor, request_id, reason) } or {}
	local staff = staff_fields(commands, 'refundPercent', refund_percent)
	-- For a ledger that was restored from a backup: what is owed must not be lost with the entry.
	record.refundPercent = is_staff and refund_percent or nil
	text = append_event(outbox_key, seq_key, 'booking.cancelled', booking, record, now, staff)
	redis.call('SET', booking_key, text)
else
	if is_staff then
		local staff = staff_fields({ command_text('booking.released', actor, request_id, reason) })
		text = append_event(outbox_key, seq_key, 'admin.released', booking, record, now, staff)
	else
		text = cjson.encode(record)
	end
	-- KEEPTTL keeps the expiry that place-hold set, so that a loop of holds and releases cannot fill Redis.
	redis.call('SET', booking_key, text, 'KEEPTTL')
end
return { 'cancelled', now, text }
