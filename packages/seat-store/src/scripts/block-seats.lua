#!lua
--[[ block-seats: take seats off sale, or put them back on sale, and append the change to the outbox.
KEYS[1] meta    HASH    the showtime as installed
KEYS[2] owner   HASH    seat index -> owner entry
KEYS[3] map     STRING  one status letter per seat
KEYS[4] outbox  STREAM  events that the ledger does not have yet
KEYS[5] seq     STRING  event counter of the bucket
ARGV[1] showtimeId   ARGV[2] change: "block" or "unblock"   ARGV[3] ifVersions: "" for any, else `,3,4,`   ARGV[4] outboxMax
ARGV[5] seatsTtlMs   ARGV[6] actor or ""   ARGV[7] requestId   ARGV[8] reason or ""   ARGV[9..] seats: indexes, distinct
RETURNS {"set", showtimeVersion, scheduleVersion} | {"version_mismatch", showtimeVersion, scheduleVersion} | {"seats_taken", seat...}
  | {"showtime_cancelled"} | {"showtime_closed"} | {"busy"} | {"not_ready"} | {"fenced"} | {"recovering"}
EFFECTS changes all of the seats or none: blocks only free seats, unblocks only blocked ones. A seat that is already in the requested
  state stays as it is; if all are, the call is a repeat, whatever ifVersions says. Otherwise showtimeVersion + 1 and one outbox entry.
COST O(seats asked + seats blocked). ]]
-- @include now
-- @include fence
-- @include owner
-- @include seat-list
-- @include write-map
-- @include keep-until
-- @include staff-command
-- @include append-showtime-event
local meta_key, owner_key, map_key, outbox_key, seq_key = unpack(KEYS)
local showtime, change, if_versions, outbox_max, seats_ttl, actor, request_id, reason = unpack(ARGV, 1, 8)
local is_block = change == 'block'
local state, replid, seat_count, ends_at, blocked_list, showtime_version, schedule_version = unpack(redis.call('HMGET', meta_key,
	'state', 'replid', 'seatCount', 'endsAt', 'blockedSeats', 'showtimeVersion', 'scheduleVersion'))
local now = now_ms()
local refusal = refusal_of_fence(meta_key, state, replid, now)
if refusal then return { refusal } end

local changed, taken = {}, {}
for i = 9, #ARGV do
	local seat = ARGV[i]
	if tonumber(seat) >= tonumber(seat_count) then return redis.error_reply('BROKEN seat index beyond the plan') end
	local value = redis.call('HGET', owner_key, seat)
	local is_blocked = value == 'X|0'
	if is_block and not is_blocked then
		if is_free(value, now) then changed[#changed + 1] = seat else taken[#taken + 1] = seat end
	elseif not is_block and is_blocked then
		changed[#changed + 1] = seat
	end
end
if #changed + #taken == 0 then
	redis.call('HINCRBY', meta_key, 'repeats', 1)
	return { 'set', showtime_version, schedule_version }
end
if is_version_refused(if_versions, showtime_version) then return { 'version_mismatch', showtime_version, schedule_version } end
if state == 'cancelled' then return { 'showtime_cancelled' } end
if now >= tonumber(ends_at) then return { 'showtime_closed' } end
if #taken > 0 then return { 'seats_taken', unpack(taken) } end
if redis.call('XLEN', outbox_key) >= tonumber(outbox_max) then return { 'busy' } end

local is_blocked = {}
for _, seat in ipairs(parse_seats(blocked_list or '')) do is_blocked[tonumber(seat)] = true end
for _, seat in ipairs(changed) do
	is_blocked[tonumber(seat)] = is_block or nil
	if is_block then
		redis.call('HSET', owner_key, seat, 'X|0')
	else
		redis.call('HDEL', owner_key, seat)
	end
end
keep_until_end(ends_at, seats_ttl, owner_key)
local blocked = {}
for seat in pairs(is_blocked) do blocked[#blocked + 1] = seat end
table.sort(blocked)
write_map(meta_key, map_key, changed, is_block and 'X' or 'A')
redis.call('HSET', meta_key, 'blockedSeats', table.concat(blocked, ','))
showtime_version = redis.call('HINCRBY', meta_key, 'showtimeVersion', 1)
local event = { type = is_block and 'showtime.seats_blocked' or 'showtime.seats_unblocked', showtime = showtime, at = now }
append_showtime_event(outbox_key, seq_key, meta_key, event, command_fields(actor, request_id, reason))
return { 'set', showtime_version, schedule_version }
