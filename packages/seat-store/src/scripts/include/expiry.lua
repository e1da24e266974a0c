-- The expiry index of a showtime: ZSET of `bookingId|userId|3,4` by expiresAtMs. A member carries all that
-- freeing it needs, so that reaping derives no key from data.
local function expiry_member(booking, user, seats)
	return booking .. '|' .. user .. '|' .. seats
end
