-- The fence: seats change only on the Redis server that the showtime was installed on, and only until that server restarts. Redis
-- draws a new replication id at every start and at every promotion of a replica, so comparing one id detects a server that may
-- have lost data since the install.
local own_replid
local function server_replid()
	own_replid = own_replid or string.match(redis.call('INFO', 'replication'), 'master_replid:(%w+)')
	return own_replid
end

-- Returns whether the showtime is open on this server, given the `replid` in its meta.
local function is_open_here(replid)
	return replid == server_replid()
end

-- Returns whether a process is rebuilding the showtime on this server, given the claim in its meta.
local function is_claimed_here(claim_replid, claim_until, now)
	return claim_replid == server_replid() and now < tonumber(claim_until)
end

-- Returns nil when the seats may be used here, else the status to refuse with. A meta that holds only a claim has no `state`.
local function refusal_of_fence(meta_key, state, replid, now)
	if is_open_here(replid) then return nil end
	local claim_replid, claim_until = unpack(redis.call('HMGET', meta_key, 'claimReplid', 'claimUntil'))
	if is_claimed_here(claim_replid, claim_until, now) then return 'recovering' end
	return state and 'fenced' or 'not_ready'
end
