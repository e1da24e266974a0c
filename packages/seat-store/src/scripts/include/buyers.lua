-- A buyer entry, in the hash `buyers`: the holds and bookings of one user at one showtime, as
-- `<booking id>:<expires at, ms>:<seat indexes>`, separated by `;`. `expires at` is 0 for a confirmed booking.
-- An entry stays short, because the seats and holds of a user are limited; what staff sell to a user comes on top.

-- Returns whether the seat store keeps an entry and an index for the user: not for the box-office account, which may own every seat.
-- The id is BOX_OFFICE_USER_ID of the domain.
local BOX_OFFICE = '00000000-0000-7000-8000-00000000b0f1'
local function is_tracked(user)
	return user ~= BOX_OFFICE
end

-- Returns the bookings in a user's entry that are live at `now`: confirmed ones, and holds that have not expired.
local function live_bookings(entry, now)
	local live = {}
	for booking_id, expires_at, seats in string.gmatch(entry or '', '([^:;]+):(%d+):([%d,]+)') do
		expires_at = tonumber(expires_at)
		if expires_at == 0 or now < expires_at then
			live[#live + 1] = { booking_id = booking_id, expires_at = expires_at, seats = seats }
		end
	end
	return live
end

-- Writes the user's entry: the live bookings other than `booking_id`, and `booking_id` itself unless `seats` is nil. Deletes the entry
-- if no booking is left. Returns whether the entry is new, false if it was deleted. If it returns true, the hash may be new as well, and
-- the caller must set the expiry of `buyers_key`. Writes nothing for a user who is not tracked, and returns false.
local function write_buyer(buyers_key, user, now, booking_id, expires_at, seats)
	if not is_tracked(user) then return false end
	local parts = {}
	for _, other in ipairs(live_bookings(redis.call('HGET', buyers_key, user), now)) do
		if other.booking_id ~= booking_id then
			parts[#parts + 1] = other.booking_id .. ':' .. string.format('%d', other.expires_at) .. ':' .. other.seats
		end
	end
	if seats then parts[#parts + 1] = booking_id .. ':' .. string.format('%d', expires_at) .. ':' .. seats end
	if #parts == 0 then
		redis.call('HDEL', buyers_key, user)
		return false
	end
	return redis.call('HSET', buyers_key, user, table.concat(parts, ';')) == 1
end
