-- Owner, expiry and buyers come and go with what they hold, and end two days after the showtime. One that was there keeps its end.
local function keep_until_end(ends_at, ...)
	for _, key in ipairs({ ... }) do redis.call('PEXPIREAT', key, tonumber(ends_at) + 2 * 86400000, 'NX') end
end
