#!lua
--[[ install-claim: take the right to rebuild a showtime, and freeze its seats until it is used, given back or taken over.
KEYS[1] meta    HASH    the showtime as installed; a claim may make it
ARGV[1] token of the rebuilder   ARGV[2] claimTtlMs   ARGV[3] claimedMetaTtlMs, life of a meta that is nothing but a claim
ARGV[4] ledgerEpoch, as the ledger had it before this call
RETURNS {"claimed", nowMs, epoch it was last installed under or 0} | {"installed"} | {"recovering"}
EFFECTS on "claimed" meta has no `replid` any more, and remembers which it was. "installed": it is open here, under that epoch or a
  newer one. "recovering": somebody else's claim lives. A claim that lapsed or was made before the server started is
  taken over; asked again with the same token, it is renewed.
COST O(1). ]]
-- @include now
-- @include fence
local meta_key = KEYS[1]
local token, ttl, meta_ttl, ledger_epoch = unpack(ARGV)
local state, replid, epoch, held_by, claim_replid, claim_until =
	unpack(redis.call('HMGET', meta_key, 'state', 'replid', 'epoch', 'claimToken', 'claimReplid', 'claimUntil'))
if state and is_open_here(replid) and tonumber(epoch) >= tonumber(ledger_epoch) then return { 'installed' } end
local now = now_ms()
if held_by ~= token and is_claimed_here(claim_replid, claim_until, now) then return { 'recovering' } end

local server = server_replid()
if held_by ~= token or claim_replid ~= server then
	-- What was closed before is as closed when it is given back: after a takeover that is always so.
	redis.call('HSET', meta_key, 'claimToken', token, 'claimReplid', server, 'claimBefore', replid or '')
	redis.call('HDEL', meta_key, 'replid')
end
redis.call('HSET', meta_key, 'claimUntil', string.format('%d', now + tonumber(ttl)))
if not state then redis.call('PEXPIRE', meta_key, meta_ttl) end
return { 'claimed', now, epoch or '0' }
