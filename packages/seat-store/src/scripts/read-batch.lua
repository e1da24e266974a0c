#!lua flags=no-writes
--[[ read-batch: the oldest entries of a bucket's outbox, with the epoch of their showtimes, in one atomic read.
KEYS[1] outbox  STREAM  what the ledger does not know yet
KEYS[2] epochs  HASH    showtime -> epoch it was installed under
ARGV[1] start of the range: "-" or "(" and an entry id   ARGV[2] limit
RETURNS {"read", {{id, {field, value, ...}}, ...}, {epoch of each entry, "" if none, ...}}
EFFECTS none. Read in two steps, a dead primary's entries could be paired with the epoch that its successor was given.
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
