-- Begin a window: say how far parts of the model may be ahead of its position from now on, and name the attempt.
--
-- KEYS[1]  the checkpoint
-- ARGV     first and last position; a name for the attempt, never used before
--
-- Slices and calls that belong to an attempt are refused as soon as there is a later one: two projectors, or one that
-- was thought dead, cannot write into each other's window.
local first, last = tonumber(ARGV[1]), tonumber(ARGV[2])
local checkpoint = redis.call('HMGET', KEYS[1], 'position', 'fence', 'ahead')
local position = tonumber(checkpoint[1] or '0')

if checkpoint[2] then return 'fenced' end
if last <= position then return 'duplicate' end
if first ~= position + 1 then return 'gap' end

if last > tonumber(checkpoint[3] or '0') then redis.call('HSET', KEYS[1], 'ahead', ARGV[2]) end
redis.call('HSET', KEYS[1], 'attempt', ARGV[3])
return 'applied'
