-- A page of a sorted set, the hash behind each of its members, and the checkpoint, in one atomic call.
-- KEYS[1] checkpoint, KEYS[2] sorted set, KEYS[3] a hash to return whole.
-- ARGV[1] what a member's hash key begins with (empty: members have no hash), ARGV[2..] the range, as ZRANGE takes it.
-- Member keys are made here, not passed in KEYS; they share the hash slot of KEYS[1].
-- Returns {checkpoint, hash of KEYS[3], members, hashes}.
local members = redis.call('ZRANGE', KEYS[2], unpack(ARGV, 2))
local hashes = {}
if ARGV[1] ~= '' then
    for index, member in ipairs(members) do
        hashes[index] = redis.call('HGETALL', ARGV[1] .. member)
    end
end
return { redis.call('HGETALL', KEYS[1]), redis.call('HGETALL', KEYS[3]), members, hashes }
