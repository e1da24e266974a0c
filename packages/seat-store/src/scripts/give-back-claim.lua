#!lua
--[[ give-back-claim: end a claim without a rebuild, and restore the fence of the showtime as it was before the claim.
KEYS[1] meta    HASH    the showtime as installed, or only a claim
ARGV[1] token of the claim
RETURNS {"given_back"} | {"lost_claim"}
EFFECTS deletes the fields of the claim, and sets `replid` to its value before the claim if it had one. On "lost_claim" (another process
  has taken over the claim, the meta has expired, or the server has restarted or was promoted since): none. A claim that has expired but
  that no process has taken over can still be given back.
COST O(1). ]]
-- @include fence
-- @include claim
local meta_key, token = KEYS[1], ARGV[1]
local held_by, claim_replid, replid_before = unpack(redis.call('HMGET', meta_key, 'claimToken', 'claimReplid', 'claimBefore'))
if held_by ~= token or claim_replid ~= server_replid() then return { 'lost_claim' } end
if replid_before ~= '' then redis.call('HSET', meta_key, 'replid', replid_before) end
drop_claim(meta_key)
return { 'given_back' }
