--[[
Adds what one more signal reports its key to the group of its repository, and reads the whole group. The first signal of
a key that was joined before its group was forgotten finds its deployment by its alias.

KEYS[1]    joinGroup
KEYS[2]    alias            of the key
KEYS[3]    packedNames      where it would be noted that the deployment of that alias is packed
ARGV[1]    the key
ARGV[2]    its facts (JSON)
ARGV[3]    seconds that the group is kept
ARGV[4]    the field of KEYS[3]
Reply      fields and values of the group, or nothing when that deployment is packed: it is unpacked first
]]
local field = 'm:' .. ARGV[1]
local facts = cjson.decode(ARGV[2])
local stored = redis.call('HGET', KEYS[1], field)
if not stored and redis.call('HEXISTS', KEYS[3], ARGV[4]) == 1 then return {} end
if stored then
  local known = cjson.decode(stored)
  for name, value in pairs(known) do
    if facts[name] == nil then facts[name] = value end
  end
  facts.fromMs = math.min(facts.fromMs, known.fromMs)
  if known.endedBy then
    facts.endedBy = facts.endedBy or {}
    for signal, at in pairs(known.endedBy) do facts.endedBy[signal] = math.min(at, facts.endedBy[signal] or at) end
  end
  if known.toMs then facts.toMs = math.max(facts.toMs, known.toMs) end
else
  facts.order = redis.call('HINCRBY', KEYS[1], '#', 1)
  local joined = redis.call('GET', KEYS[2])
  if joined and joined ~= ARGV[1] then redis.call('HSET', KEYS[1], 'u:' .. ARGV[1], joined) end
end
local json = cjson.encode(facts)
if json ~= stored then redis.call('HSET', KEYS[1], field, json) end
redis.call('EXPIRE', KEYS[1], ARGV[3])
return redis.call('HGETALL', KEYS[1])
