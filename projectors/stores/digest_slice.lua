-- A slice of a sorted set by rank, as a digest, and the position of it.
-- KEYS[1] the checkpoint, KEYS[2] the set; ARGV first and last rank. Returns {position, digest}.
local parts = {}
for index, text in ipairs(redis.call('ZRANGE', KEYS[2], ARGV[1], ARGV[2], 'WITHSCORES')) do
    parts[index] = #text .. ':' .. text
end
return { redis.call('HGET', KEYS[1], 'position') or '0', redis.sha1hex(table.concat(parts)) }
