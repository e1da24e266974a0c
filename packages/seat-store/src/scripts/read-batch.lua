#!lua flags=no-writes
--[[ read-batch: read the oldest entries of a bucket's outbox and the epochs of their showtimes atomically.
KEYS[1] outbox  STREAM  events that the ledger does not have yet
KEYS[2] epochs  HASH    showtime id -> epoch of its last install
ARGV[1] start of the range: "-" or "(" and an entry id   ARGV[2] limit
RETURNS {"read", {{id, {field, value, ...}}, ...}, {epoch of each entry, "" if none, ...}}
EFFECTS none. Two separate reads could pair entries of a failed primary with an epoch that a rebuild on its successor assigned.
COST O(limit). ]]
local outbox_key, epochs_key = unpack(KEYS)
local entries = redis.call('XRANGE', outbox_key, ARGV[1], '+', 'COUNT', ARGV[2])
local epochs = {}
for i, entry in ipairs(entries) do
	local fields = entry[2]
	epochs[i] = ''
	for f = 1, #fields, 2 do
		if fields[f] == 'showtimeId' then epochs[i] = redis.call('HGET', epochs_key, fields[f + 1]) or '' end
	end
end
return { 'read', entries, epochs }
