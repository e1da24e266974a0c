-- What one user has at one showtime: `bookingId:expiresAtMs:3,4;bookingId:0:7` (0 = bought). Bounded by the caps.

-- The entries of a user's line that count at `now`: bought ones, and holds that have not lapsed.
local function live_entries(line, now)
	local entries = {}
	for booking, expires_at, seats in string.gmatch(line or '', '([^:;]+):(%d+):([%d,]+)') do
		expires_at = tonumber(expires_at)
		if expires_at == 0 or now < expires_at then
			entries[#entries + 1] = { booking = booking, expires_at = expires_at, seats = seats }
		end
	end
	return entries
end

-- Write the user's line: the live entries of others than `booking`, and `booking` itself unless `seats` is nil. Returns whether
-- the user had no line before. Then the key may be new, and the caller sets its end.
local function write_buyer(buyers_key, user, now, booking, expires_at, seats)
	local parts = {}
	for _, entry in ipairs(live_entries(redis.call('HGET', buyers_key, user), now)) do
		if entry.booking ~= booking then
			parts[#parts + 1] = entry.booking .. ':' .. string.format('%d', entry.expires_at) .. ':' .. entry.seats
		end
	end
	if seats then parts[#parts + 1] = booking .. ':' .. string.format('%d', expires_at) .. ':' .. seats end
	if #parts == 0 then
		redis.call('HDEL', buyers_key, user)
		return false
	end
	return redis.call('HSET', buyers_key, user, table.concat(parts, ';')) == 1
end
