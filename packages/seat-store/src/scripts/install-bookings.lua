#!lua
--[[ install-bookings: apply the decisions of a rebuild to the records of bookings.
KEYS[1] meta     HASH    the showtime as installed, claimed
KEYS[2] outbox   STREAM  events that the ledger does not have yet
KEYS[3] seq      STRING  event counter of the bucket
KEYS[4..] bookings STRING records to change
ARGV[1] token   ARGV[2] claimTtlMs   ARGV[3] deadLetteredEntries: ids of dead-lettered entries, separated by commas
ARGV[4..] changes: for each record: "revoke", "drop" or "reemit"; bookingId; the version that the rebuild read
RETURNS {"written", events emitted again} | {"lost_claim"}
EFFECTS revoke: the hold ends now; its version and the expiry of its record stay. drop: deletes the record, because the ledger's copy
  is newer. reemit: appends the event again if neither the ledger nor the outbox has it, unless its entry was dead-lettered. Of a cancel
  by staff it has the refund, and no command. A record
  that changed since the rebuild read it is left unchanged. Safe to repeat.
COST O(records). ]]
-- @include now
-- @include fence
-- @include claim
-- @include booking-record
-- @include append-event
local meta_key, outbox_key, seq_key = unpack(KEYS, 1, 3)
local token, claim_ttl, dead_lettered = unpack(ARGV, 1, 3)
local now = now_ms()
if not keep_claim(meta_key, token, now, claim_ttl) then return { 'lost_claim' } end

local function reemit(booking_key, booking, record)
	if record.entry and string.find(',' .. dead_lettered .. ',', ',' .. record.entry .. ',', 1, true) then return 0 end
	if record.entry and #redis.call('XRANGE', outbox_key, record.entry, record.entry) > 0 then return 0 end
	local event_type = record.state == 'CONFIRMED' and 'booking.confirmed' or 'booking.cancelled'
	record.recorded = '0'
	-- Who cancelled it is lost with the entry; what is owed is in the record.
	local is_owed = record.state == 'CANCELLED' and record.refundPercent
	local staff = is_owed and { 'commands', '[]', 'refundPercent', record.refundPercent } or nil
	redis.call('SET', booking_key, append_event(outbox_key, seq_key, event_type, booking, record, now, staff))
	return 1
end

local reemitted = 0
for i = 4, #KEYS do
	local change, booking, version = unpack(ARGV, 3 * i - 8, 3 * i - 6)
	local record = read_record(KEYS[i])
	if record and record.version == version then
		if change == 'drop' then
			redis.call('DEL', KEYS[i])
		elseif change == 'reemit' then
			reemitted = reemitted + reemit(KEYS[i], booking, record)
		elseif change == 'revoke' and tonumber(record.expiresAt) > now then
			-- The idempotency key still exists, so the record must exist too.
			record.expiresAt = string.format('%d', now)
			redis.call('SET', KEYS[i], cjson.encode(record), 'KEEPTTL')
		end
	end
end
return { 'written', reemitted }
