#!lua
--[[ set-terms: change the terms of a showtime (state, prices, sales window) in one step, and append the change to the outbox.
KEYS[1] meta    HASH    the showtime as installed
KEYS[2] outbox  STREAM  events that the ledger does not have yet
KEYS[3] seq     STRING  event counter of the bucket
ARGV[1] showtimeId   ARGV[2] ifVersions: "" for any, else `,3,4,`   ARGV[3] outboxMax   ARGV[4] cancelTtlMs
ARGV[5] actor or ""   ARGV[6] requestId   ARGV[7] reason or ""
ARGV[8] state   ARGV[9] prices as JSON   ARGV[10] currency   ARGV[11] salesOpenAt   ARGV[12] salesCloseAt: each "" to keep it
RETURNS {"set", showtimeVersion, scheduleVersion} | {"version_mismatch", showtimeVersion, scheduleVersion} | {"showtime_cancelled"}
  | {"showtime_closed"} | {"invalid_window", salesOpenAt, salesCloseAt} | {"unknown_tiers", {missing tier...}, {unknown tier...}}
  | {"currency_mismatch", currency} | {"busy"} | {"not_ready"} | {"fenced"} | {"recovering"}
EFFECTS showtimeVersion + 1, also priceVersion + 1 on new prices, and one outbox entry. Terms that equal the current ones make this a
  repeat, whatever ifVersions says; it only increments `repeats`. A cancelled showtime stays cancelled. An ended one can only be
  cancelled, until cancelTtlMs after its end.
COST O(tiers). ]]
-- @include now
-- @include fence
-- @include staff-command
-- @include append-showtime-event
local meta_key, outbox_key, seq_key = unpack(KEYS)
local showtime, if_versions, outbox_max, cancel_ttl, actor, request_id, reason = unpack(ARGV, 1, 7)
local new_state, new_prices, new_currency, new_open_at, new_close_at = unpack(ARGV, 8, 12)
local state, replid, prices, currency, sales_open_at, sales_close_at, ends_at, showtime_version, schedule_version =
	unpack(redis.call('HMGET', meta_key, 'state', 'replid', 'prices', 'currency', 'salesOpenAt', 'salesCloseAt', 'endsAt',
		'showtimeVersion', 'scheduleVersion'))
local now = now_ms()
local refusal = refusal_of_fence(meta_key, state, replid, now)
if refusal then return { refusal } end

-- The tiers of `prices` that `others` lacks, in the order of their names.
local function tiers_missing_in(others, prices)
	local missing = {}
	for tier in pairs(prices) do
		if others[tier] == nil then missing[#missing + 1] = tier end
	end
	table.sort(missing)
	return missing
end

local missing, unknown, changes, type_of_change, groups = {}, {}, {}, nil, 0
local function note_change(type, ...)
	type_of_change, groups = type, groups + 1
	for _, text in ipairs({ ... }) do changes[#changes + 1] = text end
end
local STATE_TYPES = { open = 'showtime.opened', paused = 'showtime.paused', closed = 'showtime.closed', cancelled = 'showtime.cancelled' }
if new_state ~= '' and new_state ~= state then note_change(STATE_TYPES[new_state], 'state', new_state) end
local is_repriced = false
if new_prices ~= '' then
	-- Compared by value: the texts of equal prices may name the tiers in another order.
	local given, current = cjson.decode(new_prices), cjson.decode(prices)
	missing, unknown = tiers_missing_in(given, current), tiers_missing_in(current, given)
	is_repriced = #missing + #unknown > 0
	for tier, price in pairs(given) do
		if current[tier] ~= price then is_repriced = true end
	end
	if is_repriced then note_change('showtime.repriced', 'prices', new_prices) end
end
local open_at = new_open_at ~= '' and new_open_at or sales_open_at
local close_at = new_close_at ~= '' and new_close_at or sales_close_at
if open_at ~= sales_open_at or close_at ~= sales_close_at then
	note_change('showtime.window_set', 'salesOpenAt', open_at, 'salesCloseAt', close_at)
end
local is_other_currency = new_currency ~= '' and new_currency ~= currency

if groups == 0 and not is_other_currency then
	redis.call('HINCRBY', meta_key, 'repeats', 1)
	return { 'set', showtime_version, schedule_version }
end
if is_version_refused(if_versions, showtime_version) then return { 'version_mismatch', showtime_version, schedule_version } end
if state == 'cancelled' then return { 'showtime_cancelled' } end
local until_ms = tonumber(ends_at) + (new_state == 'cancelled' and tonumber(cancel_ttl) or 0)
if now >= until_ms then return { 'showtime_closed' } end
if tonumber(close_at) < tonumber(open_at) then return { 'invalid_window', open_at, close_at } end
if #missing + #unknown > 0 then return { 'unknown_tiers', missing, unknown } end
if is_other_currency then return { 'currency_mismatch', currency } end
if redis.call('XLEN', outbox_key) >= tonumber(outbox_max) then return { 'busy' } end

redis.call('HSET', meta_key, unpack(changes))
if is_repriced then redis.call('HINCRBY', meta_key, 'priceVersion', 1) end
showtime_version = redis.call('HINCRBY', meta_key, 'showtimeVersion', 1)
local event = { type = groups > 1 and 'showtime.terms_set' or type_of_change, showtime = showtime, at = now }
append_showtime_event(outbox_key, seq_key, meta_key, event, command_fields(actor, request_id, reason))
return { 'set', showtime_version, schedule_version }
