-- The fence: seats change only on the server, and in that life of it, on which the showtime was installed. Redis draws a new
-- replication id whenever it starts and whenever a replica is promoted, so a server that may have forgotten something is
-- told from the one that was installed by a single comparison.
local own_replid
local function server_replid()
	own_replid = own_replid or string.match(redis.call('INFO', 'replication'), 'master_replid:(%w+)')
	return own_replid
end

-- Whether the showtime is open here, by the `replid` of its meta.
local function is_open_here(replid)
	return replid == server_replid()
end

-- Whether somebody is rebuilding the showtime here, by the claim in its meta.
local function is_claimed_here(claim_replid, claim_until, now)
	return claim_replid == server_replid() and now < tonumber(claim_until)
end

-- nil when the seats may be used here, else the status to refuse with. A meta made by a claim alone has no `state`.
local function refusal_of_fence(meta_key, state, replid, now)
	if is_open_here(replid) then return nil end
	local claim_replid, claim_until = unpack(redis.call('HMGET', meta_key, 'claimReplid', 'claimUntil'))
	if is_claimed_here(claim_replid, claim_until, now) then return 'recovering' end
	return state and 'fenced' or 'not_ready'
end
