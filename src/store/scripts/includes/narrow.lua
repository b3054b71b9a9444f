-- What remains of names whose times (scores) are known: those in an index of each facet, and with all search words.
local function holds(terms, word)
  local from, to = string.find(terms, word.text, 1, true)
  while from and word.isWhole and string.find(terms, '^%d', to + 1) do
    from, to = string.find(terms, word.text, to + 1, true)
  end
  return from
end
local function holdsAll(terms, words)
  for _, word in ipairs(words) do
    if not holds(terms, word) then return false end
  end
  return true
end
-- The texts from a place on, each prefixed with `~`, or with `=` when no digit may follow.
local function wordsOf(texts, from)
  local words = {}
  for at = from, #texts do
    words[#words + 1] = { text = string.sub(texts[at], 2), isWhole = string.sub(texts[at], 1, 1) == '=' }
  end
  return words
end

-- Of names, those at the places that `fits` has are known to be in an index of the facet.
local function markSingles(names, times, index, fits)
  local newest, oldest = -math.huge, math.huge
  for _, time in ipairs(times) do newest, oldest = math.max(newest, time), math.min(oldest, time) end
  local count = redis.call('ZCOUNT', index, oldest, newest)
  if count > #names then
    for at, score in ipairs(redis.call('ZMSCORE', index, unpack(names))) do fits[at] = fits[at] or score and true end
  elseif count > 0 then
    -- Fewer than the names, as when most are packed.
    local singles = {}
    for _, name in ipairs(redis.call('ZRANGEBYSCORE', index, oldest, newest)) do singles[name] = true end
    for at, name in ipairs(names) do fits[at] = fits[at] or singles[name] end
  end
end
-- Reading all ids of a block takes as long as searching it for this many.
local MANY_OF_BLOCK = 10
local function markSome(names, from, to, block, fits)
  local ids = to - from >= MANY_OF_BLOCK and {}
  if ids then
    for _, id in ipairs(idsOf(block)) do ids[id] = true end
  end
  for at = from, to do
    if not fits[at] then fits[at] = ids and ids[names[at]] or not ids and holdsId(block, names[at]) and true end
  end
end
local function markPacked(names, times, blocks, fits)
  local at, count = 1, #names
  while at <= count do
    local block = not fits[at] and isPackedId(names[at]) and blockAround(blocks, times[at])
    local from = at
    if block then
      local oldest, newest = oldestOf(block), newestOf(block)
      while at < count and times[at + 1] >= oldest and times[at + 1] <= newest do at = at + 1 end
      markSome(names, from, at, block, fits)
    end
    at = at + 1
  end
end

-- A group holds the indexes of a facet, each with the key of its blocks, if there are any.
local function inGroup(names, times, group)
  local fits, kept, keptTimes = {}, {}, {}
  for _, index in ipairs(#names > 0 and group or {}) do
    markSingles(names, times, index.key, fits)
    if index.blocks then markPacked(names, times, index.blocks, fits) end
  end
  for at, name in ipairs(names) do
    if fits[at] then kept[#kept + 1], keptTimes[#keptTimes + 1] = name, times[at] end
  end
  return kept, keptTimes
end
-- Of keys that alternate with those of their blocks; the sizes begin with the number of indexes of each facet.
local function groupsOf(keys, sizes, facets)
  local groups, at = {}, 1
  for i = 1, facets do
    groups[i] = {}
    for _ = 1, tonumber(sizes[i]) do
      local blocks = keys[at + 1]
      table.insert(groups[i], { key = keys[at], blocks = redis.call('ZCARD', blocks) > 0 and blocks })
      at = at + 2
    end
  end
  return groups
end
