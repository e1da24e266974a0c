-- Append one transition of a booking to the outbox, with the whole record, so that the newest event alone is enough. The sweeper
-- depends on the field names (docs/data.md). Returns the text of the record with the id of the new entry in it, and the caller
-- writes that text: encoding the record once is most of the cost of an event.
local function append_event(outbox_key, seq_key, event_type, booking, record, at)
	record.entry = nil
	local text = cjson.encode(record)
	local entry = redis.call('XADD', outbox_key, '*', 'schema', '2', 'seq', redis.call('INCR', seq_key), 'type', event_type,
		'bookingId', booking, 'showtimeId', record.showtimeId, 'at', string.format('%d', at), 'booking', text)
	return string.sub(text, 1, -2) .. ',"entry":"' .. entry .. '"}'
end
