#!lua
--[[ give-back-claim: end a claim without a rebuild, and restore the fence of the showtime as it was before the claim.
KEYS[1] meta    HASH    the showtime as installed
ARGV[1] token of the rebuilder
RETURNS {"given_back"} | {"lost_claim"}
EFFECTS none on "lost_claim": another process has the claim now, or the server has restarted since.
COST O(1). ]]
-- @include fence
-- @include claim
local meta_key, token = KEYS[1], ARGV[1]
local held_by, claim_replid, before = unpack(redis.call('HMGET', meta_key, 'claimToken', 'claimReplid', 'claimBefore'))
if held_by ~= token or claim_replid ~= server_replid() then return { 'lost_claim' } end
if before ~= '' then redis.call('HSET', meta_key, 'replid', before) end
drop_claim(meta_key)
return { 'given_back' }
