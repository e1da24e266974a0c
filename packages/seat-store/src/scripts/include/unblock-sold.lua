-- Staff may sell blocked seats. That ends their block, in the same script and with its own outbox entry: otherwise the next rebuild
-- would block them again once their booking has ended. Include `seat-list` and `append-showtime-event` before.
local function is_blocked(value)
	return value == 'X|0'
end

-- Takes `seats` off the list of blocked seats. `command`: the fields of the command of staff, for the audit trail.
local function unblock_sold(meta_key, outbox_key, seq_key, showtime, seats, at, command)
	if #seats == 0 then return end
	local is_sold, blocked = {}, {}
	for _, seat in ipairs(seats) do is_sold[seat] = true end
	for _, seat in ipairs(parse_seats(redis.call('HGET', meta_key, 'blockedSeats') or '')) do
		if not is_sold[seat] then blocked[#blocked + 1] = seat end
	end
	redis.call('HSET', meta_key, 'blockedSeats', table.concat(blocked, ','))
	redis.call('HINCRBY', meta_key, 'showtimeVersion', 1)
	append_showtime_event(outbox_key, seq_key, meta_key, { type = 'showtime.seats_unblocked', showtime = showtime, at = at }, command)
end
