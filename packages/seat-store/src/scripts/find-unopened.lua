#!lua flags=no-writes
--[[ find-unopened: find which of some showtimes of one bucket must be rebuilt before they can be booked.
KEYS[1..] metas  HASH  the showtimes as installed
RETURNS {"found", positions in metas, counted from 1, ...}
EFFECTS none. Includes showtimes that are being rebuilt.
COST O(showtimes). ]]
-- @include fence
local found = {}
for i, meta_key in ipairs(KEYS) do
	if not is_open_here(redis.call('HGET', meta_key, 'replid')) then found[#found + 1] = i end
end
return { 'found', unpack(found) }
