-- Whole hashes together with the checkpoint, in one atomic call: no event is applied between reading the two, so the
-- position in the answer is the position of the data.
-- KEYS[1] checkpoint, KEYS[2..] hashes. Returns {checkpoint, hash, ...}, each a flat list, empty for a missing key.
local found = { redis.call('HGETALL', KEYS[1]) }
for index = 2, #KEYS do
    found[index] = redis.call('HGETALL', KEYS[index])
end
return found
