-- Reads a piece of a stream together with what is known about it, in one state.
-- KEYS: heads, floors, epochs, the stream. ARGV: the partition, the position after which to read, how many.

local entries = {}
if tonumber(ARGV[3]) > 0 then
  entries = redis.call('XRANGE', KEYS[4], '(' .. ARGV[2], redis.call('HGET', KEYS[1], ARGV[1]) or '1-0', 'COUNT', ARGV[3])
end
return {
  redis.call('HGET', KEYS[1], ARGV[1]) or '1-0', redis.call('HGET', KEYS[2], ARGV[1]) or '1-0',
  redis.call('HGET', KEYS[3], ARGV[1]) or '', entries,
}
