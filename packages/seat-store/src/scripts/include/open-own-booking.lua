-- The first step of every script that changes a booking at its user's request: checks the fence, the record, its user and the
-- showtime. Returns the record, nil, its text, and the values of the named fields of meta; or nil and the status to refuse with.
local function open_own_booking(meta_key, booking_key, user, now, ...)
	local meta = redis.call('HMGET', meta_key, 'state', 'replid', ...)
	local state, replid = meta[1], meta[2]
	local refusal = refusal_of_fence(meta_key, state, replid, now)
	if refusal then return nil, refusal end
	local record, text = read_record(booking_key)
	if not record then return nil, 'not_loaded' end
	if record.userId ~= user then return nil, 'not_found' end
	if state == 'cancelled' then return nil, 'showtime_cancelled' end
	return record, nil, text, unpack(meta, 3)
end
