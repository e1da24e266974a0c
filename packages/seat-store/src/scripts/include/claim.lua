-- Whether the showtime is still claimed by `token`, in this life of the server; if so the claim lasts `ttl` from now on.
-- One that has lapsed and that nobody took over is still its maker's: the seats have been frozen all the while.
local function keep_claim(meta_key, token, now, ttl)
	local held_by, replid = unpack(redis.call('HMGET', meta_key, 'claimToken', 'claimReplid'))
	if held_by ~= token or replid ~= server_replid() then return false end
	redis.call('HSET', meta_key, 'claimUntil', string.format('%d', now + tonumber(ttl)))
	return true
end

local function drop_claim(meta_key)
	redis.call('HDEL', meta_key, 'claimToken', 'claimReplid', 'claimUntil', 'claimBefore')
end
