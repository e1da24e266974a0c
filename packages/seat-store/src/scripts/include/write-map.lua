-- Set the letter of some seats in the map, increment its version, and publish the change to watchers: `<version> <letter>
-- <seat,seat,...>`.
local function write_map(meta_key, map_key, seats, letter)
	if #seats == 0 then return end
	for _, seat in ipairs(seats) do redis.call('SETRANGE', map_key, seat, letter) end
	local version = redis.call('HINCRBY', meta_key, 'mapVersion', 1)
	redis.call('SPUBLISH', map_key, version .. ' ' .. letter .. ' ' .. table.concat(seats, ','))
end
