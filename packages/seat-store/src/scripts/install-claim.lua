#!lua
--[[ install-claim: claim the right to rebuild a showtime, and freeze its seats until the claim is used, given back or taken over.
KEYS[1] meta    HASH    the showtime as installed; a claim creates it if there is none
ARGV[1] token of the claim   ARGV[2] claimTtlMs   ARGV[3] claimedMetaTtlMs, lifetime of a meta that holds only a claim
ARGV[4] ledgerEpoch, the epoch in the ledger before this call
RETURNS {"claimed", nowMs, epoch of the last install or 0} | {"installed"} | {"recovering"}
EFFECTS on "claimed" moves the `replid` of meta to `claimBefore`. "installed": the showtime is open here, under that epoch or a newer
  one. "recovering": another process has a live claim. A claim that has expired, or was made before the server started, is taken over.
  A repeat with the same token renews the claim.
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
	-- A closed showtime must stay closed when the claim is given back. After a takeover claimBefore is always empty.
	redis.call('HSET', meta_key, 'claimToken', token, 'claimReplid', server, 'claimBefore', replid or '')
	redis.call('HDEL', meta_key, 'replid')
end
redis.call('HSET', meta_key, 'claimUntil', string.format('%d', now + tonumber(ttl)))
if not state then redis.call('PEXPIRE', meta_key, meta_ttl) end
return { 'claimed', now, epoch or '0' }
