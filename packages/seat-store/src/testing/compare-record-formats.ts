/**
 * Measures what a booking record costs in Redis in four storage formats: the figures of docs/adr/0014. Starts its own Redis server. Prints
 * the lowest and the median script time per operation in microseconds, then the bytes per record and per outbox entry.
 *
 *     pnpm exec node packages/seat-store/src/testing/compare-record-formats.ts
 */
import { startTestRedis } from "@holdfast/testing";
import { Redis } from "ioredis";

/** Operations in one script call. Fewer than a few hundred take too little time for Redis's clock to measure. */
const CALLS = 500;
const ROUNDS = 40;
/** Entries in the stream from whose size the bytes per entry are computed. */
const ENTRIES = 10_000;

const ID = "0199d3a0-5b1c-7c11-9d2e-3f4a5b6c7d05";

/** Lua shared by all scripts: a sample record, and functions that write and read it as a hash and as one joined text. */
const PRELUDE = `
local names = { 'userId', 'showtimeId', 'planId', 'seats', 'amounts', 'state', 'version', 'amount', 'currency', 'createdAt',
	'expiresAt', 'recorded', 'scheduleVersion', 'confirmedAt', 'cancelledAt', 'entry' }
local record = { userId = '${ID}', showtimeId = '${ID}', planId = '${ID}', seats = '17,18', amounts = '1250,1250', state = 'HELD',
	version = '1', amount = '2500', currency = 'EUR', createdAt = '1764419000123', expiresAt = '1764419420123', recorded = '0',
	scheduleVersion = '1' }
local function write_hash(key, fields, ...)
	local flat = {}
	for name, value in pairs(fields) do flat[#flat + 1] = name flat[#flat + 1] = value end
	redis.call('HSET', key, unpack(flat))
	if ... then redis.call(..., key, select(2, ...)) else redis.call('PERSIST', key) end
end
local function read_hash(key)
	local flat, fields = redis.call('HGETALL', key), {}
	for i = 1, #flat, 2 do fields[flat[i]] = flat[i + 1] end
	return fields
end
local function join(fields)
	local parts = {}
	for i, name in ipairs(names) do parts[i] = fields[name] or '' end
	return table.concat(parts, '|')
end
local function split(text)
	local fields, from = {}, 1
	for i = 1, #names do
		local bar = string.find(text, '|', from, true) or #text + 1
		if bar > from then fields[names[i]] = string.sub(text, from, bar - 1) end
		from = bar + 1
	end
	return fields
end
local function sell(fields)
	fields.state, fields.version, fields.confirmedAt, fields.entry = 'CONFIRMED', '2', '1764419100123', '1764419100123-0'
	return fields
end
local function key_of(i) return KEYS[1] .. i end
`;

/** Lua that writes, confirms and acknowledges the record at `key`, by format: a hash, and three encodings in a single string value. */
const FORMS: Record<string, { write: string; confirm: string; ack: string }> = {
	hash: {
		write: "write_hash(key, record, 'PEXPIREAT', '1999999999999')",
		confirm: "write_hash(key, sell(read_hash(key)))",
		ack: "if redis.call('HGET', key, 'version') == '2' then redis.call('HSET', key, 'recorded', '1') redis.call('PEXPIRE', key, 86400000) end",
	},
	joined: singleValue("join", "split"),
	json: singleValue("cjson.encode", "cjson.decode"),
	msgpack: singleValue("cmsgpack.pack", "cmsgpack.unpack"),
};

function singleValue(encode: string, decode: string) {
	return {
		write: `redis.call('SET', key, ${encode}(record), 'PXAT', '1999999999999')`,
		confirm: `redis.call('SET', key, ${encode}(sell(${decode}(redis.call('GET', key)))))`,
		ack: `local fields = ${decode}(redis.call('GET', key))
			if fields.version == '2' then fields.recorded = '1' redis.call('SET', key, ${encode}(fields), 'PX', 86400000) end`,
	};
}

/** Lua that appends an outbox entry, in two formats: every booking field as its own field, or the booking as a single JSON field. */
const EVENTS: Record<string, string> = {
	"event of 19 fields": `redis.call('XADD', KEYS[1] .. 'ob', '*', 'schema', '1', 'seq', '123', 'type', 'booking.confirmed',
		'bookingId', '${ID}', 'version', '2', 'userId', '${ID}', 'showtimeId', '${ID}', 'planId', '${ID}', 'seats', '17,18',
		'amounts', '1250,1250', 'amount', '2500', 'currency', 'EUR', 'createdAt', '1764419000123', 'expiresAt', '1764419420123',
		'confirmedAt', '1764419100123', 'cancelledAt', '', 'scheduleVersion', '1', 'state', 'CONFIRMED', 'at', '1764419100123')`,
	"event with the booking as JSON": `redis.call('XADD', KEYS[1] .. 'ob', '*', 'schema', '2', 'seq', '123', 'type', 'booking.confirmed',
		'bookingId', '${ID}', 'showtimeId', '${ID}', 'at', '1764419100123', 'booking', text)`,
};

const loop = (body: string): string =>
	`${PRELUDE} local text = cjson.encode(record) for i = ARGV[1], ARGV[1] + ${CALLS} - 1 do local key = key_of(i) ${body} end`;

/** Returns the script time per operation of each round, in microseconds. Operations alternate, so load on the machine affects all alike. */
async function measure(redis: Redis): Promise<Map<string, number[]>> {
	const scripts = [
		...Object.entries(FORMS).flatMap(([form, bodies]) =>
			Object.entries(bodies).map(([what, body]): [string, string, string] => [`${what} ${form}`, form, loop(body)]),
		),
		...Object.entries(EVENTS).map(([name, body]): [string, string, string] => [name, "event", loop(body)]),
	];
	const times = new Map<string, number[]>(scripts.map(([name]) => [name, []]));
	for (let round = 0; round < ROUNDS; round += 1) {
		for (const [name, prefix, script] of scripts) {
			await redis.config("RESETSTAT");
			await redis.eval(script, 1, `{b1}:${prefix}:`, round * CALLS);
			const micros = /cmdstat_eval:calls=1,usec=(\d+)/.exec(await redis.info("commandstats"))?.[1];
			times.get(name)?.push(Number(micros) / CALLS);
		}
		await redis.del("{b1}:event:ob");
	}
	return times;
}

const server = await startTestRedis();
const redis = new Redis(server.url);
for (const [name, micros] of await measure(redis)) {
	const ordered = micros.toSorted((a, b) => a - b);
	console.log(`${name.padEnd(32)} lowest ${ordered[0]?.toFixed(1)}  median ${ordered[ROUNDS / 2]?.toFixed(1)} us`);
}
for (const form of Object.keys(FORMS)) console.log(`${form.padEnd(32)} ${await redis.memory("USAGE", `{b1}:${form}:0`)} bytes per record`);
for (const [name, body] of Object.entries(EVENTS)) {
	for (let i = 0; i < ENTRIES / CALLS; i += 1) await redis.eval(loop(body), 1, "{b1}:event:", 0);
	const bytes = Number(await redis.memory("USAGE", "{b1}:event:ob", "SAMPLES", 0));
	console.log(`${name.padEnd(32)} ${Math.round(bytes / ENTRIES)} bytes per entry`);
	await redis.del("{b1}:event:ob");
}
redis.disconnect();
await server.stop();
