-- A booking record as a table of strings, or nil when Redis has none.
local function read_record(booking_key)
	local flat = redis.call('HGETALL', booking_key)
	if #flat == 0 then return nil end
	local record = {}
	for i = 1, #flat, 2 do record[flat[i]] = flat[i + 1] end
	return record
end

-- Change fields of the record, in Redis and in the table.
local function write_record(booking_key, record, changes)
	local flat = {}
	for field, value in pairs(changes) do
		record[field] = value
		flat[#flat + 1] = field
		flat[#flat + 1] = value
	end
	redis.call('HSET', booking_key, unpack(flat))
end

-- If-Match: does `if_version` (or '' for none) stand in the way of a command on a record at version `v`?
local function version_differs(if_version, v)
	return if_version ~= '' and if_version ~= v
end

-- A repeat of the command that made the last transition may carry the version before it: that is a replay, not a conflict.
local function replay_differs(if_version, v)
	return version_differs(if_version, v) and if_version ~= string.format('%d', tonumber(v) - 1)
end
