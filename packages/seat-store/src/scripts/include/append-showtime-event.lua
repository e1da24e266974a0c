-- Append a change of the showtime to the outbox, with all its fields in meta, so that the newest event alone is enough. The
-- sweeper depends on the field names (docs/data.md).
local function append_showtime_event(outbox_key, seq_key, meta_key, event_type, showtime, at)
	local seq = redis.call('INCR', seq_key)
	local entry = { 'schema', '2', 'seq', seq, 'type', event_type, 'showtimeId', showtime, 'at', string.format('%d', at) }
	local fields = { 'showtimeVersion', 'state', 'priceVersion', 'prices', 'currency', 'salesOpenAt', 'salesCloseAt', 'blockedSeats',
		'scheduleVersion', 'startsAt', 'endsAt' }
	for i, value in ipairs(redis.call('HMGET', meta_key, unpack(fields))) do
		entry[#entry + 1] = fields[i]
		entry[#entry + 1] = value or ''
	end
	redis.call('HSET', meta_key, 'entry', redis.call('XADD', outbox_key, '*', unpack(entry)))
end
