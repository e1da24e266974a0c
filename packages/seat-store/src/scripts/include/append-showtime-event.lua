-- Append a change of the showtime to the outbox, with all its fields in meta, so that the newest event alone is enough. The
-- sweeper depends on the field names (docs/data.md). `extra`: more fields and values, flat. They, and the type that sets several
-- terms, belong to schema 3; every other entry has schema 2, which an older sweeper settles as well.
local function append_showtime_event(outbox_key, seq_key, meta_key, event, extra)
	local schema = (#extra > 0 or event.type == 'showtime.terms_set') and '3' or '2'
	local seq = redis.call('INCR', seq_key)
	local entry = { 'schema', schema, 'seq', seq, 'type', event.type, 'showtimeId', event.showtime, 'at', string.format('%d', event.at) }
	local fields = { 'showtimeVersion', 'state', 'priceVersion', 'prices', 'currency', 'salesOpenAt', 'salesCloseAt', 'blockedSeats',
		'scheduleVersion', 'startsAt', 'endsAt' }
	for i, value in ipairs(redis.call('HMGET', meta_key, unpack(fields))) do
		entry[#entry + 1] = fields[i]
		entry[#entry + 1] = value or ''
	end
	for _, text in ipairs(extra) do entry[#entry + 1] = text end
	redis.call('HSET', meta_key, 'entry', redis.call('XADD', outbox_key, '*', unpack(entry)))
end
