-- Append one transition of a booking to the outbox: the whole booking as it stands, so that any later event alone
-- is enough. Field names are the contract with the sweeper (docs/data.md).
local function append_event(outbox_key, seq_key, event_type, booking, record, at)
	local seq = redis.call('INCR', seq_key)
	return redis.call('XADD', outbox_key, '*', 'schema', '1', 'seq', seq, 'type', event_type, 'bookingId', booking,
		'v', record.v, 'userId', record.user, 'showtimeId', record.showtime, 'planId', record.plan, 'seats', record.seats,
		'amount', record.amount, 'currency', record.currency, 'createdAt', record.createdAt, 'expiresAt', record.expiresAt,
		'confirmedAt', record.confirmedAt, 'cancelledAt', record.cancelledAt or '',
		'scheduleVersion', record.scheduleVersion, 'at', string.format('%d', at))
end
