-- A booking record as a table of strings, or nil when Redis has none.
local function read_record(booking_key)
	local flat = redis.call('HGETALL', booking_key)
	if #flat == 0 then return nil end
	local record = {}
	for i = 1, #flat, 2 do record[flat[i]] = flat[i + 1] end
	return record
end

local function is_hold(record)
	return record.state == 'HELD' or record.state == 'PAYING'
end

-- The record as one flat `field, value, ...` list: what HSET takes and what a reply carries.
local function flat_record(record)
	local flat = {}
	for field, value in pairs(record) do
		flat[#flat + 1] = field
		flat[#flat + 1] = value
	end
	return flat
end

-- If-Match: does `if_version` (or '' for none) stand in the way of a command on a record at version `v`?
local function version_differs(if_version, v)
	return if_version ~= '' and if_version ~= v
end

-- A repeat of the command that made the last transition may carry the version before it: that is a replay, not a conflict.
local function replay_differs(if_version, v)
	return version_differs(if_version, v) and if_version ~= string.format('%d', tonumber(v) - 1)
end
