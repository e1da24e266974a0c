#!lua
--[[ install-showtime: the last step of a rebuild: replace the current keys with the staged ones, and open the showtime.
KEYS[1] meta           HASH    the showtime as installed, claimed
KEYS[2] owner          HASH    seat index -> owner entry
KEYS[3] map            STRING  one status letter per seat
KEYS[4] expiry         ZSET    live holds of this showtime by expiry
KEYS[5] buyers         HASH    user id -> the user's holds and bookings at this showtime
KEYS[6] stagedOwner   HASH    seat index -> owner entry, as merged
KEYS[7] stagedMap     STRING  one status letter per seat, as merged
KEYS[8] stagedExpiry  ZSET    live holds by expiry, as merged
KEYS[9] stagedBuyers  HASH    user id -> holds and bookings, as merged
KEYS[10] expiries      ZSET    showtimes of the bucket by their earliest hold expiry
KEYS[11] epochs        HASH    showtime id -> epoch of its last install
KEYS[12] outbox        STREAM  events that the ledger does not have yet
KEYS[13] seq           STRING  event counter of the bucket
ARGV[1] token   ARGV[2] claimTtlMs   ARGV[3] showtimeId   ARGV[4] epoch   ARGV[5] ownerCount: staged seats that have an owner
ARGV[6] keepUntil, ms: end of owner and map   ARGV[7] metaUntil, ms: end of meta, a day sooner   ARGV[8] isLedgerBehind: "1" if
  the ledger lacks a change of the showtime itself   ARGV[9..] fields of meta and their values
RETURNS {"installed", map version} | {"superseded"} | {"lost_claim"}
EFFECTS all at once: renames the four staged keys to the current ones, sets the server's replication id and a map version of
  epoch * 1e9, which therefore never repeats, and publishes "reset", so that watchers read the map again. Appends a change of the
  showtime that neither the ledger nor the outbox has. "superseded": this epoch or a newer one is installed already.
COST O(seats that had owners), to free them. ]]
-- @include now
-- @include fence
-- @include claim
-- @include append-showtime-event
local meta_key, owner_key, map_key, expiry_key = unpack(KEYS, 1, 4)
local staged_map_key, expiries_key, epochs_key, outbox_key, seq_key = KEYS[7], KEYS[10], KEYS[11], KEYS[12], KEYS[13]
local token, claim_ttl, showtime, epoch, owner_count, keep_until, meta_until, is_ledger_behind = unpack(ARGV, 1, 8)
local now = now_ms()
if not keep_claim(meta_key, token, now, claim_ttl) then return { 'lost_claim' } end
if tonumber(redis.call('HGET', meta_key, 'epoch') or 0) >= tonumber(epoch) then return { 'superseded' } end
-- Staged keys expire. If a part has expired, its seats must not become free.
if redis.call('EXISTS', staged_map_key) == 0 or redis.call('HLEN', KEYS[6]) ~= tonumber(owner_count) then return { 'lost_claim' } end

for i = 2, 5 do
	if redis.call('EXISTS', KEYS[i + 4]) == 1 then
		redis.call('RENAME', KEYS[i + 4], KEYS[i])
		redis.call('PEXPIREAT', KEYS[i], keep_until)
	else
		redis.call('DEL', KEYS[i])
	end
end
local version = string.format('%d', tonumber(epoch) * 1000000000)
redis.call('HSET', meta_key, 'replid', server_replid(), 'epoch', epoch, 'mapVersion', version, unpack(ARGV, 9))
drop_claim(meta_key)
redis.call('HSET', epochs_key, showtime, epoch)
local first = redis.call('ZRANGE', expiry_key, 0, 0, 'WITHSCORES')
if first[2] then
	redis.call('ZADD', expiries_key, first[2], showtime)
else
	redis.call('ZREM', expiries_key, showtime)
end
if is_ledger_behind == '1' then
	local entry = redis.call('HGET', meta_key, 'entry')
	if not entry or #redis.call('XRANGE', outbox_key, entry, entry) == 0 then
		append_showtime_event(outbox_key, seq_key, meta_key, { type = 'showtime.restated', showtime = showtime, at = now }, {})
	end
end
-- Last, because this may delete meta at once: a showtime that ended more than a day ago keeps only its epoch, which the outbox
-- needs.
redis.call('PEXPIREAT', meta_key, meta_until)
redis.call('SPUBLISH', map_key, version .. ' reset')
return { 'installed', version }
