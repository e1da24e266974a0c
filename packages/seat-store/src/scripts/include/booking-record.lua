-- Booking records: one JSON object whose values are all strings, because cjson would print a number with 14 digits at most.
-- Absent values are left out.
-- Returns the record as a table, and its text; nil when there is no record. Raises an error when the text is not JSON.
local function read_record(booking_key)
	local text = redis.call('GET', booking_key)
	if not text then return nil end
	return cjson.decode(text), text
end

local function is_hold(record)
	return record.state == 'HELD' or record.state == 'PAYING'
end

-- Rewrite a record unchanged, for a repeat. The repeat may acknowledge a write of a moment ago on another connection, and WAIT
-- covers only writes of the connection that it is sent on.
local function rewrite_record(booking_key, text)
	redis.call('SET', booking_key, text, 'KEEPTTL')
end

-- If-Match: whether `if_version` ('' for none) forbids a command on a record at `version`.
local function version_differs(if_version, version)
	return if_version ~= '' and if_version ~= version
end

-- A repeat of the last transition may carry the version before that transition: it is a replay and not a conflict.
local function replay_differs(if_version, version)
	return version_differs(if_version, version) and if_version ~= string.format('%d', tonumber(version) - 1)
end
