#!lua flags=no-writes
--[[ read-map: the seat map of one showtime, and until when it holds.
KEYS[1] meta    HASH    the showtime as installed
KEYS[2] map     STRING  one status letter per seat
KEYS[3] expiry  ZSET    live holds of this showtime by expiry
RETURNS {"read", nowMs, version, statuses, earliest expiry or ""} | {"not_ready"}
EFFECTS none.
COST O(1) beside copying the map. ]]
-- @include now
local meta_key, map_key, expiry_key = unpack(KEYS)
local version = redis.call('HGET', meta_key, 'mapVersion')
if not version then return { 'not_ready' } end
local first = redis.call('ZRANGE', expiry_key, 0, 0, 'WITHSCORES')
return { 'read', now_ms(), version, redis.call('GET', map_key), first[2] or '' }
