-- Apply one batch to the desk, or do nothing: checkpoint and data move in this one call.
--
-- KEYS[1]  the checkpoint
-- ARGV     prefix of the model's keys; first and last position; recorded_at of the last event;
--          as MessagePack: {things, most steps}; a thing: {kind, id, score, fields, indexes, steps}, the last three flat
--
-- The checkpoint is set last. A script that fails half-way is not rolled back, but everything here overwrites, and a thing
-- is taken from its old list before it says that it is on the new one: the batch can be applied again.
local prefix, first, last = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3])
local checkpoint = redis.call('HMGET', KEYS[1], 'position', 'fence')
local position = tonumber(checkpoint[1] or '0')

if checkpoint[2] then return 'fenced' end
if last <= position then return 'duplicate' end
if first ~= position + 1 then return 'gap' end

local things, steps_max = unpack(cmsgpack.unpack(ARGV[5]))

-- Where a thing was listed, only the model knows.
local function list(key, kind, id, score, name, value)
    local before = redis.call('HGET', key, 'index:' .. name)
    if before == value then return end
    local listed = prefix .. 'things:' .. kind .. ':' .. name .. ':'
    if before then redis.call('ZREM', listed .. before, id) end
    redis.call('ZADD', listed .. value, score, id)
    redis.call('HSET', key, 'index:' .. name, value)
end

for _, thing in ipairs(things) do
    local kind, id, fields, indexes, steps = thing[1], thing[2], thing[4], thing[5], thing[6]
    local key, told = prefix .. 'thing:' .. kind .. ':' .. id, prefix .. 'steps:' .. kind .. ':' .. id
    redis.call('HSETNX', key, 'score', thing[3])
    local score = redis.call('HGET', key, 'score')
    redis.call('ZADD', prefix .. 'things:' .. kind, score, id)
    for index = 1, #indexes, 2 do list(key, kind, id, score, indexes[index], indexes[index + 1]) end
    redis.call('HSET', key, unpack(fields))
    redis.call('ZADD', told, unpack(steps))
    redis.call('ZREMRANGEBYRANK', told, 0, -steps_max - 1)
end
redis.call('HSET', KEYS[1], 'position', ARGV[3], 'recorded_at', ARGV[4])
return 'applied'
