-- A command of staff: its condition on the version (If-Match), and what its outbox entry says about it for the audit trail.
-- `if_versions`: '' for any version, else the accepted ones as ',3,4,'; ',' accepts none.
local function is_version_refused(if_versions, version)
	return if_versions ~= '' and not string.find(if_versions, ',' .. version .. ',', 1, true)
end

-- The fields of the entry; none for a change that no staff made. `reason` is '' when there is none.
local function command_fields(actor, request_id, reason)
	if actor == '' then return {} end
	return { 'actor', actor, 'requestId', request_id, 'reason', reason }
end
