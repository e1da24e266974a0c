#!lua
--[[ join-line: find out whether this server has forgotten part of a bucket's history, and go on behind what the ledger has.
KEYS[1] line    STRING  line of history of the bucket
KEYS[2] seq     STRING  event counter of the bucket
ARGV[1] the ledger's line or ""   ARGV[2] the ledger's highest settled seq   ARGV[3] "1" if a counter below the ledger's proves loss
RETURNS {"joined", line, seq, 1 if loss is proven else 0}
EFFECTS loss: the line becomes one more than the ledger's. The counter never falls below the ledger's. A line that is higher here
  stands, and proves loss as well: somebody found it and could not tell the ledger. Call under the ledger's lock of the bucket.
COST O(1). ]]
local line_key, seq_key = unpack(KEYS)
local ledger_line, ledger_seq, judges_seq = tonumber(ARGV[1]), tonumber(ARGV[2]), ARGV[3] == '1'
local line, seq = tonumber(redis.call('GET', line_key)), tonumber(redis.call('GET', seq_key) or 0)
local is_lost = false
if ledger_line then
	is_lost = not line or line ~= ledger_line or (judges_seq and seq < ledger_seq)
	if is_lost and (not line or line <= ledger_line) then line = ledger_line + 1 end
else
	line = line or 1
end
redis.call('SET', line_key, string.format('%d', line))
if seq < ledger_seq or seq == 0 then
	seq = math.max(seq, ledger_seq)
	redis.call('SET', seq_key, string.format('%d', seq))
end
return { 'joined', line, seq, is_lost and 1 or 0 }
