#!lua
--[[ load-booking: write the record of a booking from the ledger, with an expiry, so that its user can cancel it or repeat a confirm.
KEYS[1] booking  STRING  the booking's record
ARGV[1] recordTtlMs   ARGV[2] record as JSON
RETURNS {"loaded"} | {"exists"}
EFFECTS none when a record exists. A record that the ledger lacks never expires, so where there is no record, the ledger has the
  newest version.
COST O(1). ]]
if not redis.call('SET', KEYS[1], ARGV[2], 'NX', 'PX', ARGV[1]) then return { 'exists' } end
return { 'loaded' }
