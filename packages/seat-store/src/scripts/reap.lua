#!lua flags=allow-oom
--[[ reap: delete the owner entries of expired holds of one showtime. Only housekeeping: the seats have been free since the expiry.
KEYS[1] meta      HASH    the showtime as installed
KEYS[2] owner     HASH    seat index -> owner entry
KEYS[3] map       STRING  one status letter per seat
KEYS[4] expiry    ZSET    live holds of this showtime by expiry
KEYS[5] expiries  ZSET    showtimes of the bucket by their earliest hold expiry
KEYS[6] buyers    HASH    user id -> the user's holds and bookings at this showtime
ARGV[1] showtimeId   ARGV[2] holdsMax, holds freed in one call
RETURNS {"reaped", holds, 1 if more have expired else 0} | {"not_ready"} | {"fenced"} | {"recovering"}
EFFECTS frees seats whose owner entry names the expired hold and has expired itself; never changes a booking record. A showtime that
  needs a rebuild first is removed from expiries.
COST O(holdsMax * seats per booking). ]]
-- @include now
-- @include fence
-- @include owner
-- @include seat-list
-- @include expired-seats
-- @include buyers
-- @include write-map
local meta_key, owner_key, map_key, expiry_key, expiries_key, buyers_key = unpack(KEYS)
local showtime, holds_max = ARGV[1], tonumber(ARGV[2])
local state, replid = unpack(redis.call('HMGET', meta_key, 'state', 'replid'))
local now = now_ms()
local refusal = refusal_of_fence(meta_key, state, replid, now)
if refusal then
	-- No reap is needed before the next rebuild, which drops expired holds and adds the showtime to expiries again. A claim that is
	-- given back does not add it; while a claim may exist, there is no replid.
	if refusal == 'not_ready' or (refusal == 'fenced' and replid) then redis.call('ZREM', expiries_key, showtime) end
	return { refusal }
end

local expired = redis.call('ZRANGE', expiry_key, '-inf', now, 'BYSCORE', 'LIMIT', 0, holds_max)
local freed = {}
for _, member in ipairs(expired) do
	local booking, user, seats = expired_seats(owner_key, member, now)
	for _, seat in ipairs(seats) do freed[#freed + 1] = seat end
	write_buyer(buyers_key, user, now, booking, 0, nil)
end
if #expired > 0 then redis.call('ZREM', expiry_key, unpack(expired)) end
if #freed > 0 then redis.call('HDEL', owner_key, unpack(freed)) end
write_map(meta_key, map_key, freed, 'A')

local first = redis.call('ZRANGE', expiry_key, 0, 0, 'WITHSCORES')
if first[2] then
	redis.call('ZADD', expiries_key, first[2], showtime)
else
	redis.call('ZREM', expiries_key, showtime)
end
return { 'reaped', #expired, (first[2] and tonumber(first[2]) <= now) and 1 or 0 }
