-- Append one transition of a booking to the outbox, with the whole record, so that the newest event alone is enough. The sweeper
-- depends on the field names (docs/data.md). `staff`: more fields and values, flat, of a transition that staff caused; they belong to
-- schema 4. Every other entry has schema 2, which an older sweeper settles as well. Returns the text of the record with the id of the
-- new entry in it, and the caller writes that text: encoding the record once is most of the cost of an event.
local NO_STAFF = {}
local function append_event(outbox_key, seq_key, event_type, booking, record, at, staff)
	record.entry = nil
	local text = cjson.encode(record)
	local entry = redis.call('XADD', outbox_key, '*', 'schema', staff and '4' or '2', 'seq', redis.call('INCR', seq_key), 'type', event_type,
		'bookingId', booking, 'showtimeId', record.showtimeId, 'at', string.format('%d', at), 'booking', text, unpack(staff or NO_STAFF))
	return string.sub(text, 1, -2) .. ',"entry":"' .. entry .. '"}'
end
