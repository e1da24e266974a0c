#!lua
--[[ install: open a showtime for selling, in chunks, from what the ledger knew under `epoch`.
KEYS[1] meta    HASH    written last: nothing is sold before it is there
KEYS[2] owner   HASH    seat index -> owner entry
KEYS[3] map     STRING  one status letter per seat
KEYS[4] expiry  ZSET    live holds of this showtime by expiry
KEYS[5] buyers  HASH    user -> what they hold and have bought here
KEYS[6] epochs  HASH    showtime -> epoch it was installed under
KEYS[7] seq     STRING  event counter of the bucket
KEYS[8] line    STRING  line of history of the bucket
ARGV[1] showtimeId   ARGV[2] epoch   ARGV[3] "1" on the first chunk   ARGV[4] "1" on the last chunk
ARGV[5] seatCount   ARGV[6] keepUntil, ms: end of owner and map   ARGV[7] metaUntil, ms: end of meta, a day sooner
ARGV[8] number of bookings in this chunk   ARGV[9..] for each: bookingId, userId, seats as `3,4`; then on the last chunk the
  fields and values of meta
RETURNS {"installed"} | {"exists"} | {"superseded"}
EFFECTS the first chunk starts from an empty map; the last writes meta with the server's replication id and a map version of
  epoch * 1e9, which therefore never repeats. Refused when a newer epoch has begun. When meta exists, two processes opened the
  showtime side by side: seats stay as they are, and a newer epoch is noted, or nothing sold here would ever be recorded.
COST O(seats in the chunk), O(seatCount) on the first. ]]
-- @include seat-list
local meta_key, owner_key, map_key, expiry_key, buyers_key, epochs_key, seq_key, line_key = unpack(KEYS)
local showtime, epoch, is_first, is_last, seat_count, keep_until, meta_until, booking_count = unpack(ARGV, 1, 8)
local installed_epoch = redis.call('HGET', meta_key, 'epoch')
if installed_epoch then
	if tonumber(installed_epoch) < tonumber(epoch) then
		redis.call('HSET', meta_key, 'epoch', epoch)
		redis.call('HSET', epochs_key, showtime, epoch)
	end
	return { 'exists' }
end
if tonumber(redis.call('HGET', epochs_key, showtime) or 0) > tonumber(epoch) then return { 'superseded' } end

if is_first == '1' then
	redis.call('DEL', owner_key, expiry_key, buyers_key)
	redis.call('SET', map_key, string.rep('A', tonumber(seat_count)))
	redis.call('HSET', epochs_key, showtime, epoch)
	redis.call('SETNX', seq_key, 0)
	redis.call('SETNX', line_key, 1)
end
local next_arg = 9
for _ = 1, tonumber(booking_count) do
	local booking, user, seat_list = unpack(ARGV, next_arg, next_arg + 2)
	next_arg = next_arg + 3
	for _, seat in ipairs(parse_seats(seat_list)) do
		redis.call('HSET', owner_key, seat, booking .. '|0')
		redis.call('SETRANGE', map_key, seat, 'S')
	end
	local line = redis.call('HGET', buyers_key, user)
	redis.call('HSET', buyers_key, user, (line and line .. ';' or '') .. booking .. ':0:' .. seat_list)
end
redis.call('PEXPIREAT', owner_key, keep_until)
redis.call('PEXPIREAT', map_key, keep_until)
redis.call('PEXPIREAT', buyers_key, keep_until)
if is_last == '1' then
	local replid = string.match(redis.call('INFO', 'replication'), 'master_replid:(%w+)')
	redis.call('HSET', meta_key, 'replid', replid, 'epoch', epoch, 'mapVersion', string.format('%d', tonumber(epoch) * 1000000000),
		unpack(ARGV, next_arg))
	redis.call('PEXPIREAT', meta_key, meta_until)
end
return { 'installed' }
