#!lua flags=no-writes
--[[ read-maps: read the seat maps of some showtimes of one bucket, to count their seats.
KEYS[1..] showtimes  HASH  of each showtime four keys: meta, owner (HASH), map (STRING) and expiry (ZSET)
ARGV[1] expiredHoldsMax, of one showtime
RETURNS {"read", map of the first showtime, number of its letters H that belong to expired holds, map of the second, ...}. The map of a
  showtime that is not open on this server is ""
EFFECTS none: unlike read-map, whose caller reaps expired holds first. Of more than expiredHoldsMax expired holds the rest counts as held.
COST O(showtimes + expired holds counted * seats per booking) plus copying the maps. ]]
-- @include now
-- @include fence
-- @include owner
-- @include seat-list
-- @include expired-seats
local holds_max = ARGV[1]
local now = now_ms()
local maps = {}
for i = 1, #KEYS, 4 do
	local meta_key, owner_key, map_key, expiry_key = unpack(KEYS, i, i + 3)
	local map, expired = '', 0
	if is_open_here(redis.call('HGET', meta_key, 'replid')) then
		map = redis.call('GET', map_key)
		for _, member in ipairs(redis.call('ZRANGE', expiry_key, '-inf', now, 'BYSCORE', 'LIMIT', 0, holds_max)) do
			local _, _, seats = expired_seats(owner_key, member, now)
			expired = expired + #seats
		end
	end
	maps[#maps + 1] = map
	maps[#maps + 1] = expired
end
return { 'read', unpack(maps) }
