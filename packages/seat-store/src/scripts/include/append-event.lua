-- Append one transition of a booking to the outbox: the whole record, so that any later event alone is enough. Field names
-- are the contract with the sweeper (docs/data.md). Gives the text of the record with the id of this entry in it, which the
-- caller writes: encoding it once is most of what the event costs.
local function append_event(outbox_key, seq_key, event_type, booking, record, at)
	record.entry = nil
	local text = cjson.encode(record)
	local entry = redis.call('XADD', outbox_key, '*', 'schema', '2', 'seq', redis.call('INCR', seq_key), 'type', event_type,
		'bookingId', booking, 'showtimeId', record.showtimeId, 'at', string.format('%d', at), 'booking', text)
	return string.sub(text, 1, -2) .. ',"entry":"' .. entry .. '"}'
end
