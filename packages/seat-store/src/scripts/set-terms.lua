#!lua
--[[ set-terms: change the terms of a showtime (state, prices or sales window), and append the change to the outbox.
KEYS[1] meta    HASH    the showtime as installed
KEYS[2] outbox  STREAM  events that the ledger does not have yet
KEYS[3] seq     STRING  event counter of the bucket
ARGV[1] showtimeId   ARGV[2] eventType   ARGV[3] outboxMax   ARGV[4..] fields of meta and their new values
RETURNS {"set", showtimeVersion, scheduleVersion} | {"showtime_cancelled"} | {"busy"} | {"not_ready"} | {"fenced"} | {"recovering"}
EFFECTS showtimeVersion + 1, also priceVersion + 1 on new prices, and one outbox entry. Terms that equal the current ones make this a
  repeat, which only increments `repeats`. A cancelled showtime stays cancelled.
COST O(fields). ]]
-- @include now
-- @include fence
-- @include append-showtime-event
local meta_key, outbox_key, seq_key = unpack(KEYS)
local showtime, event_type, outbox_max = unpack(ARGV, 1, 3)
local state, replid, schedule_version, showtime_version =
	unpack(redis.call('HMGET', meta_key, 'state', 'replid', 'scheduleVersion', 'showtimeVersion'))
local now = now_ms()
local refusal = refusal_of_fence(meta_key, state, replid, now)
if refusal then return { refusal } end

local is_changed, is_repriced = false, false
for i = 4, #ARGV, 2 do
	if redis.call('HGET', meta_key, ARGV[i]) ~= ARGV[i + 1] then
		is_changed = true
		if ARGV[i] == 'prices' or ARGV[i] == 'currency' then is_repriced = true end
	end
end
if not is_changed then
	redis.call('HINCRBY', meta_key, 'repeats', 1)
	return { 'set', showtime_version, schedule_version }
end
if state == 'cancelled' then return { 'showtime_cancelled' } end
if redis.call('XLEN', outbox_key) >= tonumber(outbox_max) then return { 'busy' } end

redis.call('HSET', meta_key, unpack(ARGV, 4))
if is_repriced then redis.call('HINCRBY', meta_key, 'priceVersion', 1) end
showtime_version = redis.call('HINCRBY', meta_key, 'showtimeVersion', 1)
append_showtime_event(outbox_key, seq_key, meta_key, event_type, showtime, now)
return { 'set', showtime_version, schedule_version }
