#!lua
--[[ load-booking: write a booking back from the ledger, for a while, so that it can be cancelled or confirmed again.
KEYS[1] booking  STRING  the booking's record
ARGV[1] recordTtlMs   ARGV[2] record as JSON
RETURNS {"loaded"} | {"exists"}
EFFECTS none when a record exists: a record that is not recorded yet never expires, so what is absent has nothing newer.
COST O(1). ]]
if not redis.call('SET', KEYS[1], ARGV[2], 'NX', 'PX', ARGV[1]) then return { 'exists' } end
return { 'loaded' }
