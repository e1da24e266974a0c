#!lua
--[[ install-seats: stage a part of the seat owners of a showtime that is being rebuilt, without changing the current owners.
KEYS[1] meta           HASH    the showtime as installed, claimed
KEYS[2] stagedOwner   HASH    seat index -> owner entry
KEYS[3] stagedMap     STRING  one status letter per seat
KEYS[4] stagedExpiry  ZSET    live holds of this showtime by expiry
KEYS[5] stagedBuyers  HASH    user id -> the user's holds and bookings at this showtime
ARGV[1] token   ARGV[2] claimTtlMs   ARGV[3] stagedTtlMs   ARGV[4] seatCount   ARGV[5] isFirst: "1" on the first part
ARGV[6..] owners: for each: bookingId, or X (blocked) or Q (quarantined); userId or ""; expiresAt or 0; seats as `3,4`
RETURNS {"staged"} | {"lost_claim"}
EFFECTS the first part deletes what was staged before. The current keys are not changed, so a rebuild that stops here has no effect.
  Safe to repeat.
COST O(seats in the part), O(seatCount) on the first. ]]
-- @include now
-- @include fence
-- @include claim
-- @include buyers
-- @include expiry
-- @include seat-list
local meta_key, owner_key, map_key, expiry_key, buyers_key = unpack(KEYS)
local token, claim_ttl, staged_ttl, seat_count, is_first = unpack(ARGV, 1, 5)
if not keep_claim(meta_key, token, now_ms(), claim_ttl) then return { 'lost_claim' } end

if is_first == '1' then
	redis.call('DEL', owner_key, expiry_key, buyers_key)
	redis.call('SET', map_key, string.rep('A', tonumber(seat_count)))
end
for i = 6, #ARGV, 4 do
	local booking, user, expires_at, seat_list = unpack(ARGV, i, i + 3)
	local letter = expires_at == '0' and 'S' or 'H'
	if booking == 'X' or booking == 'Q' then letter = booking end
	for _, seat in ipairs(parse_seats(seat_list)) do
		redis.call('HSET', owner_key, seat, booking .. '|' .. expires_at)
		redis.call('SETRANGE', map_key, seat, letter)
	end
	if expires_at ~= '0' then redis.call('ZADD', expiry_key, expires_at, expiry_member(booking, user, seat_list)) end
	if user ~= '' and is_tracked(user) then
		local entry = redis.call('HGET', buyers_key, user)
		if not (entry and string.find(entry, booking, 1, true)) then
			redis.call('HSET', buyers_key, user, (entry and entry .. ';' or '') .. booking .. ':' .. expires_at .. ':' .. seat_list)
		end
	end
end
for i = 2, 5 do redis.call('PEXPIRE', KEYS[i], staged_ttl) end
return { 'staged' }
