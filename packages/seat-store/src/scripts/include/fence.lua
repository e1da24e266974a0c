-- The fence: seats change only on the server, and in that life of it, on which the showtime was installed. Redis draws a new
-- replication id whenever it starts and whenever a replica is promoted, so a server that may have forgotten something is
-- told from the one that was installed by a single comparison.
local function server_replid()
	return string.match(redis.call('INFO', 'replication'), 'master_replid:(%w+)')
end

-- nil when the seats may be used here, else the status to refuse with. A meta made by a claim alone has no `state`.
local function refusal_of_fence(meta_key, state, replid, now)
	local server = server_replid()
	if replid == server then return nil end
	local claim_replid, claim_until = unpack(redis.call('HMGET', meta_key, 'claimReplid', 'claimUntil'))
	if claim_replid == server and now < tonumber(claim_until) then return 'recovering' end
	return state and 'fenced' or 'not_ready'
end
