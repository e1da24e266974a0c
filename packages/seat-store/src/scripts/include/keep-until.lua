-- Owner, expiry and buyers come and go with what they hold, and end `seats_ttl` after the showtime. One that was there keeps its end.
local function keep_until_end(ends_at, seats_ttl, ...)
	for _, key in ipairs({ ... }) do redis.call('PEXPIREAT', key, tonumber(ends_at) + tonumber(seats_ttl), 'NX') end
end
