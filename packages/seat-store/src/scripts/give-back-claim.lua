#!lua
--[[ give-back-claim: end a claim that came to nothing, and leave the showtime exactly as open or closed as it was.
KEYS[1] meta    HASH    the showtime as installed
ARGV[1] token of the rebuilder
RETURNS {"given_back"} | {"lost_claim"}
EFFECTS none on "lost_claim": the claim is somebody else's by now, or the server has started since.
COST O(1). ]]
-- @include fence
-- @include claim
local meta_key, token = KEYS[1], ARGV[1]
local held_by, claim_replid, before = unpack(redis.call('HMGET', meta_key, 'claimToken', 'claimReplid', 'claimBefore'))
if held_by ~= token or claim_replid ~= server_replid() then return { 'lost_claim' } end
if before ~= '' then redis.call('HSET', meta_key, 'replid', before) end
drop_claim(meta_key)
return { 'given_back' }
