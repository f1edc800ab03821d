-- What stands under some keys of a version, as digests, and the position of it: nothing is applied meanwhile.
--
-- KEYS[1]   the checkpoint; KEYS[2..] the keys
-- ARGV      most members of a sorted set that is digested here; the score that members must be above to be read (or '');
--           what the keys begin with that are summed (or ''), the field that names what is summed (the currency), the
--           fields that are
-- Returns {position, found, ...}; found: {} for a key that is not there, {digest}, {digest, name, amount, ...}, or
-- {members} (a number) for a sorted set that is too large for one call: digest_slice.lua reads it.
--
-- A hash is digested by its fields in order, and every text with its length, so that the digest depends on nothing else.
local found = { redis.call('HGET', KEYS[1], 'position') or '0' }

local function told(list)
    local parts = {}
    for index, text in ipairs(list) do parts[index] = #text .. ':' .. text end
    return table.concat(parts)
end

local function fields_of(key)
    local flat, names, values = redis.call('HGETALL', key), {}, {}
    for index = 1, #flat, 2 do
        names[#names + 1] = flat[index]
        values[flat[index]] = flat[index + 1]
    end
    table.sort(names)
    local list = {}
    for _, name in ipairs(names) do
        list[#list + 1] = name
        list[#list + 1] = values[name]
    end
    return list
end

for index = 2, #KEYS do
    local key, entry = KEYS[index], {}
    local kind = redis.call('TYPE', key).ok
    if kind == 'hash' then
        entry[1] = redis.sha1hex('hash' .. told(fields_of(key)))
        if ARGV[3] ~= '' and string.sub(key, 1, #ARGV[3]) == ARGV[3] then
            for _, value in ipairs(redis.call('HMGET', key, unpack(ARGV, 4))) do entry[#entry + 1] = value or '' end
        end
    elseif kind == 'zset' then
        local members = redis.call('ZCARD', key)
        if members > tonumber(ARGV[1]) then
            entry[1] = members
        elseif ARGV[2] == '' then
            entry[1] = redis.sha1hex('zset' .. told(redis.call('ZRANGE', key, 0, -1, 'WITHSCORES')))
        else
            local read = redis.call('ZRANGEBYSCORE', key, '(' .. ARGV[2], '+inf', 'WITHSCORES')
            if #read > 0 then entry[1] = redis.sha1hex('zset' .. told(read)) end
        end
    elseif kind ~= 'none' then
        return redis.error_reply('a key of kind ' .. kind .. ' is in no read model: ' .. key)
    end
    found[index] = entry
end
return found
