-- Returns whether `token` still has the claim on the showtime, on this server since its start; if so, extends the claim by `ttl`
-- from now. An expired claim that no other process has taken over is still valid: the seats have been frozen all the time.
local function keep_claim(meta_key, token, now, ttl)
	local held_by, replid = unpack(redis.call('HMGET', meta_key, 'claimToken', 'claimReplid'))
	if held_by ~= token or replid ~= server_replid() then return false end
	redis.call('HSET', meta_key, 'claimUntil', string.format('%d', now + tonumber(ttl)))
	return true
end

local function drop_claim(meta_key)
	redis.call('HDEL', meta_key, 'claimToken', 'claimReplid', 'claimUntil', 'claimBefore')
end
