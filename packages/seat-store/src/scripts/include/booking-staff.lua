-- The commands of staff about a booking, for the audit trail: JSON objects of `action`, `actor`, `requestId` and, if there is one,
-- `reason`. A hold that staff have placed keeps its command in the record, as `sale`, until it is confirmed.
local function command_text(action, actor, request_id, reason)
	return cjson.encode({ action = action, actor = actor, requestId = request_id, reason = reason ~= '' and reason or nil })
end

-- The fields of an outbox entry for these commands, flat, with more fields and values; nil when there is no command.
local function staff_fields(commands, ...)
	local fields = #commands > 0 and { 'commands', '[' .. table.concat(commands, ',') .. ']', ... } or nil
	return fields
end
