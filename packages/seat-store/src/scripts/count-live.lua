#!lua flags=no-writes
--[[ count-live: count what customers have of a showtime now: live holds and sold bookings, and their seats.
KEYS[1] meta   HASH  the showtime as installed
KEYS[2] owner  HASH  seat index -> owner entry
RETURNS {"counted", holds, heldSeats, bookings, soldSeats, quarantinedSeats} | {"not_ready"} | {"fenced"} | {"recovering"}
EFFECTS none. Counted from the owners, the truth about seats: an expired hold does not count, whether or not it was reaped.
COST O(seats with an owner): 50,000 seats take about NN ms. Not for requests of buyers. ]]
-- @include now
-- @include fence
-- @include owner
local meta_key, owner_key = unpack(KEYS)
local state, replid = unpack(redis.call('HMGET', meta_key, 'state', 'replid'))
local now = now_ms()
local refusal = refusal_of_fence(meta_key, state, replid, now)
if refusal then return { refusal } end

local is_counted, holds, held_seats, bookings, sold_seats, quarantined_seats = {}, 0, 0, 0, 0, 0
for _, value in ipairs(redis.call('HVALS', owner_key)) do
	local booking, expires_at = split_owner(value)
	if booking == 'Q' then
		quarantined_seats = quarantined_seats + 1
	elseif booking ~= 'X' and (expires_at == 0 or now < expires_at) then
		local is_hold, is_first = expires_at > 0, not is_counted[booking]
		is_counted[booking] = true
		if is_hold then held_seats = held_seats + 1 else sold_seats = sold_seats + 1 end
		if is_first and is_hold then holds = holds + 1 end
		if is_first and not is_hold then bookings = bookings + 1 end
	end
end
return { 'counted', holds, held_seats, bookings, sold_seats, quarantined_seats }
