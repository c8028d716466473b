-- Does all of a transaction, or nothing of it.
-- KEYS: the keys it touches. ARGV: the id of the commit, then steps of four: a word, the number of a key, and two values.
--
-- What can refuse is looked at first; only then anything is changed. An id that was seen before is refused: it is the same commit again.
-- Numbers of positions are below 2^53 here: ids of ours count events.

local steps = {}
for i = 2, #ARGV, 4 do steps[#steps + 1] = {ARGV[i], KEYS[tonumber(ARGV[i + 1])], ARGV[i + 2], ARGV[i + 3]} end

local function parts(id)
  local epoch, seq = string.match(id, '^(%d+)-(%d+)$')
  return tonumber(epoch), tonumber(seq)
end

local function top(stream)
  if redis.call('EXISTS', stream) == 0 then return 0, 0 end
  local info = redis.call('XINFO', 'STREAM', stream)
  for i = 1, #info, 2 do
    if info[i] == 'last-generated-id' then return parts(info[i + 1]) end
  end
end

local function head(heads, partition) return parts(redis.call('HGET', heads, partition) or '1-0') end

-- Another server than before may lack what that one had: who publishes has to begin a new epoch first.
local function moved()
  local server = string.match(redis.call('INFO', 'replication'), 'master_replid:(%x+)')
  return server ~= redis.call('HGET', KEYS[1], 'server')
end

if redis.call('EXISTS', KEYS[1] .. ':' .. ARGV[1]) == 1 then return {'again'} end
local heads, partition = nil, nil
for _, s in ipairs(steps) do
  local word, key, a, b = unpack(s)
  if word == 'is' and redis.call('HGET', key, a) ~= b then return {'conflict', key, a} end
  if word == 'none' and redis.call('HEXISTS', key, a) == 1 then return {'conflict', key, a} end
  if word == 'heads' then heads, partition = key, a end
  if word == 'stream' then
    if moved() then return {'moved'} end
    local epoch, seq = head(heads, partition)
    local e, n = top(key)
    if e > epoch or e == epoch and n > seq then return {'foreign', key} end
  end
end

local ids, stream = {'done'}, nil
for _, s in ipairs(steps) do
  local word, key, a, b = unpack(s)
  if word == 'set' then redis.call('HSET', key, a, b)
  elseif word == 'del' then redis.call('HDEL', key, a)
  elseif word == 'zadd' then redis.call('ZADD', key, a, b)
  elseif word == 'zrem' then redis.call('ZREM', key, a)
  elseif word == 'sadd' then redis.call('SADD', key, a)
  elseif word == 'trim' then redis.call('XTRIM', key, 'MINID', a)
  elseif word == 'add' then
    if redis.call('HEXISTS', key, a) == 0 then
      redis.call('HSET', key, a, string.format('%016.0f', redis.call('HINCRBY', KEYS[1], 'serial', 1)) .. b)
    end
  elseif word == 'timer' then
    redis.call('ZADD', key, a, string.format('%016.0f', redis.call('HINCRBY', KEYS[1], 'serial', 1)) .. b)
  elseif word == 'heads' then heads, partition = key, a
  elseif word == 'stream' then stream = key
  elseif word == 'publish' then
    local epoch, seq = head(heads, partition)
    local id = string.format('%.0f-%.0f', epoch, seq + 1)
    redis.call('XADD', stream, id, 'm', a, 'd', b)
    redis.call('HSET', heads, partition, id)
    ids[#ids + 1] = id
  end
end
redis.call('SET', KEYS[1] .. ':' .. ARGV[1], '', 'PX', 60000)
return ids
