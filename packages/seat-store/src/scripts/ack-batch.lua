#!lua flags=allow-oom
--[[ ack-batch: delete settled entries from the outbox, and mark their bookings as recorded. Call only after the COMMIT.
KEYS[1] outbox   STREAM  events that the ledger does not have yet
KEYS[2..] bookings STRING records of the settled bookings
ARGV[1] recordTtlMs   ARGV[2] bookingCount   ARGV[3..] settled: the version settled for each booking, then the entry ids to delete
RETURNS {"acked", entries deleted}
EFFECTS leaves a booking unchanged that has a newer version than the settled one, because a later entry covers it; also leaves an
  unreadable record unchanged.
COST O(entries). ]]
local record_ttl, bookings = ARGV[1], tonumber(ARGV[2])
for i = 1, bookings do
	local booking_key = KEYS[1 + i]
	local text = redis.pcall('GET', booking_key)
	local is_json, record = pcall(cjson.decode, text)
	if is_json and type(record) == 'table' and record.version == ARGV[2 + i] then
		record.recorded = '1'
		redis.call('SET', booking_key, cjson.encode(record), 'PX', record_ttl)
	end
end
return { 'acked', redis.call('XDEL', KEYS[1], unpack(ARGV, 3 + bookings)) }
