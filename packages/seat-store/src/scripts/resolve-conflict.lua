#!lua flags=allow-oom
--[[ resolve-conflict: the ledger has another owner for a seat of this booking. Assign its seats to their owners in the ledger, or free them.
KEYS[1] meta     HASH    the showtime as installed
KEYS[2] owner    HASH    seat index -> owner entry
KEYS[3] map      STRING  one status letter per seat
KEYS[4] buyers   HASH    user id -> the user's holds and bookings at this showtime
KEYS[5] booking  STRING  the record of the booking that lost
KEYS[6..] winners STRING records of the bookings that own its seats in the ledger
ARGV[1] bookingId   ARGV[2] userId   ARGV[3] version in the ledger   ARGV[4] recordTtlMs   ARGV[5] seatsTtlMs
ARGV[6..] seats: for each: seat index; bookingId and userId of its owner in the ledger, or "" and ""; the position of
  the owner's record in winners, counted from 1, or 0
RETURNS {"resolved", seats that were reassigned or freed} | {"not_ready"} | {"fenced"} | {"recovering"}
EFFECTS changes only seats that the booking still owns here, and seats that are free here but owned in the ledger. An owner that was
  cancelled here, which the ledger does not know yet, gets no seat. The record of the losing booking becomes CONFLICT at the ledger's
  version, unless the record is newer. Safe to repeat.
COST O(seats + the users' live entries). ]]
-- @include now
-- @include fence
-- @include owner
-- @include buyers
-- @include booking-record
-- @include write-map
-- @include keep-until
local meta_key, owner_key, map_key, buyers_key, booking_key = unpack(KEYS)
local booking, user, version, record_ttl, seats_ttl = unpack(ARGV, 1, 5)
local state, replid, ends_at = unpack(redis.call('HMGET', meta_key, 'state', 'replid', 'endsAt'))
local now = now_ms()
local refusal = refusal_of_fence(meta_key, state, replid, now)
if refusal then return { refusal } end

local state_of = {}
for i = 6, #KEYS do
	local winner_record = read_record(KEYS[i])
	state_of[i - 5] = winner_record and winner_record.state
end

local reassigned, freed, gained = {}, {}, {}
for i = 6, #ARGV, 4 do
	local seat, winner, winner_user, winner_at = unpack(ARGV, i, i + 3)
	local value = redis.call('HGET', owner_key, seat)
	local is_of_loser = value and split_owner(value) == booking
	local winner_state = state_of[tonumber(winner_at)]
	local wins = winner ~= '' and winner_state ~= 'CANCELLED' and winner_state ~= 'CONFLICT'
	if wins and (is_of_loser or is_free(value, now)) then
		redis.call('HSET', owner_key, seat, winner .. '|0')
		reassigned[#reassigned + 1] = seat
		gained[winner] = gained[winner] or { user = winner_user, seats = {} }
		table.insert(gained[winner].seats, seat)
	elseif is_of_loser then
		redis.call('HDEL', owner_key, seat)
		freed[#freed + 1] = seat
	end
end
write_map(meta_key, map_key, freed, 'A')
write_map(meta_key, map_key, reassigned, 'S')
write_buyer(buyers_key, user, now, booking, 0, nil)
for winner, gain in pairs(gained) do
	local entry = redis.call('HGET', buyers_key, gain.user)
	if not entry or not string.find(entry, winner, 1, true) then
		write_buyer(buyers_key, gain.user, now, winner, 0, table.concat(gain.seats, ','))
	end
end
keep_until_end(ends_at, seats_ttl, owner_key, buyers_key)
local record = read_record(booking_key)
if record and tonumber(record.version) < tonumber(version) then
	record.state, record.version, record.recorded = 'CONFLICT', version, '1'
	redis.call('SET', booking_key, cjson.encode(record), 'PX', record_ttl)
end
return { 'resolved', #reassigned + #freed }
