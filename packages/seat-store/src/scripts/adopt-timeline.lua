#!lua
--[[ adopt-timeline: find out whether this server has lost part of a bucket's history, and continue above what the ledger has.
KEYS[1] timeline  STRING  number of the bucket's history
KEYS[2] seq       STRING  event counter of the bucket
ARGV[1] ledgerTimeline or ""   ARGV[2] ledgerSeq: the highest that is settled   ARGV[3] judgesSeq: "1" if a counter below the ledger's proves loss
RETURNS {"adopted", timeline, seq, 1 if loss is proven else 0}
EFFECTS loss: the timeline becomes one more than the ledger's. The counter never falls below the ledger's. A timeline that is higher
  here than in the ledger stays, and proves loss as well: it was started for a loss that the ledger has not recorded. Call under the
  ledger's lock of the bucket.
COST O(1). ]]
local timeline_key, seq_key = unpack(KEYS)
local ledger_timeline, ledger_seq, judges_seq = tonumber(ARGV[1]), tonumber(ARGV[2]), ARGV[3] == '1'
local timeline, seq = tonumber(redis.call('GET', timeline_key)), tonumber(redis.call('GET', seq_key) or 0)
local is_lost = false
if ledger_timeline then
	is_lost = not timeline or timeline ~= ledger_timeline or (judges_seq and seq < ledger_seq)
	if is_lost and (not timeline or timeline <= ledger_timeline) then timeline = ledger_timeline + 1 end
else
	timeline = timeline or 1
end
redis.call('SET', timeline_key, string.format('%d', timeline))
if seq < ledger_seq or seq == 0 then
	seq = math.max(seq, ledger_seq)
	redis.call('SET', seq_key, string.format('%d', seq))
end
return { 'adopted', timeline, seq, is_lost and 1 or 0 }
