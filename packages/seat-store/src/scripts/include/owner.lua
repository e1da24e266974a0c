-- Owner entries: `bookingId|expiresAtMs`; 0 = never expires (sold, blocked or quarantined). No entry = free.
local function split_owner(value)
	local bar = string.find(value, '|', 1, true)
	return string.sub(value, 1, bar - 1), tonumber(string.sub(value, bar + 1))
end

-- Returns whether a seat is free at `now`. An expired hold stops blocking its seats at the instant of its expiry, even before it
-- is reaped.
local function is_free(value, now)
	if not value then return true end
	local _, expires_at = split_owner(value)
	return expires_at > 0 and now >= expires_at
end

-- Returns those of `seats` whose owner entry still names `booking`, and whether these are all of them.
local function seats_owned(owner_key, seats, booking)
	local owned = {}
	for i, value in ipairs(redis.call('HMGET', owner_key, unpack(seats))) do
		if value and split_owner(value) == booking then owned[#owned + 1] = seats[i] end
	end
	return owned, #owned == #seats
end
