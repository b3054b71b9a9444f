--[[
Finds where a record of a numbered deployment belongs. One JSON document holds what is known of an application:

- `baseline`: the highest number when it was first seen: what is not above it is the past, not lost.
- `entries`: {id, key, told: lost|open|done, at: when deployed, start, after}, by number. `lost` was read from the history.
- `starts`: {at, key, told: open|done|over, stop, id}: the deployments that were told, by their start. Times are epoch ms.

A tool runs one deployment of an application at a time: a number belongs to the last start before it was deployed.

KEYS[1]    history
ARGV[1]    the record: key, id, newest, told, recovered, start, at, after (JSON)
ARGV[2]    seconds that it is kept
Reply      the deployment's name, or nil when the record only repeats what was told
]]
local MAX_ENTRIES, MAX_STARTS = 100, 50
local ask = cjson.decode(ARGV[1])
local stored = redis.call('GET', KEYS[1])
local app = stored and cjson.decode(stored) or { baseline = ask.newest or -1, entries = {}, starts = {} }

local function find(list, field, value)
  for _, one in ipairs(list) do if one[field] == value then return one end end
end

local function insert(list, one, by)
  table.insert(list, one)
  table.sort(list, function(a, b) return a[by] < b[by] end)
  return one
end

-- No deployment started before this can be the number's: the one before was still under way.
local function floor(id, after)
  local low = after or 0
  for _, entry in ipairs(app.entries) do
    if entry.id < id and entry.at and entry.at > low then low = entry.at end
  end
  return low
end

local function isFree(start, at)
  if start.id or start.told == 'over' then return false end
  return start.told == 'open' or at <= start.stop
end

-- The last start before the number was deployed, if it can be the number's. Times may have whole seconds only, so that
-- a start at that very moment is the next one's, unless there is no other.
local function ownerOf(id, at, after)
  local low, last, tie = floor(id, after), nil, nil
  for _, start in ipairs(app.starts) do
    if start.at >= low and start.at < at then last = start end
    if start.at == at then tie = start end
  end
  if last then return isFree(last, at) and last or nil end
  return tie and isFree(tie, at) and tie or nil
end

-- The number, read from the history, that belongs to a start which is told only now.
local function unclaimedBy(startedAt)
  for _, entry in ipairs(app.entries) do
    if entry.at and entry.at >= startedAt then
      if entry.told ~= 'lost' or entry.start or find(app.starts, 'id', entry.id) then return nil end
      if startedAt < floor(entry.id, entry.after) then return nil end
      for _, start in ipairs(app.starts) do
        if start.at > startedAt and start.at <= entry.at then return nil end
      end
      return entry
    end
  end
end

local function isSame(entry)
  if not ask.start then return entry.key == ask.key end
  if entry.start then return entry.start == ask.start end
  return not entry.at or ask.start <= entry.at
end

local function note(start, entry, name)
  if not start then start = insert(app.starts, { at = ask.start, key = name, told = 'open' }, 'at') end
  start.key = name
  start.id = entry and entry.id or start.id
  if ask.told ~= 'open' then
    start.told = ask.told
    start.stop = ask.at
  end
end

local function told()
  local start = ask.start and find(app.starts, 'at', ask.start)
  local entry = ask.id and find(app.entries, 'id', ask.id)
  local name = start and start.key or ask.key
  if entry and not isSame(entry) then entry.key, entry.start, entry.at = nil, nil, nil end
  if ask.told == 'over' and start and start.id then start.id, name = nil, ask.key end
  if ask.told == 'open' and not ask.id and not start and ask.start then entry = unclaimedBy(ask.start) end
  if entry and entry.key then name = entry.key end
  if ask.id then
    entry = entry or insert(app.entries, { id = ask.id, told = 'open' }, 'id')
    entry.key, entry.start, entry.at = name, ask.start, entry.at or ask.at
    if ask.told ~= 'open' then entry.told = 'done' end
  end
  if ask.start then note(start, entry or nil, name) end
  return name
end

local function recovered()
  local entry = find(app.entries, 'id', ask.id)
  if entry then return entry.told ~= 'done' and entry.key or nil end
  local owner
  if ask.start then owner = find(app.starts, 'at', ask.start) else owner = ownerOf(ask.id, ask.at, ask.after) end
  if not owner and ask.id <= app.baseline then return nil end
  local isTold = owner and owner.told == 'done'
  entry = { id = ask.id, key = owner and owner.key or ask.key, told = isTold and 'done' or 'lost' }
  entry.at, entry.start, entry.after = ask.at, ask.start, ask.after
  insert(app.entries, entry, 'id')
  if owner then owner.id = ask.id end
  return not isTold and entry.key or nil
end

local name
if ask.recovered then name = recovered() else name = told() end
while #app.entries > MAX_ENTRIES do app.baseline = math.max(app.baseline, table.remove(app.entries, 1).id) end
while #app.starts > MAX_STARTS do table.remove(app.starts, 1) end
redis.call('SET', KEYS[1], cjson.encode(app), 'EX', ARGV[2])
return name or false
