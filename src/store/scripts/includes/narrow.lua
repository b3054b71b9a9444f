-- What remains of names whose scores are known: those in an index of each facet, and with all search words.
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

-- Reading all ids of a block takes as long as searching it for this many.
local MANY_OF_BLOCK = 10
local function readIds(block)
  local known = {}
  for _, id in ipairs(idsOf(block)) do known[id] = true end
  return known
end
-- The names that are in no block of an index.
local function withoutPacked(open, blocks, scores, fitting)
  local rest, block, oldest, newest, known, searched = {}, nil, math.huge, -math.huge, nil, 0
  for _, name in ipairs(open) do
    local score, isPacked = scores[name], isPackedId(name)
    if isPacked and (score < oldest or score > newest) then
      block, known, searched = blockAround(blocks, score), nil, 0
      if block then oldest, newest = oldestOf(block), newestOf(block) end
    end
    searched = searched + 1
    if isPacked and block and searched == MANY_OF_BLOCK then known = readIds(block) end
    local isIn = isPacked and block
    if isIn and known then isIn = known[name] elseif isIn then isIn = holdsId(block, name) end
    if isIn then
      fitting[name] = true
    else
      rest[#rest + 1] = name
    end
  end
  return rest
end

-- A group holds the indexes of a facet, each with the key of its blocks, if there are any.
local function inGroup(names, scores, group)
  local fitting, open = {}, names
  for _, index in ipairs(group) do
    local rest = {}
    for at, score in ipairs(#open > 0 and redis.call('ZMSCORE', index.key, unpack(open)) or {}) do
      if score then fitting[open[at]] = true else rest[#rest + 1] = open[at] end
    end
    if index.blocks and #rest > 0 then rest = withoutPacked(rest, index.blocks, scores, fitting) end
    open = rest
  end
  local kept = {}
  for _, name in ipairs(names) do
    if fitting[name] then kept[#kept + 1] = name end
  end
  return kept
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
