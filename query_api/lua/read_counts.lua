-- A whole hash and the sizes of sorted sets together with the checkpoint, in one atomic call.
-- KEYS[1] checkpoint, KEYS[2] hash, KEYS[3..] sorted sets. Returns {checkpoint, hash, sizes}.
local sizes = {}
for index = 3, #KEYS do
    sizes[index - 2] = redis.call('ZCARD', KEYS[index])
end
return { redis.call('HGETALL', KEYS[1]), redis.call('HGETALL', KEYS[2]), sizes }
