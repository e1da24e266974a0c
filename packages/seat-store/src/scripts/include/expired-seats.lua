-- Parses a member of the expiry index whose hold has expired at `now`. Returns the booking, its user, and those of its seats that are to
-- be freed: another hold may have taken over some of them since the expiry. Include `owner` and `seat-list` before.
local function expired_seats(owner_key, member, now)
	local booking, user, seat_list = string.match(member, '^([^|]+)|([^|]+)|(.*)$')
	local seats, expired = parse_seats(seat_list), {}
	for i, value in ipairs(redis.call('HMGET', owner_key, unpack(seats))) do
		if value and split_owner(value) == booking and is_free(value, now) then expired[#expired + 1] = seats[i] end
	end
	return booking, user, expired
end
