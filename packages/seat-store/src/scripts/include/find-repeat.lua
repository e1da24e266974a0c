-- Returns the reply to a repeat of a hold, or nil. The same booking id gets the record as it is now. A used idempotency key gets its
-- booking, if `fingerprint` is that of the request that used it.
local function find_repeat(booking_key, idem_key, fingerprint, now)
	local own = redis.call('GET', booking_key)
	if own then return { 'held', now, own } end
	local used = idem_key and redis.call('GET', idem_key)
	if not used then return nil end
	local used_booking, used_for = string.match(used, '^([^|]+)|(.*)$')
	if used_for == fingerprint then return { 'replayed', used_booking } end
	return { 'idempotency_mismatch' }
end
