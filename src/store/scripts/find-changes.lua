--[[
One step of a search through the change log, newest first: goes through the deployments of one facet, of which any value
may do, and finds those that have a value of each other facet and all words. A deployment has the same score in all its
indexes. The next step begins at the score of the last one, after those with that score that this one has seen: what is
recorded meanwhile moves nothing.

KEYS[1]    searchTerms
KEYS[2...] facet            the indexes that are gone through, then those of the other facets; changes is one
ARGV[1]    highest score
ARGV[2]    how many of that score were seen already
ARGV[3]    lowest score
ARGV[4]    how many are looked at
ARGV[5]    of how many facets there are indexes
ARGV[6...] of each facet how many there are, then the words that are wanted, each after `~`, or after `=` when no digit
           may follow
Reply      how many were looked at; the score of the last, or nothing where none is left; how many of that score were
           seen; the names that fit, each after `+`, or after `?` when its terms are not known
]]
local highest, lowest, limit = ARGV[1], ARGV[3], tonumber(ARGV[4])
local facets, drivers = tonumber(ARGV[5]), tonumber(ARGV[6])
local indexes = { unpack(KEYS, 2) }
local skip = tonumber(ARGV[2])
-- Of one index, Redis passes by what was seen; of several, only their union tells.
local passed, left = drivers == 1 and skip or 0, drivers == 1 and 0 or skip

-- Moves on to the next of an index; false where none is left.
local function advance(list)
  list.at = list.at + 2
  if list.at > #list.rows and list.hasMore then
    list.rows = redis.call(
      'ZREVRANGEBYSCORE', list.key, highest, lowest, 'WITHSCORES', 'LIMIT', list.passed, list.size)
    list.passed, list.at, list.hasMore = list.passed + #list.rows / 2, 1, #list.rows == 2 * list.size
    list.size = math.min(limit, 2 * list.size)
  end
  list.name, list.scoreText = list.rows[list.at], list.rows[list.at + 1]
  list.score = list.name and tonumber(list.scoreText)
  return list.name
end
local function isBefore(one, other)
  return one.score > other.score or (one.score == other.score and one.name > other.name)
end

-- A binary heap of the indexes: the one whose next is the newest is the first.
local heap = {}
local function sift(at)
  while heap[2 * at] do
    local child = 2 * at
    if heap[child + 1] and isBefore(heap[child + 1], heap[child]) then child = child + 1 end
    if not isBefore(heap[child], heap[at]) then return end
    heap[at], heap[child] = heap[child], heap[at]
    at = child
  end
end
local chunk = math.max(8, math.ceil(limit / drivers))
for i = 1, drivers do
  local list = { key = indexes[i], passed = passed, size = chunk, rows = {}, at = 1, hasMore = true }
  if advance(list) then heap[#heap + 1] = list end
end
for at = math.floor(#heap / 2), 1, -1 do sift(at) end

local names, seen, last, ofLast = {}, {}, highest, skip
while #names < limit and heap[1] do
  local list = heap[1]
  local name, score = list.name, list.scoreText
  if not advance(list) then
    heap[1] = heap[#heap]
    heap[#heap] = nil
  end
  if heap[2] then sift(1) end
  if not seen[name] then
    seen[name] = true
    if left > 0 then
      left = left - 1
    else
      names[#names + 1] = name
      if score == last then ofLast = ofLast + 1 else last, ofLast = score, 1 end
    end
  end
end
local looked, isLast = #names, #names < limit

local index = drivers
for facet = 2, facets do
  local fitting, open = {}, names
  for _ = 1, tonumber(ARGV[5 + facet]) do
    index = index + 1
    local rest = {}
    for at, score in ipairs(#open > 0 and redis.call('ZMSCORE', indexes[index], unpack(open)) or {}) do
      if score then fitting[open[at]] = true else rest[#rest + 1] = open[at] end
    end
    open = rest
  end
  local kept = {}
  for _, name in ipairs(names) do
    if fitting[name] then kept[#kept + 1] = name end
  end
  names = kept
end

local words, found = {}, {}
for i = 6 + facets, #ARGV do
  words[#words + 1] = { text = string.sub(ARGV[i], 2), isWhole = string.sub(ARGV[i], 1, 1) == '=' }
end
local function holds(terms, word)
  local from, to = string.find(terms, word.text, 1, true)
  while from and word.isWhole and string.find(terms, '^%d', to + 1) do
    from, to = string.find(terms, word.text, to + 1, true)
  end
  return from
end
local allTerms = #names > 0 and #words > 0 and redis.call('HMGET', KEYS[1], unpack(names))
for at, name in ipairs(names) do
  local terms, hasAll = not allTerms or allTerms[at], true
  if allTerms and terms then
    for _, word in ipairs(words) do hasAll = hasAll and holds(terms, word) end
  end
  if hasAll then found[#found + 1] = (terms and '+' or '?') .. name end
end
return { looked, isLast and '' or last, ofLast, found }
