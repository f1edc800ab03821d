-- Apply one batch to the risk model, or do nothing: checkpoint and counters move in this one call.
--
-- KEYS[1]  the checkpoint
-- ARGV     prefix of the model's keys; first and last position; recorded_at of the last event;
--          as MessagePack: {facts, layout, since when meetings count, nil for news}, see packing.py
--
-- What a batch changes is netted: each key is read when a fact first needs it, changed here fact by fact, and written
-- once, behind the last fact. So the same customer, payee or device costs once however often it pays, and a payment that is
-- concluded by the batch that began it is never written.
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

local facts, layout, met_since = unpack(cmsgpack.unpack(ARGV[5]))

local function text(number) return string.format('%.0f', number) end
local function sum(a, b) return math.min(a + b, layout.figure_max) end

-- Add two figures to the newest bucket of a ring, or begin the next one and drop what no window reaches any more.
-- A ring is a flat list {bucket, figure, figure, bucket, ...}, oldest first, in the model as MessagePack.
local function added(held, ring, at, one, two)
    local bucket, newest = math.floor(at / ring[2]), #held - 2
    if newest < 0 then return { bucket, one, two } end
    if newest > 0 and held[newest] >= bucket then
        held[newest + 1], held[newest + 2] = sum(held[newest + 1], one), sum(held[newest + 2], two)
        return held
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
    return kept
end

-- Which fields a fact needs of a hash, the position first.
local of_a_pair, of_a_step, of_a_subject = { 'position', 'first_at', 'last_at' }, {}, {}
local function names_of_step(step)
    local names = of_a_step[step]
    if not names then
        names = { 'position', step }
        of_a_step[step] = names
    end
    return names
