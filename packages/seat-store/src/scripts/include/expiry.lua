-- The expiry index of a showtime: a ZSET of `bookingId|userId|3,4` by expiresAtMs. A member has everything that freeing its seats
-- needs, so that reap derives no key from data.
local function expiry_member(booking, user, seats)
	return booking .. '|' .. user .. '|' .. seats
end

-- When a hold ends that would end at `expires_ms`: at the latest at the later of start and end of sales, as they are now.
local function latest_expiry(expires_ms, starts_at, sales_close_at)
	return math.min(expires_ms, math.max(tonumber(starts_at), tonumber(sales_close_at)))
end
