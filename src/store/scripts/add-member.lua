--[[
Adds a signal to the group of its repository, and reads the members of the group that it may be joined with: those that
share a fact with it or, transitively, with one of those, and the last ones that ended in the same environment, unless
all these were ended by a signal that has ended this member too, and cannot be joined with it: then they say nothing about
it. A post without such facts may report any of the last jobs that were first heard of there, whether they have ended or
not. If the group has expired since the key was joined, its deployment is found by its alias.

KEYS[1]    joinGroup
KEYS[2]    alias            of the key
KEYS[3]    packedNames      holds the id of that deployment if it is packed
ARGV[1]    the key
ARGV[2]    its facts (JSON)
ARGV[3]    seconds that the group is kept
ARGV[4]    the field of KEYS[3]
ARGV[5]    number of fields above which the whole group is read, so that the caller can delete some
Reply      fields and values of the group, and 'new' with the key if it was not in it; or nothing when that deployment is
           packed and must be unpacked first
]]
local LAST = 6
local MANY = 64

local group, packed = KEYS[1], KEYS[3]
local function read(fields)
  return #fields > 0 and redis.call('HMGET', group, unpack(fields)) or {}
end
local function placesOf(ties)
  local places = {}
  for i, tie in ipairs(ties) do places[i] = 't:' .. tie end
  return places
end

local field = 'm:' .. ARGV[1]
local facts = cjson.decode(ARGV[2])
local stored = redis.call('HGET', group, field)
if not stored and redis.call('HEXISTS', packed, ARGV[4]) == 1 then return {} end
local fresh = {}
for _, tie in ipairs(facts.ties) do fresh[tie] = true end
local ended = facts.endedBy
local isEndedAgain = false
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
    for signal in pairs(facts.endedBy) do isEndedAgain = isEndedAgain or not known.endedBy[signal] end
    for signal, at in pairs(known.endedBy) do facts.endedBy[signal] = math.min(at, facts.endedBy[signal] or at) end
  end
  if known.toMs then facts.toMs = math.max(facts.toMs, known.toMs) end
else
  facts.order = redis.call('HINCRBY', group, '#', 1)
end
local json = cjson.encode(facts)
local changed = {}
if json ~= stored then changed = { field, json } end
local function write(name, value)
  changed[#changed + 1] = name
  changed[#changed + 1] = value
end
local joined = not stored and redis.call('GET', KEYS[2])
if joined and joined ~= ARGV[1] then write('u:' .. ARGV[1], joined) end

local endedAt, begunAt = 'e:' .. (facts.environment or ''), 'b:' .. (facts.environment or '')
local places = placesOf(facts.ties)
places[#places + 1] = begunAt
places[#places + 1] = endedAt
local lists = read(places)
for i, names in ipairs(lists) do lists[i] = names and cjson.decode(names) or {} end
for i, tie in ipairs(facts.ties) do
  if fresh[tie] then
    local names = lists[i]
    if #names >= MANY then
      local values = read(names)
      names = {}
      for at, value in ipairs(values) do
        if value then names[#names + 1] = lists[i][at] end
      end
      lists[i] = names
    end
    names[#names + 1] = field
    write(places[i], cjson.encode(names))
  end
end
local last, begun = table.remove(lists), table.remove(lists)
local function append(name, names, entry)
  names[#names + 1] = entry
  if #names > LAST then table.remove(names, 1) end
  write(name, cjson.encode(names))
end
-- Of a member that ended: its field, and the signal that ended it, unless there are several. That is left out also where
-- the member may be joined with one that has nothing in common with it.
local function withSignal()
  local signal = next(facts.endedBy)
  local isOnly = next(facts.endedBy, signal) == nil
  local isTied = facts.commit or facts.pipeline or facts.jobId
  return isOnly and isTied and field .. '\n' .. signal or field
end
local function parted(entry)
  local name, signal = string.match(entry, '^(.*)\n([^\n]*)$')
  return name or entry, signal
end
if ended then
  append(endedAt, last, withSignal())
elseif isEndedAgain then
  for i, entry in ipairs(last) do
    if parted(entry) == field then last[i] = field end
  end
  write(endedAt, cjson.encode(last))
end
if not stored and facts.witness == 'job' then append(begunAt, begun, field) end
if #facts.ties == 0 then lists[1] = begun end
if #changed > 0 then redis.call('HSET', group, unpack(changed)) end
redis.call('EXPIRE', group, ARGV[3])
if redis.call('HLEN', group) > tonumber(ARGV[5]) then return redis.call('HGETALL', group) end

local reply, under = stored and { field, json } or { field, json, 'new', ARGV[1] }, { 'u:' .. ARGV[1], 'l:' .. ARGV[1] }
local seen, looked = { [field] = true }, {}
for _, tie in ipairs(facts.ties) do looked[tie] = true end
-- Adds the members in these lists.
local function add(found, onAdded)
  local names = {}
  for _, list in ipairs(found) do
    for _, name in ipairs(list) do
      if not seen[name] then
        seen[name] = true
        names[#names + 1] = name
      end
    end
  end
  for at, value in ipairs(read(names)) do
    if value then
      reply[#reply + 1] = names[at]
      reply[#reply + 1] = value
      under[#under + 1] = 'u:' .. string.sub(names[at], 3)
      under[#under + 1] = 'l:' .. string.sub(names[at], 3)
      if onAdded then onAdded(value) end
    end
  end
end
-- The same, and returns those of their facts that have not been searched for yet.
local function addTied(found)
  local ties = {}
  add(found, function(value)
    for _, tie in ipairs(cjson.decode(value).ties or {}) do
      if not looked[tie] then
        looked[tie] = true
        ties[#ties + 1] = tie
      end
    end
  end)
  return ties
end
local ties = addTied(lists)
while #ties > 0 do
  local found = {}
  for _, names in ipairs(read(placesOf(ties))) do found[#found + 1] = names and cjson.decode(names) or nil end
  ties = addTied(found)
end
local names, matters = {}, false
for i, entry in ipairs(last) do
  local name, signal = parted(entry)
  names[i] = name
  matters = matters or not signal or (facts.endedBy ~= nil and not facts.endedBy[signal])
end
if matters then add({ names }) end
for at, value in ipairs(read(under)) do
  if value then
    reply[#reply + 1] = under[at]
    reply[#reply + 1] = value
  end
end
return reply
