--[[
Adds what one more signal reports its key to the group of its repository, and reads those of the group that it may be
joined with: whoever has something in common with it, or with one of those, and so on; besides, the last that ended in
the same environment. The first signal of a key that was joined before its group was forgotten finds its deployment by
its alias.

KEYS[1]    joinGroup
KEYS[2]    alias            of the key
KEYS[3]    packedNames      where it would be noted that the deployment of that alias is packed
ARGV[1]    the key
ARGV[2]    its facts (JSON)
ARGV[3]    seconds that the group is kept
ARGV[4]    the field of KEYS[3]
ARGV[5]    fields that the group has at most before all of it is read, to forget some
Reply      fields and values of the group, or nothing when that deployment is packed: it is unpacked first
]]
local ENDED = 6
local MANY = 64

local group = KEYS[1]
local field = 'm:' .. ARGV[1]
local facts = cjson.decode(ARGV[2])
local stored = redis.call('HGET', group, field)
if not stored and redis.call('HEXISTS', KEYS[3], ARGV[4]) == 1 then return {} end

local function namesIn(place)
  local names = redis.call('HGET', group, place)
  return names and cjson.decode(names) or {}
end

local fresh = {}
for _, tie in ipairs(facts.ties) do fresh[tie] = true end
local ended = facts.endedBy
if stored then
  local known = cjson.decode(stored)
  for _, tie in ipairs(known.ties or {}) do
    if fresh[tie] then fresh[tie] = nil else facts.ties[#facts.ties + 1] = tie end
  end
  for name, value in pairs(known) do
    if facts[name] == nil then facts[name] = value end
  end
  facts.fromMs = math.min(facts.fromMs, known.fromMs)
  if known.endedBy then
    ended = nil
    facts.endedBy = facts.endedBy or {}
    for signal, at in pairs(known.endedBy) do facts.endedBy[signal] = math.min(at, facts.endedBy[signal] or at) end
  end
  if known.toMs then facts.toMs = math.max(facts.toMs, known.toMs) end
else
  facts.order = redis.call('HINCRBY', group, '#', 1)
  local joined = redis.call('GET', KEYS[2])
  if joined and joined ~= ARGV[1] then redis.call('HSET', group, 'u:' .. ARGV[1], joined) end
end
local json = cjson.encode(facts)
if json ~= stored then redis.call('HSET', group, field, json) end
redis.call('EXPIRE', group, ARGV[3])

for tie in pairs(fresh) do
  local names = namesIn('t:' .. tie)
  if #names >= MANY then
    local kept = {}
    for _, name in ipairs(names) do
      if redis.call('HEXISTS', group, name) == 1 then kept[#kept + 1] = name end
    end
    names = kept
  end
  names[#names + 1] = field
  redis.call('HSET', group, 't:' .. tie, cjson.encode(names))
end
local place = 'e:' .. (facts.environment or '')
local last = namesIn(place)
if ended then
  last[#last + 1] = field
  if #last > ENDED then table.remove(last, 1) end
  redis.call('HSET', group, place, cjson.encode(last))
end
if redis.call('HLEN', group) > tonumber(ARGV[5]) then return redis.call('HGETALL', group) end

local reply = {}
local seen = {}
local function add(name, value)
  seen[name] = true
  reply[#reply + 1] = name
  reply[#reply + 1] = value
  local under = 'u:' .. string.sub(name, 3)
  local joined = redis.call('HGET', group, under)
  if joined then
    reply[#reply + 1] = under
    reply[#reply + 1] = joined
  end
end
local open = { facts.ties }
local looked = {}
add(field, json)
while #open > 0 do
  for _, tie in ipairs(table.remove(open)) do
    if not looked[tie] then
      looked[tie] = true
      for _, name in ipairs(namesIn('t:' .. tie)) do
        local value = not seen[name] and redis.call('HGET', group, name)
        if value then
          add(name, value)
          open[#open + 1] = cjson.decode(value).ties or {}
        end
      end
    end
  end
end
for _, name in ipairs(last) do
  local value = not seen[name] and redis.call('HGET', group, name)
  if value then add(name, value) end
end
return reply
