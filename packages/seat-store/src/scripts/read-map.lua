#!lua flags=no-writes
--[[ read-map: read the seat map of one showtime, and until when it is valid.
KEYS[1] meta    HASH    the showtime as installed
KEYS[2] map     STRING  one status letter per seat
KEYS[3] expiry  ZSET    live holds of this showtime by expiry
RETURNS {"read", nowMs, version, statuses, earliest expiry or "", showtimeVersion, scheduleVersion} | {"not_ready"} | {"fenced"} | {"recovering"}
EFFECTS none.
COST O(1) plus copying the map. ]]
-- @include now
-- @include fence
local meta_key, map_key, expiry_key = unpack(KEYS)
local state, replid, version, showtime_version, schedule_version =
	unpack(redis.call('HMGET', meta_key, 'state', 'replid', 'mapVersion', 'showtimeVersion', 'scheduleVersion'))
local now = now_ms()
local refusal = refusal_of_fence(meta_key, state, replid, now)
if refusal then return { refusal } end
local first = redis.call('ZRANGE', expiry_key, 0, 0, 'WITHSCORES')
return { 'read', now, version, redis.call('GET', map_key), first[2] or '', showtime_version, schedule_version }
