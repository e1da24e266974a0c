#!lua flags=allow-oom
--[[ ack-batch: drop settled entries from the outbox, and mark their bookings recorded. Call after the COMMIT only.
KEYS[1] outbox   STREAM  what the ledger does not know yet
KEYS[2..] bookings HASH  records of the settled bookings
ARGV[1] recordTtlMs   ARGV[2] bookingCount   ARGV[3..] settled: the version settled for each booking, then the entry ids to drop
RETURNS {"acked", entries dropped}
EFFECTS a booking that has moved on past the settled version is left as it is; its own entry will come.
COST O(entries). ]]
local record_ttl, bookings = ARGV[1], tonumber(ARGV[2])
for i = 1, bookings do
	local booking_key = KEYS[1 + i]
	if redis.call('HGET', booking_key, 'v') == ARGV[2 + i] then
		redis.call('HSET', booking_key, 'recorded', '1')
		redis.call('PEXPIRE', booking_key, record_ttl)
	end
end
return { 'acked', redis.call('XDEL', KEYS[1], unpack(ARGV, 3 + bookings)) }
