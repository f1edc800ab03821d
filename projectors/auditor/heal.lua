-- Set one thing of the model to what its events say, unless it has changed since it was read.
--
-- KEYS[1]  the checkpoint; the others hold nothing but this thing
-- ARGV     the position that the events go to; commands, as MessagePack; for each key but the first its DUMP, '' for none
--
-- A projector that applied an event about the thing has changed one of its keys. One that applied other events has not,
-- and then what the events say at the position they were read to still holds.
local checkpoint = redis.call('HMGET', KEYS[1], 'position', 'fence')
if checkpoint[2] then return 'fenced' end
if tonumber(checkpoint[1] or '0') < tonumber(ARGV[1]) then return 'rolled back' end
for index = 2, #KEYS do
    if (redis.call('DUMP', KEYS[index]) or '') ~= ARGV[index + 1] then return 'changed' end
end
for _, command in ipairs(cmsgpack.unpack(ARGV[2])) do
    redis.call(unpack(command))
end
return 'healed'
