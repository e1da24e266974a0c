-- An entry of buyers: the holds and bookings of one user at one showtime, as `bookingId:expiresAtMs:3,4;bookingId:0:7` (0 =
-- confirmed). The limits per user bound its length.

-- Returns the bookings in a user's entry that count at `now`: confirmed ones, and holds that have not expired.
local function live_bookings(entry, now)
	local live = {}
	for booking, expires_at, seats in string.gmatch(entry or '', '([^:;]+):(%d+):([%d,]+)') do
		expires_at = tonumber(expires_at)
		if expires_at == 0 or now < expires_at then
			live[#live + 1] = { booking = booking, expires_at = expires_at, seats = seats }
		end
	end
	return live
end

-- Write the user's entry: the live bookings other than `booking`, and `booking` itself unless `seats` is nil. Returns whether the
-- entry is new. Then the key may be new too, and the caller must set its expiry.
local function write_buyer(buyers_key, user, now, booking, expires_at, seats)
	local parts = {}
	for _, other in ipairs(live_bookings(redis.call('HGET', buyers_key, user), now)) do
		if other.booking ~= booking then
			parts[#parts + 1] = other.booking .. ':' .. string.format('%d', other.expires_at) .. ':' .. other.seats
		end
	end
	if seats then parts[#parts + 1] = booking .. ':' .. string.format('%d', expires_at) .. ':' .. seats end
	if #parts == 0 then
		redis.call('HDEL', buyers_key, user)
		return false
	end
	return redis.call('HSET', buyers_key, user, table.concat(parts, ';')) == 1
end
