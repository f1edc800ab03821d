-- The same few fields of many hashes together with the checkpoint, in one atomic call. Made for balances: the requests of
-- one turn of the event loop share a call, and the terms of an account are left where they are.
-- KEYS[1] checkpoint, KEYS[2..] hashes; ARGV the fields. Returns {checkpoint, values, ...}.
local found = { redis.call('HGETALL', KEYS[1]) }
for index = 2, #KEYS do
    found[index] = redis.call('HMGET', KEYS[index], unpack(ARGV))
end
return found
