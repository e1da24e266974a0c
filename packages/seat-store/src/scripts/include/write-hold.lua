-- The writes of a new hold, all together. Include `buyers`, `expiry`, `write-map` and `keep-until` before. `keys`: the keys of the
-- script, by their names in its header. `hold`: showtime, booking, user, seats, seat_list, now, expires_ms and ends_at (of the
-- showtime). `record`: the fields of the record that the caller knows. `fingerprint`: the value of the idempotency key, behind the id.
-- `limits`: ended_ttl, index_max, index_ttl and seats_ttl. `indexed`: the length of the user's index. Returns the text of the record.
local function write_hold(keys, hold, record, fingerprint, limits, indexed)
	local booking, user, seat_list, now = hold.booking, hold.user, hold.seat_list, hold.now
	local created_at, expires_at = string.format('%d', now), string.format('%d', hold.expires_ms)
	local owners = {}
	for _, seat in ipairs(hold.seats) do
		owners[#owners + 1] = seat
		owners[#owners + 1] = booking .. '|' .. expires_at
	end
	redis.call('HSET', keys.owner, unpack(owners))
	write_map(keys.meta, keys.map, hold.seats, 'H')
	redis.call('ZADD', keys.expiry, expires_at, expiry_member(booking, user, seat_list))
	redis.call('ZADD', keys.expiries, 'LT', expires_at, hold.showtime)
	write_buyer(keys.buyers, user, now, booking, hold.expires_ms, seat_list)
	record.userId, record.showtimeId, record.seats = user, hold.showtime, seat_list
	record.state, record.version, record.recorded = 'HELD', '1', '0'
	record.createdAt, record.expiresAt = created_at, expires_at
	local text = cjson.encode(record)
	local readable_until = string.format('%d', hold.expires_ms + tonumber(limits.ended_ttl))
	redis.call('SET', keys.booking, text, 'PXAT', readable_until)
	if is_tracked(user) then
		redis.call('ZADD', keys.index, created_at, booking)
		if indexed >= tonumber(limits.index_max) then redis.call('ZREMRANGEBYRANK', keys.index, 0, -1 - tonumber(limits.index_max)) end
		redis.call('PEXPIREAT', keys.index, now + tonumber(limits.index_ttl))
	end
	if keys.idem then redis.call('SET', keys.idem, booking .. '|' .. fingerprint, 'PXAT', readable_until) end
	keep_until_end(hold.ends_at, limits.seats_ttl, keys.owner, keys.expiry, keys.buyers)
	return text
end
