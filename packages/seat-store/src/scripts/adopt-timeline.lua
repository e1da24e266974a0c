#!lua
--[[ adopt-timeline: find out whether this server has lost part of a bucket's history, and continue counting above the ledger.
KEYS[1] timeline  STRING  number of the bucket's timeline
KEYS[2] seq       STRING  event counter of the bucket
ARGV[1] ledgerTimeline or ""   ARGV[2] ledgerSeq: the highest settled seq   ARGV[3] judgesSeq: "1" if a counter below the ledger's proves loss
RETURNS {"adopted", timeline, seq, 1 if loss is proven else 0}
EFFECTS after a loss, the timeline becomes the ledger's timeline + 1. The counter is raised to the ledger's counter if it is lower. A
  timeline that is higher here than in the ledger is kept, and proves loss too: it was started for a loss that the ledger has not
  recorded. The caller must hold the ledger's lock on the bucket.
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
