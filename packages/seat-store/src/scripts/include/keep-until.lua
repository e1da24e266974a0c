-- Owner, expiry and buyers are deleted when they become empty, and otherwise expire `seats_ttl` after the showtime ends. NX keeps
-- an expiry that is already set.
local function keep_until_end(ends_at, seats_ttl, ...)
	for _, key in ipairs({ ... }) do redis.call('PEXPIREAT', key, tonumber(ends_at) + tonumber(seats_ttl), 'NX') end
end
