#!lua
--[[ reschedule: move a showtime to another time. The ledger has this schedule already, under `scheduleVersion`; the outbox entry informs buyers.
KEYS[1] meta    HASH    the showtime as installed
KEYS[2] owner   HASH    seat index -> owner entry
KEYS[3] map     STRING  one status letter per seat
KEYS[4] expiry  ZSET    live holds of this showtime by expiry
KEYS[5] buyers  HASH    user id -> the user's holds and bookings at this showtime
KEYS[6] outbox  STREAM  events that the ledger does not have yet
KEYS[7] seq     STRING  event counter of the bucket
ARGV[1] showtimeId   ARGV[2] scheduleVersion   ARGV[3] startsAt   ARGV[4] endsAt   ARGV[5] movedFromStart   ARGV[6] movedFromEnd
ARGV[7] keepUntil   ARGV[8] metaUntil   ARGV[9] outboxMax   ARGV[10] actor or ""   ARGV[11] requestId   ARGV[12] reason or ""
RETURNS {"set", showtimeVersion, scheduleVersion} | {"showtime_cancelled"} | {"busy"} | {"not_ready"} | {"fenced"} | {"recovering"}
EFFECTS sets start, end, version and the expiry of the showtime's keys, and appends one outbox entry. Sales that close at the start go
  on doing so: salesCloseAt moves along, and then showtimeVersion + 1 as well. A version that was appended before, or that is older
  than the current one, makes this a repeat, which only increments `repeats`. The current version alone is no repeat: a rebuild may
  have read it from the ledger without an outbox entry.
COST O(1). ]]
-- @include now
-- @include fence
-- @include staff-command
-- @include append-showtime-event
local meta_key, outbox_key, seq_key = KEYS[1], KEYS[6], KEYS[7]
local showtime, version, starts_at, ends_at, from_start, from_end, keep_until, meta_until, outbox_max = unpack(ARGV, 1, 9)
local actor, request_id, reason = unpack(ARGV, 10, 12)
local state, replid, schedule_version, schedule_emitted, showtime_version, current_start, sales_open_at, sales_close_at =
	unpack(redis.call('HMGET', meta_key, 'state', 'replid', 'scheduleVersion', 'scheduleEmitted', 'showtimeVersion', 'startsAt',
		'salesOpenAt', 'salesCloseAt'))
local now = now_ms()
local refusal = refusal_of_fence(meta_key, state, replid, now)
if refusal then return { refusal } end
if tonumber(version) < tonumber(schedule_version) or tonumber(version) <= tonumber(schedule_emitted or 0) then
	redis.call('HINCRBY', meta_key, 'repeats', 1)
	return { 'set', showtime_version, schedule_version }
end
if state == 'cancelled' then return { 'showtime_cancelled' } end
if redis.call('XLEN', outbox_key) >= tonumber(outbox_max) then return { 'busy' } end

-- A rebuild may have installed the new start already, so sales that close at the start before the move count as well. Sales never
-- close before they open: settling would refuse the event.
local close_at = sales_close_at
if sales_close_at == current_start or sales_close_at == from_start then
	close_at = tonumber(starts_at) < tonumber(sales_open_at) and sales_open_at or starts_at
end
redis.call('HSET', meta_key, 'scheduleVersion', version, 'scheduleEmitted', version, 'startsAt', starts_at, 'endsAt', ends_at,
	'salesCloseAt', close_at)
-- If a rebuild installed this version, an event since then may have both versions already, and the ledger records a pair only once.
if close_at ~= sales_close_at or version == schedule_version then
	showtime_version = redis.call('HINCRBY', meta_key, 'showtimeVersion', 1)
end
local extra = command_fields(actor, request_id, reason)
for _, text in ipairs({ 'fromStartsAt', from_start, 'fromEndsAt', from_end }) do extra[#extra + 1] = text end
append_showtime_event(outbox_key, seq_key, meta_key, { type = 'showtime.rescheduled', showtime = showtime, at = now }, extra)
-- Last, because a time in the past deletes the keys at once.
redis.call('PEXPIREAT', meta_key, meta_until)
for i = 2, 5 do redis.call('PEXPIREAT', KEYS[i], keep_until) end
return { 'set', showtime_version, version }
