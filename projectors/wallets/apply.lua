-- Apply one batch to the model, or do nothing: checkpoint and data move in this one call.
--
-- Or one part of a window, whose commands were sent ahead in slices: only the last part moves the checkpoint.
--
-- KEYS[1]  the checkpoint
-- ARGV     prefix of the model's keys; first and last position; recorded_at of the last event;
--          changes, as MessagePack: {ids of holds that ended, payments that moved: {id, status, score}, commands that
--          only overwrite, counters: {name, increment, ...}};
--          of a window only: the attempt's name, see begin_window.lua; 'part' for each part but the last
--
-- Amounts pass through as strings: a number of Lua is a float. Positions are compared as numbers, exact up to 2^53.
-- The checkpoint is set last. A script that fails half-way is not rolled back, but everything before the counters is a
-- plain overwrite, so the batch can be applied again; the counters and the checkpoint cannot fail.
local prefix, first, last = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3])
local checkpoint = redis.call('HMGET', KEYS[1], 'position', 'fence', 'ahead', 'attempt')
local position = tonumber(checkpoint[1] or '0')

if checkpoint[2] then return 'fenced' end
if last <= position then return 'duplicate' end
if first ~= position + 1 then return 'gap' end
if ARGV[6] and ARGV[6] ~= checkpoint[4] then return 'gap' end -- another one has begun a window since

local changes = cmsgpack.unpack(ARGV[5])
local ended, moves, commands, counters = unpack(changes)
-- A hold that ended leaves the index of every account it touched. The event does not name them all; the hold does.
for _, hold in ipairs(ended) do
    local accounts = redis.call('HGET', prefix .. 'hold:' .. hold, 'accounts') or ''
    for account in string.gmatch(accounts, '%S+') do
        redis.call('ZREM', prefix .. 'holds:' .. account, hold)
    end
end
-- Where a payment was, only the model knows. One that is there already was moved by a call that failed half-way.
for _, move in ipairs(moves) do
    local payment, status, score = move[1], move[2], move[3]
    local before = redis.call('HGET', prefix .. 'payment:' .. payment, 'status')
    if before ~= status then
        if before then
            redis.call('ZREM', prefix .. 'payments:' .. before, payment)
            redis.call('HINCRBY', prefix .. 'totals', 'payments:' .. before, '-1')
        end
        redis.call('ZADD', prefix .. 'payments', score, payment)
        redis.call('ZADD', prefix .. 'payments:' .. status, score, payment)
        redis.call('HINCRBY', prefix .. 'totals', 'payments:' .. status, '1')
        redis.call('HSET', prefix .. 'payment:' .. payment, 'status', status)
    end
end
for _, command in ipairs(commands) do
    redis.call(unpack(command))
end
if ARGV[7] then return 'applied' end -- the rest of the window follows
-- From here on nothing can fail.
for at = 1, #counters, 2 do
    redis.call('HINCRBY', prefix .. 'totals', counters[at], counters[at + 1])
end
redis.call('HSET', KEYS[1], 'position', ARGV[3], 'recorded_at', ARGV[4])
if checkpoint[3] and last >= tonumber(checkpoint[3]) then redis.call('HDEL', KEYS[1], 'ahead', 'attempt') end
return 'applied'
