#!lua
--[[ open-quarantined: put quarantined seats of a showtime on sale again.
KEYS[1] meta    HASH    the showtime as installed
KEYS[2] owner   HASH    seat index -> owner entry
KEYS[3] map     STRING  one status letter per seat
ARGV[1..] seats: indexes
RETURNS {"opened", seats opened} | {"not_ready"} | {"fenced"} | {"recovering"}
EFFECTS frees the seats that are quarantined, and leaves all other seats unchanged. Safe to repeat.
COST O(seats asked). ]]
-- @include now
-- @include fence
-- @include write-map
local meta_key, owner_key, map_key = unpack(KEYS)
local state, replid = unpack(redis.call('HMGET', meta_key, 'state', 'replid'))
local refusal = refusal_of_fence(meta_key, state, replid, now_ms())
if refusal then return { refusal } end

local freed = {}
for _, seat in ipairs(ARGV) do
	if redis.call('HGET', owner_key, seat) == 'Q|0' then
		redis.call('HDEL', owner_key, seat)
		freed[#freed + 1] = seat
	end
end
write_map(meta_key, map_key, freed, 'A')
return { 'opened', #freed }
