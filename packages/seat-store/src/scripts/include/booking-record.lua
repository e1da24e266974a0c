-- A booking record: one JSON object, each value of it text, so that cjson (14 digits) never prints a number. What is not known
-- is left out. Gives the record as a table, and its text; nil when Redis has none. Raises when the text is not JSON.
local function read_record(booking_key)
	local text = redis.call('GET', booking_key)
	if not text then return nil end
	return cjson.decode(text), text
end

local function is_hold(record)
	return record.state == 'HELD' or record.state == 'PAYING'
end

-- Write a record back as it was read, for a repeat: what it answers may have been written a moment ago, and WAIT covers only
-- what this connection has written.
local function rewrite_record(booking_key, text)
	redis.call('SET', booking_key, text, 'KEEPTTL')
end

-- If-Match: does `if_version` (or '' for none) stand in the way of a command on a record at `version`?
local function version_differs(if_version, version)
	return if_version ~= '' and if_version ~= version
end

-- A repeat of the command that made the last transition may carry the version before it: that is a replay, not a conflict.
local function replay_differs(if_version, version)
	return version_differs(if_version, version) and if_version ~= string.format('%d', tonumber(version) - 1)
end
