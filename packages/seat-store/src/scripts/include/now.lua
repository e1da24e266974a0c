-- The only clock of the store, in epoch milliseconds. Call it once per script: Redis 7.0 does not freeze TIME during a script.
local function now_ms()
	local time = redis.call('TIME')
	return tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
end
