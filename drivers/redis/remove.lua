-- Takes entries off a stream as if they had never been there.
-- KEYS[1]: the stream. KEYS[2]: a name for a while. ARGV: the ids.
--
-- The newest of them may have raised the stream's top far beyond the next event's id. The top goes back to the newest entry that is left,
-- and with it every group that has gone beyond. Ids are compared as text: numbers of a script have 53 bits, ids have twice 64.

local function parts(id)
  local ms, seq = string.match(id, '^(%d+)-(%d+)$')
  return string.format('%20s', ms), string.format('%20s', seq)
end

local function after(a, b)
  local ams, aseq = parts(a)
  local bms, bseq = parts(b)
  return ams > bms or ams == bms and aseq > bseq
end

local function field(list, name)
  for i = 1, #list, 2 do
    if list[i] == name then return list[i + 1] end
  end
end

local key = KEYS[1]
if redis.call('EXISTS', key) == 0 then return 0 end
local removed = redis.call('XDEL', key, unpack(ARGV))

local info = redis.call('XINFO', 'STREAM', key)
local top = field(info, 'last-generated-id')
local raised = false
for _, id in ipairs(ARGV) do raised = raised or id == top end

-- Since 8.0 a stream does not go back behind an entry that was deleted. Then it is written anew, with what is left of it, and its groups are
-- made again. What was pending in them is what their owners read again from their cursors.
local function rewrite(newest)
  local groups = redis.call('XINFO', 'GROUPS', key)
  redis.call('DEL', KEYS[2])
  local from = '-'
  repeat
    local page = redis.call('XRANGE', key, from, '+', 'COUNT', 1000)
    for _, entry in ipairs(page) do redis.call('XADD', KEYS[2], entry[1], unpack(entry[2])) end
    if #page > 0 then from = '(' .. page[#page][1] end
  until #page == 0
  redis.call('DEL', key)
  if redis.call('EXISTS', KEYS[2]) == 1 then redis.call('RENAME', KEYS[2], key) end
  for _, group in ipairs(groups) do
    local id = field(group, 'last-delivered-id')
    if after(id, newest) then id = newest end
    redis.call('XGROUP', 'CREATE', key, field(group, 'name'), id, 'MKSTREAM')
  end
end

local newest = top
if raised then
  local last = redis.call('XREVRANGE', key, '+', '-', 'COUNT', 1)
  newest = last[1] and last[1][1] or '0-1'
  local added = field(info, 'entries-added') -- since 7.0, which computes lag from it, and none from deleted entries on
  local set
  if added then
    set = redis.pcall('XSETID', key, newest, 'ENTRIESADDED', added, 'MAXDELETEDID', '0-1')
  else
    set = redis.pcall('XSETID', key, newest)
  end
  if set.err then
    rewrite(newest)
    return removed
  end
end

for _, group in ipairs(redis.call('XINFO', 'GROUPS', key)) do
  local name = field(group, 'name')
  redis.call('XACK', key, name, unpack(ARGV))
  if raised and after(field(group, 'last-delivered-id'), newest) then
    redis.call('XGROUP', 'SETID', key, name, newest)
  end
end
return removed
