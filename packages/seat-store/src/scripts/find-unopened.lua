#!lua flags=no-writes
--[[ find-unopened: of some showtimes of one bucket, those that nobody can book before they are rebuilt.
KEYS[1..] metas  HASH  the showtimes as installed
RETURNS {"found", which of metas, counted from 1, ...}
EFFECTS none. A showtime that is being rebuilt is among them.
COST O(showtimes). ]]
-- @include fence
local found = {}
for i, meta_key in ipairs(KEYS) do
	if not is_open_here(redis.call('HGET', meta_key, 'replid')) then found[#found + 1] = i end
end
return { 'found', unpack(found) }
