-- The raw figures about one payment, in one atomic call: everything is as of one position of the book.
-- KEYS[1] the checkpoint; ARGV: prefix; now in seconds; customer, payee, device ('' for none), currency; the layout as
-- MessagePack, see reading.py. Only reads.
-- Returns {position, recorded_at, fence or false, figures}; the figures stand in the order of `Figures` in features.py.
local prefix, now = ARGV[1], tonumber(ARGV[2])
local customer, payee, device, currency = ARGV[3], ARGV[4], ARGV[5], ARGV[6]
local layout = cmsgpack.unpack(ARGV[7])
local figures = {}

local function add(figure) figures[#figures + 1] = figure end

-- Sum a ring over the windows that count it: {bucket, figure, figure, bucket, ...}, oldest first.
local function sums(packed, number, ones, twos)
    if not packed then return end
    local held, now_bucket = cmsgpack.unpack(packed), math.floor(now / layout.rings[number][2])
    for index, window in ipairs(layout.windows) do
        if window[2] + 1 == number then
            local one, two = 0, 0
            for at = 1, #held, 3 do
                if now_bucket - held[at] <= window[3] then
                    one = math.min(one + held[at + 1], layout.figure_max)
                    two = math.min(two + held[at + 2], layout.figure_max)
                end
            end
            ones[index], twos[index] = one, two
        end
    end
end

local function subject(kind, id)
    local fields = { 'first_at', 'last_at' }
    for _, ring in ipairs(layout.rings) do
        fields[#fields + 1] = ring[1]
        fields[#fields + 1] = currency .. ':' .. ring[1]
    end
    local found = redis.call('HMGET', prefix .. kind .. ':' .. id, unpack(fields))
    local counts, failures, amounts, nothing = {}, {}, {}, {}
    for number = 1, #layout.rings do
        sums(found[2 * number + 1], number, counts, failures)
        sums(found[2 * number + 2], number, amounts, nothing)
    end
    for index = 1, #layout.windows do
        add(counts[index] or 0)
        add(failures[index] or 0)
        add(amounts[index] or 0)
    end
    add(tonumber(found[1] or '0'))
    add(tonumber(found[2] or '0'))
end

local function pair(kind, other)
    local found = redis.call('HMGET', prefix .. 'pair:' .. kind .. ':' .. customer .. '|' .. other, 'first_at', 'last_at')
    add(tonumber(found[1] or '0'))
    add(tonumber(found[2] or '0'))
end

-- How many were met within the window, and 1 when this one is among them.
local function met(set, id, other)
    local key, floor = prefix .. set .. ':' .. id, now - layout.distinct_s
    local seen = redis.call('ZSCORE', key, other)
    add(redis.call('ZCOUNT', key, '(' .. string.format('%.0f', floor), '+inf'))
    add((seen and tonumber(seen) > floor) and 1 or 0)
end

-- How many settled payments, and the step of the ladder on which the median stands.
local function typical()
    local found = redis.call('HGETALL', prefix .. 'typical:' .. customer .. '|' .. currency)
    local steps, payments = {}, 0
    for index = 1, #found, 2 do
        if found[index] ~= 'position' then
            steps[#steps + 1] = { tonumber(found[index]), tonumber(found[index + 1]) }
            payments = payments + tonumber(found[index + 1])
        end
    end
    table.sort(steps, function(a, b) return a[1] < b[1] end)
    local median, behind = 0, 0
    for _, step in ipairs(steps) do
        behind = behind + step[2]
        if behind * 2 >= payments then median = step[1] break end
    end
    add(payments)
    add(median)
end

subject('customer', customer)
subject('payee', payee)
subject('device', device)
pair('payee', payee)
pair('device', device)
met('payees', customer, payee)
met('payers', payee, customer)
met('users', device, customer)
typical()

local checkpoint = redis.call('HMGET', KEYS[1], 'position', 'recorded_at', 'fence')
return { checkpoint[1] or '0', checkpoint[2] or '', checkpoint[3], figures }
