#!lua
--[[ load-booking: write a booking back from the ledger, for a while, so that it can be cancelled or confirmed again.
KEYS[1] booking  HASH  the booking's record
ARGV[1] recordTtlMs   ARGV[2..] fields of the record and their values
RETURNS {"loaded"} | {"exists"}
EFFECTS none when a record exists: a record that is not recorded yet never expires, so what is absent has nothing newer.
COST O(1). ]]
if redis.call('EXISTS', KEYS[1]) == 1 then return { 'exists' } end
redis.call('HSET', KEYS[1], unpack(ARGV, 2))
redis.call('PEXPIRE', KEYS[1], ARGV[1])
return { 'loaded' }
