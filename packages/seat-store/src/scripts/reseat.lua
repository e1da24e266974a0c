#!lua
--[[ reseat: move a confirmed booking to other seats of the same amount at the request of staff, and append the event to the outbox.
KEYS[1] meta     HASH    the showtime as installed
KEYS[2] owner    HASH    seat index -> owner entry
KEYS[3] map      STRING  one status letter per seat
KEYS[4] buyers   HASH    user id -> the user's holds and bookings at this showtime
KEYS[5] booking  STRING  the booking's record
KEYS[6] outbox   STREAM  events that the ledger does not have yet
KEYS[7] seq      STRING  event counter of the bucket
ARGV[1] bookingId   ARGV[2] userId   ARGV[3] ifVersion or ""   ARGV[4] outboxMax   ARGV[5] seatsTtlMs
ARGV[6] amount, minor units   ARGV[7] amounts of the seats as `1250,1250`   ARGV[8] actor   ARGV[9] requestId   ARGV[10] reason or ""
ARGV[11..] seats: indexes, distinct, ascending; some of them may be the booking's own
RETURNS {"reseated", nowMs, the record as JSON} | {"seats_taken", seat...} | {"seat_count_differs", seats of the booking}
  | {"amount_differs", amount of the booking} | {"booking_state"} | {"version_mismatch", version} | {"showtime_cancelled"} | {"busy"}
  | {"not_found"} | {"not_loaded"} | {"not_ready"} | {"fenced"} | {"recovering"}
EFFECTS on "reseated" changes owner, map, buyers, booking, outbox and seq together, all seats or none. The seats that the booking has
  already make this a repeat, which rewrites the record unchanged. Blocked seats pass and are off the list of blocked seats from then
  on: showtimeVersion + 1 and one more outbox entry.
COST O(seats of the booking + the user's live entries), plus O(seats blocked) if one of the seats is blocked. ]]
-- @include now
-- @include fence
-- @include owner
-- @include seat-list
-- @include buyers
-- @include write-map
-- @include booking-record
-- @include open-own-booking
-- @include append-event
-- @include staff-command
-- @include append-showtime-event
-- @include booking-staff
-- @include unblock-sold
-- @include keep-until
local meta_key, owner_key, map_key, buyers_key, booking_key, outbox_key, seq_key = unpack(KEYS)
local booking, user, if_version, outbox_max, seats_ttl, amount, amounts, actor, request_id, reason = unpack(ARGV, 1, 10)
local seats = { unpack(ARGV, 11) }
local seat_list = table.concat(seats, ',')

local now = now_ms()
local record, refusal, text, ends_at, seat_count = open_own_booking(meta_key, booking_key, user, now, 'endsAt', 'seatCount')
if refusal then return { refusal } end
if record.state == 'CONFIRMED' and record.seats == seat_list then
	if replay_differs(if_version, record.version) then return { 'version_mismatch', record.version } end
	rewrite_record(booking_key, text)
	return { 'reseated', now, text }
end
if version_differs(if_version, record.version) then return { 'version_mismatch', record.version } end
if record.state ~= 'CONFIRMED' then return { 'booking_state' } end
local seats_before, before_list = parse_seats(record.seats), record.seats
if #seats ~= #seats_before then return { 'seat_count_differs', #seats_before } end
if amount ~= record.amount then return { 'amount_differs', record.amount } end
for _, seat in ipairs(seats) do
	if tonumber(seat) >= tonumber(seat_count) then return redis.error_reply('BROKEN seat index beyond the plan') end
end

local taken, blocked, gained, owners, is_kept = {}, {}, {}, {}, {}
for i, value in ipairs(redis.call('HMGET', owner_key, unpack(seats))) do
	local seat = seats[i]
	if value and split_owner(value) == booking then
		is_kept[seat] = true
	elseif is_blocked(value) or is_free(value, now) then
		if is_blocked(value) then blocked[#blocked + 1] = seat end
		gained[#gained + 1] = seat
		owners[#owners + 1] = seat
		owners[#owners + 1] = booking .. '|0'
	else
		taken[#taken + 1] = seat
	end
end
if #taken > 0 then return { 'seats_taken', unpack(taken) } end
if redis.call('XLEN', outbox_key) >= tonumber(outbox_max) then return { 'busy' } end

local freed = {}
for _, seat in ipairs(seats_owned(owner_key, seats_before, booking)) do
	if not is_kept[seat] then freed[#freed + 1] = seat end
end
unblock_sold(meta_key, outbox_key, seq_key, record.showtimeId, blocked, now, command_fields(actor, request_id, reason))
if #gained > 0 then redis.call('HSET', owner_key, unpack(owners)) end
if #freed > 0 then redis.call('HDEL', owner_key, unpack(freed)) end
write_map(meta_key, map_key, freed, 'A')
write_map(meta_key, map_key, gained, 'S')
write_buyer(buyers_key, user, now, booking, 0, seat_list)
keep_until_end(ends_at, seats_ttl, owner_key, buyers_key)
record.seats, record.amounts = seat_list, amounts
record.version, record.recorded = string.format('%d', tonumber(record.version) + 1), '0'
local staff = staff_fields({ command_text('booking.reseated', actor, request_id, reason) }, 'seatsBefore', before_list)
text = append_event(outbox_key, seq_key, 'booking.reseated', booking, record, now, staff)
redis.call('SET', booking_key, text)
return { 'reseated', now, text }
