-- Apply one batch to the risk model, or do nothing: checkpoint and counters move in this one call.
--
-- KEYS[1]  the checkpoint
-- ARGV     prefix of the model's keys; first and last position; recorded_at of the last event;
--          as MessagePack: {facts, layout}, see target.py
--
-- A script that fails half-way is not rolled back. Every hash that is added to therefore carries the position of the
-- last fact it counted, in the same HSET as the counters, and skips what it has: the batch can be applied again.
-- Figures stop at layout.figure_max = 2^52, so that adding two of them is exact in a double.
local prefix, first, last = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3])
local checkpoint = redis.call('HMGET', KEYS[1], 'position', 'fence')
local position = tonumber(checkpoint[1] or '0')

if checkpoint[2] then return 'fenced' end
if last <= position then return 'duplicate' end
if first ~= position + 1 then return 'gap' end

local facts, layout = unpack(cmsgpack.unpack(ARGV[5]))

local function text(number) return string.format('%.0f', number) end
local function sum(a, b) return math.min(a + b, layout.figure_max) end

-- Add two figures to the newest bucket of a ring, or begin the next one and drop what no window reaches any more.
-- A ring is a flat list {bucket, figure, figure, bucket, ...}, oldest first, as MessagePack.
local function added(packed, ring, at, one, two)
    local held, bucket = packed and cmsgpack.unpack(packed) or {}, math.floor(at / ring[2])
    local newest = #held - 2
    if newest > 0 and held[newest] >= bucket then
        held[newest + 1], held[newest + 2] = sum(held[newest + 1], one), sum(held[newest + 2], two)
        return cmsgpack.pack(held)
    end
    local kept = {}
    for index = 1, #held, 3 do
        if held[index] > bucket - ring[3] then
            local next = #kept
            kept[next + 1], kept[next + 2], kept[next + 3] = held[index], held[index + 1], held[index + 2]
        end
    end
    local next = #kept
    kept[next + 1], kept[next + 2], kept[next + 3] = bucket, one, two
    return cmsgpack.pack(kept)
end

-- Count a payment (paid = 1) or a rejection (failed = 1) of one subject in every ring.
local function count(subject, id, payment, fact, paid, failed)
    if id == '' then return end
    local key = prefix .. subject .. ':' .. id
    local fields = { 'position', 'first_at', 'last_at' }
    for _, ring in ipairs(layout.rings) do
        fields[#fields + 1] = ring[1]
        fields[#fields + 1] = payment.currency .. ':' .. ring[1]
    end
    local found = redis.call('HMGET', key, unpack(fields))
    if tonumber(found[1] or '0') >= fact.position then return end
    local write = { 'position', text(fact.position) }
    for index, ring in ipairs(layout.rings) do
        local counts, amounts = 2 * index + 2, 2 * index + 3
        write[#write + 1] = fields[counts]
        write[#write + 1] = added(found[counts], ring, fact.at, paid, failed)
        if paid == 1 then
            write[#write + 1] = fields[amounts]
            write[#write + 1] = added(found[amounts], ring, fact.at, math.min(payment.amount, layout.figure_max), 0)
        end
    end
    if paid == 1 then
        if not found[2] or tonumber(found[3]) < fact.at - layout.memory_s then
            write[#write + 1] = 'first_at'
            write[#write + 1] = text(fact.at)
        end
        write[#write + 1] = 'last_at'
        write[#write + 1] = text(fact.at)
    end
    redis.call('HSET', key, unpack(write))
    redis.call('EXPIRE', key, layout.memory_s)
end

-- Remember that two were seen together within the last hours; at most layout.distinct_max of them.
local function meet(set, id, other, at)
    if id == '' or other == '' then return end
    local key = prefix .. set .. ':' .. id
    redis.call('ZADD', key, 'GT', at, other)
    redis.call('ZREMRANGEBYSCORE', key, '-inf', at - layout.distinct_s)
    redis.call('ZREMRANGEBYRANK', key, 0, -layout.distinct_max - 1)
    redis.call('EXPIRE', key, layout.distinct_s)
end

-- Remember a completed payment of a pair.
local function know(kind, customer, other, fact)
    if other == '' then return end
    local key = prefix .. 'pair:' .. kind .. ':' .. customer .. '|' .. other
    local found = redis.call('HMGET', key, 'position', 'first_at', 'last_at')
    if tonumber(found[1] or '0') >= fact.position then return end
    local first_at = found[2]
    if not first_at or tonumber(found[3]) < fact.at - layout.memory_s then first_at = text(fact.at) end
    redis.call('HSET', key, 'position', text(fact.position), 'first_at', first_at, 'last_at', text(fact.at))
    redis.call('EXPIRE', key, layout.memory_s)
end

local function learn_amount(payment, fact)
    local key = prefix .. 'typical:' .. payment.customer .. '|' .. payment.currency
    local found = redis.call('HMGET', key, 'position', payment.step)
    if tonumber(found[1] or '0') >= fact.position then return end
    redis.call('HSET', key, 'position', text(fact.position), payment.step, text(tonumber(found[2] or '0') + 1))
    redis.call('EXPIRE', key, layout.memory_s)
end

local function initiate(fact)
    local payment = fact.payment
    redis.call('HSET', prefix .. 'payment:' .. fact.id, 'customer', payment.customer, 'payee', payment.payee,
        'device', payment.device, 'currency', payment.currency, 'step', payment.step, 'at', text(fact.at))
    redis.call('EXPIRE', prefix .. 'payment:' .. fact.id, layout.payment_s)
    count('customer', payment.customer, payment, fact, 1, 0)
    count('payee', payment.payee, payment, fact, 1, 0)
    count('device', payment.device, payment, fact, 1, 0)
    meet('payees', payment.customer, payment.payee, fact.at)
    meet('payers', payment.payee, payment.customer, fact.at)
    meet('users', payment.device, payment.customer, fact.at)
end

local function conclude(fact)
    local key = prefix .. 'payment:' .. fact.id
    local found = redis.call('HMGET', key, 'customer', 'payee', 'device', 'currency', 'step', 'at')
    if not found[1] or tonumber(found[6]) < fact.at - layout.payment_s then return end
    local payment = { customer = found[1], payee = found[2], device = found[3], currency = found[4], step = found[5] }
    if fact.kind == 'settled' then
        learn_amount(payment, fact)
        know('payee', payment.customer, payment.payee, fact)
        know('device', payment.customer, payment.device, fact)
    else
        count('customer', payment.customer, payment, fact, 0, 1)
        count('payee', payment.payee, payment, fact, 0, 1)
        count('device', payment.device, payment, fact, 0, 1)
    end
    redis.call('UNLINK', key) -- last: what comes again finds either the payment, or everything counted
end

for _, fact in ipairs(facts) do
    if fact.kind == 'initiated' then initiate(fact) else conclude(fact) end
end
redis.call('HSET', KEYS[1], 'position', ARGV[3], 'recorded_at', ARGV[4])
return 'applied'
