-- The expiry index of a showtime: a ZSET of `bookingId|userId|3,4` by expiresAtMs. A member has everything that freeing its seats
-- needs, so that reap derives no key from data.
local function expiry_member(booking, user, seats)
	return booking .. '|' .. user .. '|' .. seats
end
