--[[
One step of a search through the change log, newest first: scans the deployments that have any of the wanted values of
one facet, and returns those that also have a wanted value of each other facet and all search words. A deployment has
the same score in all its indexes. The next step continues at the score of the last deployment and skips those that this
step has seen with that score, so that deployments recorded meanwhile do not shift the position.

KEYS[1]    searchTerms
KEYS[2...] facet            the indexes to scan, then those of the other facets, each followed by its packedIndex;
           changes is one
ARGV[1]    highest score
ARGV[2]    number of deployments with that score that were already seen
ARGV[3]    lowest score
ARGV[4]    maximum number of deployments to scan
ARGV[5]    1 when the scores of those that match are wanted
ARGV[6]    number of facets
ARGV[7...] the number of indexes of each facet, then the search words, each prefixed with `~`, or with `=` when no digit
           may follow
Reply      the number scanned; the score of the last, or nothing at the end; the number seen with that score; the names
           that match, each prefixed with `+`, or with `?` when its search terms are not stored; their scores or nothing
]]
-- @include index-blocks
-- @include narrow
local highest, lowest, limit, facets = ARGV[1], ARGV[3], tonumber(ARGV[4]), tonumber(ARGV[6])
local asked = { unpack(ARGV, 7) }
local groups = groupsOf({ unpack(KEYS, 2) }, asked, facets)
local drivers = groups[1]
local skip = tonumber(ARGV[2])

local function fillFromIndex(list)
  list.rows = redis.call('ZREVRANGEBYSCORE', list.key, highest, lowest, 'WITHSCORES', 'LIMIT', list.passed, list.size)
  list.passed, list.hasMore = list.passed + #list.rows / 2, #list.rows == 2 * list.size
  list.size = math.min(limit, 2 * list.size)
end
local highestMs = highest == '+inf' and math.huge or tonumber(highest)
local lowestMs = lowest == '-inf' and -math.huge or tonumber(lowest)
local function fillFromBlock(list)
  repeat
    local block, rows = blockAt(list.key, list.passed), {}
    list.rows, list.passed, list.hasMore = rows, list.passed + 1, false
    if not block then return end
    local scores = scoresOf(block)
    for i, id in ipairs(idsOf(block)) do
      if scores[i] < lowestMs then return end
      if scores[i] <= highestMs then
        rows[#rows + 1] = id
        rows[#rows + 1] = scores[i]
      end
    end
    list.hasMore = true
  until #rows > 0
end
-- Advances to the next entry of an index; false at its end.
local function advance(list)
  list.at = list.at + 2
  if list.at > #list.rows and list.hasMore then
    list.fill(list)
    list.at = 1
  end
  list.name, list.score = list.rows[list.at], tonumber(list.rows[list.at + 1] or 0)
  return list.name
end
local function isBefore(one, other)
  return one.score > other.score or (one.score == other.score and one.name > other.name)
end

-- A binary heap of the indexes; the one with the newest next entry is first.
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
local function addList(list)
  list.rows, list.at, list.hasMore = {}, 1, true
  if advance(list) then heap[#heap + 1] = list end
end
-- In a single sorted set, Redis can skip the entries already seen; in several, they must be skipped in the union.
local isOne = #drivers == 1 and not drivers[1].blocks
local passed, left = isOne and skip or 0, isOne and 0 or skip
local chunk = math.max(8, math.ceil(limit / #drivers))
for _, index in ipairs(drivers) do
  addList({ key = index.key, fill = fillFromIndex, passed = passed, size = chunk })
  local blocks = index.blocks
  -- The oldest block that begins after the range may extend into it.
  local later = blocks and highest ~= '+inf' and redis.call('ZCOUNT', blocks, '(' .. highest, '+inf') or 0
  if blocks then addList({ key = blocks, fill = fillFromBlock, passed = math.max(0, later - 1) }) end
end
for at = math.floor(#heap / 2), 1, -1 do sift(at) end

local names, seen, scores, last, ofLast = {}, {}, {}, highestMs, skip
while #names < limit and heap[1] do
  local list = heap[1]
  local name, score = list.name, list.score
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
      scores[name] = score
      if score == last then ofLast = ofLast + 1 else last, ofLast = score, 1 end
    end
  end
end
local looked, isLast = #names, #names < limit

for facet = 2, facets do names = inGroup(names, scores, groups[facet]) end

local words, found, foundAt = wordsOf(asked, facets + 1), {}, {}
local allTerms = #names > 0 and #words > 0 and redis.call('HMGET', KEYS[1], unpack(names))
for at, name in ipairs(names) do
  local terms = not allTerms or allTerms[at]
  if not allTerms or not terms or holdsAll(terms, words) then
    found[#found + 1] = (terms and '+' or '?') .. name
    if ARGV[5] == '1' then foundAt[#found] = string.format('%.17g', scores[name]) end
  end
end
return { looked, isLast and '' or string.format('%.17g', last), ofLast, found, foundAt }