end
local function names_of_subject(currency)
    local names = of_a_subject[currency]
    if not names then
        names = { 'position', 'first_at', 'last_at' }
        for _, ring in ipairs(layout.rings) do
            names[#names + 1] = ring[1]
            names[#names + 1] = currency .. ':' .. ring[1]
        end
        of_a_subject[currency] = names
    end
    return names
end

-- Every hash, set and payment that the batch is about, by key or id and in the order in which they were first needed.
local hashes, sets, payments = {}, {}, {}
local hashes_in_order, sets_in_order, payments_in_order = {}, {}, {}

-- A hash that counts facts, and its fields of these names as they were found. What the batch changes of it is kept in
-- the hash: `rings` by field, as lists; `first_at` and `last_at`; `steps` by field.
local function hash_of(key, names)
    local hash = hashes[key]
    if not hash then
        hash = { key = key, position = 0, is_changed = false, first_at = false, last_at = false, rings = {} }
        hashes[key] = hash
        hashes_in_order[#hashes_in_order + 1] = hash
    end
    local found = hash[names]
    if not found then
        found = redis.call('HMGET', key, unpack(names))
        hash[names], hash.position = found, math.max(hash.position, tonumber(found[1] or '0'))
    end
    return hash, found
end

local function has_counted(hash, fact)
    if hash.position >= fact.position then return true end
    hash.position, hash.is_changed = fact.position, true
    return false
end

-- Note a moment; behind a long pause, as if it were the first.
local function see(hash, found, at)
    local last_at = hash.last_at or tonumber(found[3] or '0')
    if not (hash.first_at or found[2]) or last_at < at - layout.memory_s then hash.first_at = at end
    hash.last_at = at
end

local function add(hash, field, packed, ring, at, one, two)
    local held = hash.rings[field]
    if not held then held = packed and cmsgpack.unpack(packed) or {} end
    hash.rings[field] = added(held, ring, at, one, two)
end

-- Count a payment (paid = 1) or a rejection (failed = 1) of one subject in every ring.
local function count(subject, id, payment, fact, paid, failed)
    if id == '' then return end
    local names = names_of_subject(payment.currency)
    local hash, found = hash_of(prefix .. subject .. ':' .. id, names)
    if has_counted(hash, fact) then return end
    local at, amount = fact.at, paid == 1 and math.min(payment.amount, layout.figure_max)
    for index, ring in ipairs(layout.rings) do
        local counts = 2 * index + 2
        add(hash, names[counts], found[counts], ring, at, paid, failed)
        if amount then add(hash, names[counts + 1], found[counts + 1], ring, at, amount, 0) end
    end
    if amount then see(hash, found, at) end
end

-- Remember that two were seen together within the last hours; at most layout.distinct_max of them.
local function meet(set, id, other, at)
    if id == '' or other == '' or (met_since and at < met_since) then return end
    local key = prefix .. set .. ':' .. id
    local met = sets[key]
    if not met then
        met = { key = key, members = {} }
        sets[key] = met
        sets_in_order[#sets_in_order + 1] = met
    end
    met.at, met.members[other] = at, at -- facts come in the order of time
end

-- Remember a completed payment of a pair.
local function know(kind, customer, other, fact)
    if other == '' then return end
    local hash, found = hash_of(prefix .. 'pair:' .. kind .. ':' .. customer .. '|' .. other, of_a_pair)
    if has_counted(hash, fact) then return end
    see(hash, found, fact.at)
end

local function learn_amount(payment, fact)
    local key, step = prefix .. 'typical:' .. payment.customer .. '|' .. payment.currency, payment.step
    local hash, found = hash_of(key, names_of_step(step))
    if has_counted(hash, fact) then return end
    hash.steps = hash.steps or {}
    hash.steps[step] = (hash.steps[step] or tonumber(found[2] or '0')) + 1
end

-- What an outcome needs to know of its payment; nil where nothing is known, or not any more.
local function payment_of(fact)
    local payment = payments[fact.id]
    if payment then return payment end
    local found = redis.call('HMGET', prefix .. 'payment:' .. fact.id,
        'customer', 'payee', 'device', 'currency', 'step', 'at')
    if not found[1] then return nil end
    return { customer = found[1], payee = found[2], device = found[3], currency = found[4], step = found[5],
        at = tonumber(found[6]) }
end

local function initiate(fact)
    local payment = fact.payment
    payment.id, payment.at = fact.id, fact.at
    payments[fact.id] = payment
    payments_in_order[#payments_in_order + 1] = payment
    count('customer', payment.customer, payment, fact, 1, 0)
    count('payee', payment.payee, payment, fact, 1, 0)
    count('device', payment.device, payment, fact, 1, 0)
    meet('payees', payment.customer, payment.payee, fact.at)
    meet('payers', payment.payee, payment.customer, fact.at)
    meet('users', payment.device, payment.customer, fact.at)
end

local concluded = {}
local function conclude(fact)
    local payment = payment_of(fact)
    if not payment or payment.at < fact.at - layout.payment_s then return end
    if fact.kind == 'settled' then
        learn_amount(payment, fact)
        know('payee', payment.customer, payment.payee, fact)
        know('device', payment.customer, payment.device, fact)
    else
        count('customer', payment.customer, payment, fact, 0, 1)
        count('payee', payment.payee, payment, fact, 0, 1)
        count('device', payment.device, payment, fact, 0, 1)
    end
    payment.is_concluded = true
    concluded[#concluded + 1] = prefix .. 'payment:' .. fact.id
end

for _, fact in ipairs(facts) do
    if fact.kind == 'initiated' then initiate(fact) else conclude(fact) end
end

local write, last_word = {}, 0 -- the words of one command after the other
local function say(word, value)
    write[last_word + 1], write[last_word + 2] = word, value
    last_word = last_word + 2
end

for _, hash in ipairs(hashes_in_order) do
    if hash.is_changed then
        last_word = 0
        say('position', text(hash.position))
        for field, held in pairs(hash.rings) do say(field, cmsgpack.pack(held)) end
        for step, payments_settled in pairs(hash.steps or {}) do say(step, text(payments_settled)) end
        if hash.first_at then say('first_at', text(hash.first_at)) end
        if hash.last_at then say('last_at', text(hash.last_at)) end
        redis.call('HSET', hash.key, unpack(write, 1, last_word))
        redis.call('EXPIRE', hash.key, layout.memory_s)
    end
end
for _, met in ipairs(sets_in_order) do
    last_word = 0
    for other, at in pairs(met.members) do say(at, other) end
    redis.call('ZADD', met.key, 'GT', unpack(write, 1, last_word))
    redis.call('ZREMRANGEBYSCORE', met.key, '-inf', met.at - layout.distinct_s)
    redis.call('ZREMRANGEBYRANK', met.key, 0, -layout.distinct_max - 1)
    redis.call('EXPIRE', met.key, layout.distinct_s)
end
for _, payment in ipairs(payments_in_order) do
    if not payment.is_concluded then
        local key = prefix .. 'payment:' .. payment.id
        redis.call('HSET', key, 'customer', payment.customer, 'payee', payment.payee, 'device', payment.device,
            'currency', payment.currency, 'step', payment.step, 'at', text(payment.at))
        redis.call('EXPIRE', key, layout.payment_s)
    end
end
-- Last: what comes again finds either the payment, or everything counted.
for index = 1, #concluded, 100 do redis.call('UNLINK', unpack(concluded, index, math.min(index + 99, #concluded))) end
redis.call('HSET', KEYS[1], 'position', ARGV[3], 'recorded_at', ARGV[4])
return 'applied'
