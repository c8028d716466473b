-- What XINFO STREAM says of many streams, in one command.
-- KEYS: the streams, all of one shard. Of a stream that does not exist it says false.

local list = {}
for i, key in ipairs(KEYS) do
  if redis.call('EXISTS', key) == 0 then
    list[i] = false
  else
    list[i] = redis.call('XINFO', 'STREAM', key)
  end
end
return list
